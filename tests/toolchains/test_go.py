import os
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck, UsageError
from seatrial.store import Store
from seatrial.toolchains.go import find_go


def _script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def _goroot(root: Path, version: str = "go1.99.1", says: str = "go1.99.1") -> Path:
    """A GOROOT whose go prints its environment for `go show` and a version for everything else."""
    _script(root / "bin" / "go", f'if [ "$1" = show ]; then env; else echo {says}; fi')
    (root / "VERSION").write_text(f"{version}\ntime 2026-01-01T00:00:00Z\n")
    return root


@pytest.mark.go
def test_the_package_beside_seatrial_is_the_default(tmp_path: Path) -> None:
    go = find_go(store=Store(tmp_path))
    assert go.version.startswith("go1.")
    assert Path(go.binary).is_absolute() and Path(go.root, "src", "runtime").is_dir()
    assert go == find_go(), "a digest does not depend on the store"


def test_a_goroot_a_command_and_a_name_on_path_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _goroot(tmp_path / "root")
    monkeypatch.setenv("PATH", f"{root}/bin:{os.environ['PATH']}")
    assert find_go(str(root)) == find_go(str(root / "bin" / "go")) == find_go("go")
    assert find_go("go").version == "go1.99.1"


def test_a_launcher_in_front_of_go_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _goroot(tmp_path / "root")
    launcher = _script(tmp_path / "bin" / "go", f"echo asked >> {tmp_path}/asked; echo {root}")
    store = Store(tmp_path / "cache")
    assert find_go(str(launcher), store).root == str(root)
    assert find_go(str(launcher), store).root == str(root)
    assert (tmp_path / "asked").read_text() == "asked\n"
    monkeypatch.chdir(tmp_path)
    assert find_go("bin/go").root == str(root)


@pytest.mark.parametrize("kind", ["nothing there", "no bin/go", "not a go", "odd VERSION"])
def test_what_is_no_go_is_a_usage_error(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "go"
    if kind == "no bin/go":
        place.mkdir()
    elif kind == "not a go":
        _script(place, "echo some program; exit 3")
    elif kind == "odd VERSION":
        _goroot(place, version="1.99")
    with pytest.raises(UsageError, match=str(place)):
        find_go(str(place))


def test_a_go_that_is_not_what_it_says_or_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(CouldNotCheck, match=r"says that it is go1\.98"):
        find_go(str(_goroot(tmp_path / "a", says="go1.98")))
    root = _goroot(tmp_path / "b")
    (root / "bin" / "go").write_bytes(b"\x7fELF not really")
    with pytest.raises(CouldNotCheck, match="does not run here"):
        find_go(str(root))


def test_the_child_sees_the_scrubbed_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOROOT", "/wrong")
    monkeypatch.setenv("GOFLAGS", "-tags=wrong")
    go = find_go(str(_goroot(tmp_path)))
    seen = dict(line.split("=", 1) for line in go.run(["show"], {"GOOS": "plan9"}, 10).stdout.splitlines())
    assert "GOROOT" not in seen and "GOFLAGS" not in seen
    assert (seen["GOTOOLCHAIN"], seen["GOENV"], seen["GOOS"]) == ("local", "off", "plan9")


def test_another_compiler_is_another_digest(tmp_path: Path) -> None:
    root = _goroot(tmp_path)
    compiler = _script(root / "pkg" / "tool" / "linux_amd64" / "compile", "exit 1")
    first = find_go(str(root)).digest
    _script(compiler, "exit 2")
    assert find_go(str(root)).digest != first


@pytest.mark.go
def test_the_module_cache_is_the_one_go_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    go = find_go()
    for name, value in (("GOMODCACHE", "/somewhere/mod"), ("GOPATH", "/one:/two"), ("HOME", "/home/nobody")):
        monkeypatch.setenv(name, value)
        assert go.run(["env", "GOMODCACHE"], {}, 10).stdout.strip() == go.module_cache
        monkeypatch.delenv(name)

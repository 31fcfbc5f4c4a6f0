import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.build import build, plan, resolve
from seatrial.errors import CouldNotCheck, UsageError
from seatrial.model.platform import Platform
from seatrial.model.program import BuildJob, Built, ProgramKind
from seatrial.model.project import BuildSettings
from seatrial.store import Store
from seatrial.toolchains import GoToolchain

Named = Callable[[str], Platform]

GoMod = "module example.com/tool\n\ngo 1.24\n"


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[dict[str, dict[str, object]]], GoToolchain]:
    """A go whose `mod download -json X` gives the answer for X, and notes that it was asked."""

    def make(answers: dict[str, dict[str, object]]) -> GoToolchain:
        place = tmp_path / "answers"
        place.mkdir(exist_ok=True)
        for query, answer in answers.items():
            (place / query.replace("/", "_")).write_text(json.dumps(answer))
        go = tmp_path / "go"
        go.write_text(
            f'#!/bin/sh\necho "$4" >> {tmp_path}/asked\n'
            f'file={place}/$(echo "$4" | tr / _)\n'
            'if [ -f "$file" ]; then cat "$file"; else echo "go: dial tcp: no such host" >&2; exit 1; fi\n'
        )
        go.chmod(0o755)
        return GoToolchain(str(go), str(tmp_path), "go1.99", "digest")

    return make


def _module(tmp_path: Path, version: str = "v1.2.3", gomod: str = GoMod) -> dict[str, object]:
    place = tmp_path / f"tool@{version}"
    (place / "cmd" / "app").mkdir(parents=True, exist_ok=True)
    (place / "cmd" / "app" / "main.go").write_text("package main\n\nfunc main() {}\n")
    (place / "lib").mkdir(exist_ok=True)
    (place / "lib" / "lib.go").write_text("package lib\n")
    (tmp_path / "tool.mod").write_text(gomod)
    return {
        "Path": "example.com/tool", "Version": version, "Dir": str(place), "GoMod": str(tmp_path / "tool.mod"),
        "Sum": "h1:x=", "Origin": {"VCS": "git", "Hash": "abc"},
    }  # fmt: skip


Fake = Callable[[dict[str, dict[str, object]]], GoToolchain]


def test_the_module_is_found_by_prefixes_and_asked_for_once(tmp_path: Path, fake: Fake, store: Store) -> None:
    go = fake({"example.com/tool@v1.2.3": _module(tmp_path)})
    program = resolve("example.com/tool/cmd/app@v1.2.3", tmp_path, go, store)
    assert (program.kind, program.name, program.package) == (ProgramKind.MODULE, "app", "./cmd/app")
    assert (program.module, program.version, program.revision) == ("example.com/tool", "v1.2.3", "abc")
    assert Path(program.modfile).read_text() == GoMod and Path(program.modfile).with_suffix(".sum").exists()
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == [f"example.com/tool{inside}@v1.2.3" for inside in ("/cmd/app", "/cmd", "")]
    assert resolve("example.com/tool/cmd/app@v1.2.3", tmp_path, go, store) == program
    assert (tmp_path / "asked").read_text().splitlines() == asked


def test_latest_is_asked_for_every_time(tmp_path: Path, fake: Fake, store: Store) -> None:
    go = fake(
        {"example.com/tool/cmd/app@latest": {"Error": "404 Not Found"}, "example.com/tool@latest": _module(tmp_path)}
    )
    for _ in range(2):
        assert resolve("example.com/tool/cmd/app@latest", tmp_path, go, store).version == "v1.2.3"
    assert (tmp_path / "asked").read_text().count("tool@latest") == 2


@pytest.mark.parametrize("directive", ["replace example.com/a => ../a", "exclude example.com/a v1.0.0"])
def test_directives_that_go_install_refuses(tmp_path: Path, fake: Fake, store: Store, directive: str) -> None:
    go = fake({"example.com/tool@v1.2.3": _module(tmp_path, gomod=f"{GoMod}\n{directive}\n")})
    with pytest.raises(UsageError, match=f"has {directive.split()[0]} directives.*Clone its repository"):
        resolve("example.com/tool/cmd/app@v1.2.3", tmp_path, go, store)


def test_no_such_package_version_or_network(tmp_path: Path, fake: Fake, store: Store) -> None:
    go = fake({"example.com/tool@v1.2.3": _module(tmp_path), "example.com/tool@v9.0.0": {"Error": "x: 404 Not Found"}})
    with pytest.raises(UsageError, match=r"has no package example\.com/tool/cmd/other"):
        resolve("example.com/tool/cmd/other@v1.2.3", tmp_path, go, store)
    with pytest.raises(UsageError, match=r"is package lib, not a program.*Name a main package"):
        resolve("example.com/tool/lib@v1.2.3", tmp_path, go, store)
    with pytest.raises(UsageError, match=r"There is no example\.com/tool@v9\.0\.0: x: 404"):
        resolve("example.com/tool@v9.0.0", tmp_path, go, store)
    with pytest.raises(CouldNotCheck, match=r"Cannot fetch example\.org/x@v1\.0\.0.*no such host.*GOPROXY"):
        resolve("example.org/x@v1.0.0", tmp_path, go, store)


def _publish(proxy: Path, path: str, version: str, files: dict[str, str]) -> None:
    """Put a module into a directory that serves as GOPROXY (go.dev/ref/mod, "GOPROXY protocol")."""
    place = proxy / path / "@v"
    place.mkdir(parents=True)
    (place / "list").write_text(f"{version}\n")
    (place / f"{version}.info").write_text(json.dumps({"Version": version}))
    (place / f"{version}.mod").write_text(files["go.mod"])
    with zipfile.ZipFile(place / f"{version}.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{path}@{version}/{name}", text)


@pytest.mark.go
def test_a_published_module_is_built_by_the_real_go(
    tmp_path: Path, go: GoToolchain, store: Store, platform: Named, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = tmp_path / "proxy"
    main = 'package main\n\nimport "example.com/dep"\n\nfunc main() { println(dep.Word) }\n'
    tool = {"go.mod": f"{GoMod}\nrequire example.com/dep v0.1.0\n", "cmd/app/main.go": main}
    _publish(proxy, "example.com/tool", "v1.2.3", tool)
    dep = {"go.mod": "module example.com/dep\n\ngo 1.24\n", "dep.go": 'package dep\n\nconst Word = "found"\n'}
    _publish(proxy, "example.com/dep", "v0.1.0", dep)
    for name, value in {"GOPROXY": proxy.as_uri(), "GOSUMDB": "off", "GOMODCACHE": str(tmp_path / "mod")}.items():
        monkeypatch.setenv(name, value)
    try:
        keys = []
        for _ in range(2):
            program = resolve("example.com/tool/cmd/app@v1.2.3", tmp_path, go, store)
            for name in ("debian-12/amd64", "windows-10/amd64"):
                job = plan(program, platform(name), BuildSettings(), go, store)
                assert isinstance(job, BuildJob)
                result = build(program, job, go, store)
                assert isinstance(result, Built), result
                keys.append(result.key)
        assert keys[:2] == keys[2:] and result.cached
        shown = subprocess.run([store.path("artifacts", keys[0]) / "app"], capture_output=True, text=True, check=True)
        assert shown.stderr == "found\n"
    finally:
        go.run(["clean", "-modcache"], {}, 60)  # its directories are read-only

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from seatrial.build import build, plan, resolve
from seatrial.formats import read_binary
from seatrial.model.binary import GoBuildInfo
from seatrial.model.platform import Platform
from seatrial.model.program import BuildFailed, BuildJob, BuildResult, Built
from seatrial.model.project import BuildSettings
from seatrial.model.states import State
from seatrial.store import Store
from seatrial.toolchains import GoToolchain
from support.builds import go_of_anybody

pytestmark = pytest.mark.go

Write = Callable[[Mapping[str, str]], None]
Named = Callable[[str], Platform]
Made = Callable[..., BuildResult]

MOD = "module example.com/m\n\ngo 1.24\n"
MAIN = "package main\n\nfunc main() { println(42) }\n"
CGO = 'package main\n\n// #include "value.h"\nimport "C"\n\nfunc main() { println(C.seatrial_value) }\n'
LIBRARY = 'package main\n\nimport "C"\n\n//export seatrial_f\nfunc seatrial_f() int { return 1 }\n\nfunc main() {}\n'


@pytest.fixture
def made(home: Path, go: GoToolchain, store: Store, platform: Named) -> Made:
    def make(
        name: str, timeout: float = 600, directory: Path = home, toolchain: GoToolchain = go, cache: Store = store,
        **settings: object,
    ) -> BuildResult:  # fmt: skip
        program = resolve(".", directory, go, cache)
        job = plan(program, platform(name), msgspec.convert(settings, BuildSettings), go, cache)
        assert isinstance(job, BuildJob)
        return build(program, job, toolchain, cache, timeout)

    return make


def _built(result: BuildResult) -> Built:
    assert isinstance(result, Built), result
    return result


def _failed(result: BuildResult) -> BuildFailed:
    assert isinstance(result, BuildFailed), result
    return result


def test_an_artifact_is_built_once_and_kept(made: Made, write: Write) -> None:
    write({"go.mod": MOD, "main.go": MAIN})
    first = _built(made("debian-12/amd64"))
    assert not first.cached and first.size == Path(first.path).stat().st_size and len(first.sha256) == 64
    assert first.reason.text.startswith("built for linux_amd64_v1 in")
    again = _built(made("kylin-v10-sp3/hygon-c86-3s"))
    assert again.cached and again.path == first.path and "unchanged" in again.reason.text
    windows = _built(made("windows-10/amd64"))
    assert windows.path.endswith("/m.exe") and read_binary(Path(windows.path)).goos == "windows"


def test_a_damaged_artifact_is_not_used(made: Made, write: Write) -> None:
    write({"go.mod": MOD, "main.go": MAIN})
    Path(_built(made("debian-12/amd64")).path).write_bytes(b"cut off")
    result = _failed(made("debian-12/amd64"))
    assert (result.state, result.reason_code) == (State.ENVIRONMENT, "damaged")
    assert result.needs and "Remove" in result.needs.text


def test_the_flags_arrive_in_the_binary(made: Made, write: Write) -> None:
    write({"go.mod": MOD, "main.go": "package main\n\nvar version string\n\nfunc main() { println(version) }\n"})
    settings = {"tags": ("one", "two"), "ldflags": "-X main.version=1.2", "gcflags": "-l"}
    result = _built(made("debian-12/amd64", variants={"amd64": "v2"}, **settings))
    info = read_binary(Path(result.path)).go
    assert isinstance(info, GoBuildInfo)
    wanted = {"GOAMD64": "v2", "-tags": "one,two", "CGO_ENABLED": "0", "-trimpath": "true"}
    assert wanted.items() <= info.settings.items()
    assert b"1.2" in Path(result.path).read_bytes()
    for word in ("GOAMD64=v2", "-tags=one,two", "'-ldflags=-X main.version=1.2'", "-gcflags=-l", "-trimpath"):
        assert word in result.reproducer


def test_the_reproducer_can_be_pasted(made: Made, write: Write) -> None:
    write({"go.mod": MOD, "main.go": MAIN})
    result = _built(made("debian-12/amd64"))
    output = Path("/tmp/linux_amd64_v1-m")
    subprocess.run(["sh", "-c", result.reproducer], check=True, timeout=120)
    try:
        assert output.read_bytes() == Path(result.path).read_bytes()
    finally:
        output.unlink()


def test_two_directories_and_two_caches_give_the_same_bytes(
    made: Made, write: Write, tmp_path: Path, home: Path
) -> None:
    write({"go.mod": MOD, "main.go": MAIN})
    first = _built(made("debian-12/amd64"))
    copy = shutil.copytree(home, tmp_path / "elsewhere" / "deeper")
    second = _built(made("debian-12/amd64", directory=copy, cache=Store(tmp_path / "other")))
    assert first.sha256 == second.sha256 and first.key == second.key and not second.cached


@pytest.mark.zig
def test_cgo_builds_are_the_same_too_and_see_a_changed_header(
    made: Made, write: Write, tmp_path: Path, home: Path
) -> None:
    source = CGO.replace("// #include", "// #cgo CFLAGS: -I${SRCDIR}/include\n// #include")
    write({"go.mod": MOD, "main.go": source, "include/value.h": "enum { seatrial_value = 41 };\n"})
    first = _built(made("debian-12/amd64"))
    copy = shutil.copytree(home, tmp_path / "elsewhere" / "deeper")
    second = _built(made("debian-12/amd64", directory=copy, cache=Store(tmp_path / "other")))
    assert first.sha256 == second.sha256
    write({"include/value.h": "enum { seatrial_value = 43 };\n"})
    third = _built(made("debian-12/amd64"))
    printed = [subprocess.run([one.path], capture_output=True, text=True, check=True).stderr for one in (first, third)]
    assert printed == ["41\n", "43\n"], "go build alone would take the old object from its cache"


@pytest.mark.zig
@pytest.mark.parametrize(("mode", "name"), [("c-shared", "m.so"), ("c-archive", "m.a")])
def test_libraries_come_with_their_header(mode: str, name: str, made: Made, write: Write) -> None:
    write({"go.mod": MOD, "main.go": LIBRARY})
    result = _built(made("debian-12/amd64", buildmode=mode))
    assert Path(result.path).name == name
    assert "seatrial_f" in Path(result.header).read_text()


def test_a_compile_error_is_the_compilers_own_lines(made: Made, write: Write) -> None:
    write({"go.mod": MOD, "main.go": MAIN, "x_arm64.go": "package main\n\nvar _ = maxMapSize\n"})
    _built(made("debian-12/amd64"))
    result = _failed(made("ubuntu-22.04/arm64"))
    assert (result.state, result.reason_code) == (State.FAIL, "compile")
    assert result.output == "# example.com/m\n./x_arm64.go:3:9: undefined: maxMapSize"
    assert result.reason.text == "does not compile for linux_arm64_v8.0: ./x_arm64.go:3:9: undefined: maxMapSize"
    assert "GOARCH=arm64" in result.reproducer


def test_what_cgo_would_have_built_is_named(made: Made, write: Write) -> None:
    write({"go.mod": MOD, "main.go": CGO, "stub.go": f"//go:build !cgo\n\n{MAIN}"})
    result = _built(made("debian-12/amd64", cgo=False))
    assert [note.text for note in result.notes] == [
        'built without cgo for linux_amd64_v1: main.go of example.com/m import "C" and are left out'
    ]


@pytest.mark.zig
def test_a_missing_header_of_a_system_library_is_not_the_programs_fault(made: Made, write: Write) -> None:
    write({"go.mod": MOD, "main.go": CGO.replace('"value.h"', "<pcap/pcap.h>")})
    result = _failed(made("debian-12/amd64"))
    assert (result.state, result.reason_code) == (State.ENVIRONMENT, "missing-header")
    assert "'pcap/pcap.h' file not found" in result.reason.text and result.needs


@pytest.mark.zig
def test_a_header_of_another_systems_c_library_is_the_programs_fault(made: Made, write: Write) -> None:
    write({"go.mod": MOD, "main.go": CGO.replace('"value.h"', "<sys/random.h>")})
    result = _failed(made("windows-10/amd64"))
    assert (result.state, result.reason_code) == (State.FAIL, "c-header")
    assert (
        result.reason.text
        == "the C library of windows_amd64_v1 has no <sys/random.h>, and the program asks for it there"
    )
    assert result.needs and "build constraints" in result.needs.text


def test_a_folder_that_may_not_be_read_is_not_the_programs_fault(
    made: Made, write: Write, home: Path, go: GoToolchain, tmp_path: Path
) -> None:
    imports = MAIN.replace("main\n", 'main\n\nimport _ "example.com/m/hidden"\n', 1)
    write({"go.mod": MOD, "main.go": imports, "hidden/a.go": "package hidden\n"})
    anybody = msgspec.structs.replace(go, binary=go_of_anybody(go.binary, tmp_path))
    (home / "hidden").chmod(0)
    result = _failed(made("debian-12/amd64", toolchain=anybody))
    (home / "hidden").chmod(0o755)
    assert (result.state, result.reason_code) == (State.ENVIRONMENT, "not-readable")


@pytest.mark.zig
def test_a_missing_header_of_its_own_is_the_programs_fault(made: Made, write: Write) -> None:
    write({"go.mod": MOD, "main.go": CGO})
    result = _failed(made("debian-12/amd64"))
    assert (result.state, result.reason_code) == (State.FAIL, "compile")
    assert "value.h" in result.reason.text


@pytest.mark.zig
def test_an_undefined_c_function_is_a_link_error(made: Made, write: Write) -> None:
    main = CGO.replace('#include "value.h"', "int seatrial_f(void);").replace("seatrial_value", "seatrial_f()")
    write({"go.mod": MOD, "main.go": main})
    result = _failed(made("debian-12/amd64"))
    assert (result.state, result.reason_code) == (State.FAIL, "link"), result.output
    assert result.reason.text == "does not link for linux_amd64_v1: undefined symbol: seatrial_f"


def test_a_go_mod_that_wants_a_newer_go_is_not_the_programs_fault(made: Made, write: Write) -> None:
    write({"go.mod": "module example.com/m\n\ngo 1.99\n", "main.go": MAIN})
    result = _failed(made("debian-12/amd64"))
    assert (result.state, result.reason_code) == (State.ENVIRONMENT, "go-too-old")
    assert "requires go >= 1.99" in result.reason.text and result.needs and "--go" in result.needs.text


def test_a_module_that_cannot_be_fetched(made: Made, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", "off")
    main = 'package main\n\nimport _ "example.com/far"\n\nfunc main() {}\n'
    sums = "example.com/far v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    sums += "example.com/far v1.0.0/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    write({"go.mod": f"{MOD}\nrequire example.com/far v1.0.0\n", "go.sum": sums, "main.go": main})
    result = _failed(made("debian-12/amd64"))
    assert (result.state, result.reason_code) == (State.ENVIRONMENT, "module-download"), result.output


def _fake(go: GoToolchain, place: Path, text: str) -> GoToolchain:
    """A go that does what the shell lines say when it is asked to build, and is the real one else."""
    script = place / "fake-go"
    script.write_text(f'#!/bin/sh\nif [ "$1" = build ]; then\n{text}\nfi\nexec {go.binary} "$@"\n')
    script.chmod(0o755)
    return msgspec.structs.replace(go, binary=str(script))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sleep 60", "time-limit"),
        ("kill -9 $$", "go-broken"),
        ('echo "write /x/b001: no space left on device" >&2; exit 1', "no-space"),
        ('echo "# runtime" >&2; echo "compile: signal: killed" >&2; exit 1', "no-memory"),
        ('echo "mkdir /root/.cache/go-build: read-only file system" >&2; exit 1', "not-writable"),
    ],
)
def test_a_toolchain_or_host_in_trouble(
    text: str, code: str, made: Made, write: Write, go: GoToolchain, store: Store, tmp_path: Path
) -> None:
    write({"go.mod": MOD, "main.go": MAIN})
    result = _failed(made("debian-12/amd64", timeout=1, toolchain=_fake(go, tmp_path, text)))
    assert (result.state, result.reason_code) == (State.ENVIRONMENT, code)
    assert result.needs and result.reproducer
    assert not list(store.root.glob("artifacts/*/*")), "a failure leaves no artifact behind"


def test_files_that_change_during_the_build(
    made: Made, write: Write, go: GoToolchain, home: Path, tmp_path: Path
) -> None:
    write({"go.mod": MOD, "main.go": MAIN})
    fake = _fake(go, tmp_path, f"{go.binary} \"$@\" && echo '// more' >> {home}/main.go; exit")
    result = _failed(made("debian-12/amd64", toolchain=fake))
    assert (result.state, result.reason_code) == (State.ENVIRONMENT, "sources-changed")
    assert not _built(made("debian-12/amd64")).cached

from pathlib import Path

import msgspec
import pytest

from seatrial import platforms
from seatrial.model.platform import Certainty, Fact, Libc, Platform
from seatrial.model.program import CCompiler
from seatrial.model.project import BuildSettings
from seatrial.store import Store
from seatrial.tables.zig_targets import zig_target
from seatrial.toolchains import c
from seatrial.toolchains.c import NoCCompiler, c_compiler
from seatrial.toolchains.go import GoToolchain

GO = GoToolchain("/nowhere/bin/go", "/nowhere", "go1.27.3", "digest")


def _platform(name: str, libc: str = "", version: str = "") -> Platform:
    (platform,) = platforms.load().select([name])
    if not libc:
        return platform
    return msgspec.structs.replace(platform, libc=Fact(Libc(libc, version), "test", Certainty.ASSUMED))


def _compiler(platform: Platform, store: Path, variant: str = "", **settings: object) -> CCompiler | NoCCompiler:
    return c_compiler(platform, msgspec.convert(settings, BuildSettings), variant, GO, Store(store))


@pytest.mark.zig
@pytest.mark.parametrize(
    ("name", "variant", "triple"),
    [
        ("kylin-v10-sp3/ft-2000-4", "v8.0", "aarch64-linux-gnu.2.28"),
        ("kylin-v10-sp3/hygon-c86-3s", "v1", "x86_64-linux-gnu.2.28"),
        ("alpine-3.20/amd64", "v1", "x86_64-linux-musl"),
        ("debian-12/386", "sse2", "x86-linux-gnu.2.36"),
        ("debian-12/arm", "7", "arm-linux-gnueabihf.2.36"),
        ("windows-10/amd64", "v1", "x86_64-windows-gnu"),
        ("freebsd-14/amd64", "v1", "x86_64-freebsd-none"),
    ],
)
def test_the_triple_has_the_platforms_own_libc(tmp_path: Path, name: str, variant: str, triple: str) -> None:
    compiler = _compiler(_platform(name), tmp_path, variant)
    assert isinstance(compiler, CCompiler)
    assert compiler.cc.endswith(f"zig cc -target {triple}")
    assert compiler.cxx.endswith(f"zig c++ -target {triple}")
    assert triple in compiler.title and compiler.ar.endswith("zig ar")


@pytest.mark.zig
def test_the_users_glibc_goes_before_the_platforms(tmp_path: Path) -> None:
    compiler = _compiler(_platform("kylin-v10-sp3/ft-2000-4"), tmp_path, "v8.0", glibc="2.35")
    assert isinstance(compiler, CCompiler) and compiler.cc.endswith("aarch64-linux-gnu.2.35")


@pytest.mark.zig
def test_macos_gets_stubs_and_a_position_independent_executable(tmp_path: Path) -> None:
    compiler = _compiler(_platform("macos-13/amd64"), tmp_path, "v1")
    assert isinstance(compiler, CCompiler)
    assert (compiler.ldflags, compiler.buildmode) == ("-s -w", "pie")
    assert f"-F{tmp_path}" in compiler.cc


@pytest.mark.parametrize(
    ("platform", "variant", "says"),
    [
        (
            _platform("kylin-v11/3a6000", "glibc", "2.28"),
            "",
            "glibc 2.36 and newer for loongarch64-linux-gnu, not 2.28",
        ),
        (_platform("debian-12/arm"), "5", "never tried for linux/arm with glibc, variant 5"),
        (_platform("debian-12/amd64", "uclibc", "1.0"), "v1", "never tried for linux/amd64 with uclibc"),
        (_platform("debian-12/amd64", "glibc", ""), "v1", "glibc version of debian-12/amd64 is not known"),
    ],
)
def test_a_platform_that_zig_cannot_reach_has_a_reason(
    tmp_path: Path, platform: Platform, variant: str, says: str
) -> None:
    answer = _compiler(platform, tmp_path, variant)
    assert isinstance(answer, NoCCompiler)
    assert answer.reason_code == "c-target" and says in answer.reason.text and "cc" in answer.needs.text


def test_known_failures_are_in_the_table() -> None:
    for goarch, libc in (("ppc64le", "glibc"), ("mips64le", "glibc"), ("mips64le", "musl")):
        row = zig_target("linux", goarch, libc, "")
        assert row and row.fails and row.source
    row = zig_target("linux", "ppc64le", "musl", "power8")
    assert row and not row.fails
    assert zig_target("plan9", "amd64", "", "v1") is None


def test_without_ziglang_there_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c, "find_zig", lambda store: None)
    answer = _compiler(_platform("debian-12/amd64"), tmp_path, "v1")
    assert isinstance(answer, NoCCompiler) and answer.reason_code == "no-c-compiler"


def test_the_users_compiler_is_known_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    tool = tmp_path / "target-gcc"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    platform = _platform("debian-12/s390x")
    one = _compiler(platform, tmp_path, cc="target-gcc -O1")
    assert isinstance(one, CCompiler) and (one.cc, one.cxx) == ("target-gcc -O1", "")
    tool.write_text("#!/bin/sh\n# another\n")
    two = _compiler(platform, tmp_path, cc="target-gcc -O1")
    three = _compiler(platform, tmp_path, cc="target-gcc -O2")
    assert isinstance(two, CCompiler) and isinstance(three, CCompiler)
    assert len({one.digest, two.digest, three.digest}) == 3
    missing = _compiler(platform, tmp_path, cc="other-gcc")
    assert isinstance(missing, NoCCompiler) and "other-gcc" in missing.reason.text
    unreadable = _compiler(platform, tmp_path, cc="gcc 'x")
    assert isinstance(unreadable, NoCCompiler) and "gcc 'x" in unreadable.reason.text

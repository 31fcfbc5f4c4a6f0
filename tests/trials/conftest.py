"""Offers without an emulator, facts of a program that is only run, and Go programs built once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind, Linkage
from seatrial.model.runner import Offer
from seatrial.model.states import Fidelity
from seatrial.toolchains.compile import REPRODUCIBLE_FLAGS
from seatrial.toolchains.go import GoToolchain, find_go

NATIVE = Offer("native", "native", Fidelity.HOST)


@pytest.fixture
def native() -> Offer:
    return NATIVE


def facts_of(kind: Kind = Kind.EXECUTABLE, linkage: Linkage = Linkage.STATIC, goos: str = "linux") -> BinaryFacts:
    return BinaryFacts(
        path="app",
        size=1,
        sha256="",
        format=BinaryFormat.ELF,
        kind=kind,
        goos=goos,
        goarch="amd64",
        bits=64,
        endian="little",
        machine="EM_X86_64 (62)",
        linkage=linkage,
    )


@pytest.fixture
def facts() -> Callable[..., BinaryFacts]:
    return facts_of


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Path]:
    """A program written in shell."""

    def write(text: str) -> Path:
        path = tmp_path / "app"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture(scope="session")
def go() -> GoToolchain:
    try:
        return find_go()
    except CouldNotCheck as error:
        pytest.skip(f"the Go toolchain was missing: {error}")


@pytest.fixture(scope="session")
def go_build(go: GoToolchain, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Builds a module (a folder, or the text of a main.go) for a port and returns the program."""

    def build(source: Path | str, goos: str = "linux", goarch: str = "amd64") -> Path:
        folder = tmp_path_factory.mktemp("go")
        if isinstance(source, str):
            (folder / "go.mod").write_text("module app\n\ngo 1.21\n")
            (folder / "main.go").write_text(source)
            source = folder
        program = folder / "program"
        env = {"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0", "GOWORK": "off"}
        done = go.run(("build", *REPRODUCIBLE_FLAGS, "-o", str(program), "."), env, 300.0, source)
        assert done.ok, done.stderr
        return program

    return build

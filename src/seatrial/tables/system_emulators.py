"""Which QEMU boots machines of a GOARCH (`system_emulators.toml`)."""

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready

__all__ = ["LIBRARIES", "SystemEmulatorRow", "system_emulators"]

LIBRARIES = "qemu-system-libraries"
"""The row of `packages.toml` with what every program of the table is linked against."""


class SystemEmulatorRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One GOARCH."""

    program: str
    """Its name on the PATH and in the package."""
    package: str
    """Row of `packages.toml`."""


@cache
def system_emulators() -> dict[str, SystemEmulatorRow]:
    """The rows by GOARCH."""
    data = tomllib.loads((Path(__file__).parent / "system_emulators.toml").read_text())
    return msgspec.convert(data, ready(dict[str, SystemEmulatorRow]))

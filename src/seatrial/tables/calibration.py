"""Instructions that show which CPU features a machine executes, and which trap there (`calibration.toml`)."""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready

__all__ = ["Instruction", "instructions"]


class Instruction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One instruction that is executed exactly where its feature is there."""

    name: str
    feature: str
    """In the kernel's name (/proc/cpuinfo)."""
    assembly: str
    """As the GNU assembler reads it."""
    encoding: str
    """Its bytes in hex digits."""
    source: str


@cache
def _table() -> dict[str, tuple[Instruction, ...]]:
    data = Path(__file__).with_suffix(".toml").read_bytes()
    return msgspec.toml.decode(data, type=ready(dict[str, tuple[Instruction, ...]]))


def instructions(goarch: str) -> tuple[Instruction, ...]:
    """The instructions of an architecture; none where the calibration program has no port (amd64 and arm64 have)."""
    return _table().get(goarch, ())

"""What packages of the standard library do otherwise with cgo than without (`cgo_effects.toml`)."""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready

__all__ = ["CgoEffect", "cgo_effects"]


class CgoEffect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row. The words are told of the binary that has the function, and of the one that has not."""

    package: str
    """Both binaries must have it."""
    function: str
    """The begin of names that stand only in a build with cgo."""
    en_with: str
    zh_with: str
    en_without: str
    zh_without: str
    source: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    effect: tuple[CgoEffect, ...]


@cache
def cgo_effects() -> tuple[CgoEffect, ...]:
    """All rows."""
    return msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=ready(_Table)).effect

"""System calls that Go's standard library, and known modules, can do without (`go_fallbacks.toml`)."""

import re
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.tables.go_releases import release_of
from seatrial.tables.version_ranges import check_range, holds

__all__ = ["Fallback", "FallbackKind", "fallback_for", "wrapper_packages"]


class FallbackKind(StrEnum):
    """Why a kernel without the call is none the worse."""

    FALLS_BACK = "falls-back"
    ASKS_FIRST = "asks-first"
    ON_DEMAND = "on-demand"


class Fallback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    call: str
    """The kernel's name."""
    functions: frozenset[str]
    kind: FallbackKind
    en: str
    zh: str
    """What happens without the call, in each language."""
    source: str
    go: str = ""
    """Range of Go releases; "" for every one."""
    module: str = ""
    """Module path of functions outside the standard library."""

    def __post_init__(self) -> None:
        check_range(self.go)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    wrappers: tuple[str, ...]
    fallback: tuple[Fallback, ...]


@cache
def _table() -> _Table:
    return msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=ready(_Table))


def wrapper_packages() -> tuple[str, ...]:
    """Packages whose functions do little but make one system call."""
    return _table().wrappers


_VENDORED = re.compile(r"^(?:cmd/)?vendor/")
_CLOSURE = re.compile(r"(?:\.func\d+(?:\.\d+)*|-range\d+|\.gowrap\d+)+$")


def fallback_for(call: str, function: str, go_version: str) -> Fallback | None:
    """The row for a call that this function makes in a program of this Go version; None where none is known.

    A function literal belongs to the function that it stands in.
    """
    plain = _VENDORED.sub("", function)
    names = {plain, _CLOSURE.sub("", plain)}
    release = release_of(go_version)
    for row in _table().fallback:
        if row.call == call and names & row.functions and holds(row.go, release):
            return row
    return None

"""What a C library has from which release on, and what musl does not have."""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready

__all__ = ["MuslGap", "execstack_refused_since", "loads_shared_parts", "missing_in_musl", "relr_since"]


class MuslGap(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"exceptions": "except"}):
    """A symbol, or a pattern with one `*` at its start or end, that musl does not define."""

    name: str
    why: str
    """One or two words: what brings such a symbol in."""
    source: str
    since: str = ""
    """The first release of musl that defines it; "" for none."""
    exceptions: tuple[str, ...] = ()

    def fits(self, symbol: str) -> bool:
        if symbol in self.exceptions:
            return False
        if self.name.startswith("*"):
            return symbol.endswith(self.name[1:])
        return symbol.startswith(self.name[:-1]) if self.name.endswith("*") else symbol == self.name


class _Since(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    since: str
    source: str


class _Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    names: frozenset[str]
    source: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    relr: dict[str, _Since]
    execstack_refused: dict[str, _Since]
    musl_lacks: tuple[MuslGap, ...]
    loads_shared_parts: tuple[_Names, ...]


@cache
def _table() -> _Table:
    return msgspec.toml.decode(Path(__file__).with_name("libc_features.toml").read_bytes(), type=ready(_Table))


def relr_since(family: str) -> str:
    """The first release of a C library whose loader knows DT_RELR; "" for a family that is not in the table."""
    row = _table().relr.get(family)
    return row.since if row else ""


def execstack_refused_since(family: str) -> str:
    """The first release whose dlopen refuses a library with an executable stack; "" for a family that never does."""
    row = _table().execstack_refused.get(family)
    return row.since if row else ""


def missing_in_musl(symbol: str) -> MuslGap | None:
    """The row for a symbol that musl does not define, or did not always; None for any other."""
    return next((gap for gap in _table().musl_lacks if gap.fits(symbol)), None)


def loads_shared_parts(symbol: str) -> bool:
    """Whether this function of a static glibc loads shared libraries (NSS modules) when it is called."""
    return any(symbol in row.names for row in _table().loads_shared_parts)

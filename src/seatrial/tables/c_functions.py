"""Where a function of C is from, by its name (`c_functions.toml`)."""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready

__all__ = ["origin_of"]


class _Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    package: str
    source: str
    begins: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    origin: tuple[_Origin, ...]


@cache
def _table() -> _Table:
    return msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=ready(_Table))


def origin_of(function: str) -> str:
    """The Go package whose C code it is, or what else brings it in; "" for a name that does not say it."""
    for row in _table().origin:
        if function in row.names or function.startswith(row.begins or ("\0",)):
            return row.package
    return ""

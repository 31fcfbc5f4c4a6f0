"""Functions whose use of CPU features is guarded by a way that the reader does not follow (`dispatch.toml`)."""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.tables.version_ranges import check_range, holds

__all__ = ["PortBase", "base_features", "followed_architectures", "guarded_functions", "port_base"]


class _Guarded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    functions: tuple[str, ...]
    goarch: str
    features: tuple[str, ...]
    how: str
    source: str


class PortBase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every CPU of a port has."""

    goarch: str
    machine: str
    """For people."""
    features: frozenset[str]
    source: str
    go: str = ""
    """The releases of Go that ask for it; "" for all."""

    def __post_init__(self) -> None:
        check_range(self.go)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    followed: frozenset[str]
    guarded: tuple[_Guarded, ...]
    base: tuple[PortBase, ...]


@cache
def _table() -> _Table:
    return msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=ready(_Table))


def followed_architectures() -> frozenset[str]:
    """The GOARCH whose instructions the reader tells, with their guards."""
    return _table().followed


def guarded_functions(goarch: str) -> dict[str, tuple[str, ...]]:
    """The functions of an architecture, each with the features that it uses only where the CPU has them."""
    return {name: row.features for row in _table().guarded if row.goarch == goarch for name in row.functions}


def port_base(goarch: str, release: str) -> PortBase | None:
    """The row of a port without a variant variable, for a release of Go; None where nothing is on record."""
    return next((row for row in _table().base if row.goarch == goarch and holds(row.go, release)), None)


def base_features(goarch: str) -> frozenset[str]:
    """What every CPU of the port has, beside what the lowest value of its variant variable demands."""
    return frozenset().union(*(row.features for row in _table().base if row.goarch == goarch))

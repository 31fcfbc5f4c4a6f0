"""A second C compiler for a GOARCH, by the packages that it is made of (`cross_compilers.toml`)."""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.tables.packages import packages

__all__ = ["CrossCompiler", "Host", "cross_compilers", "host_part"]


class CrossCompiler(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The packages of one GOARCH."""

    triple: str
    packages: tuple[str, ...]
    """Rows of `packages.toml`."""
    libc: tuple[str, ...]
    """Those with the C library; the first is the C library's own."""


class Host(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What they all share."""

    version: str
    """The end of the compiler's name: `<triple>-gcc-<version>`."""
    packages: tuple[str, ...]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    host: Host
    compiler: dict[str, CrossCompiler]


@cache
def _table() -> _Table:
    table = msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=ready(_Table))
    named = {*table.host.packages, *(name for row in table.compiler.values() for name in (*row.packages, *row.libc))}
    if missing := named - packages().keys():
        raise ValueError(f"cross_compilers.toml names packages that packages.toml does not have: {sorted(missing)}")
    return table


def cross_compilers() -> dict[str, CrossCompiler]:
    """The rows by GOARCH. Raises ValueError for a package that `packages.toml` does not have."""
    return _table().compiler


def host_part() -> Host:
    """What the rows share."""
    return _table().host

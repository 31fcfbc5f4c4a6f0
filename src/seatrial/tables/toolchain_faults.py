"""Known faults of the toolchain in what it builds (`toolchain_faults.toml`)."""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready

__all__ = ["ToolchainFault", "toolchain_fault"]


class ToolchainFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row: see the head of the table."""

    id: str
    compiler: str = ""
    goos: str
    goarch: str = ""
    libc: str = ""
    modes: tuple[str, ...]
    fault: str
    elsewhere: str = ""
    source: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fault: tuple[ToolchainFault, ...]


@cache
def _rows() -> tuple[ToolchainFault, ...]:
    return msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=ready(_Table)).fault


def toolchain_fault(compiler: str, goos: str, goarch: str, libc: str, mode: str) -> ToolchainFault | None:
    """The fault of what this C compiler builds for a port: first one that no other compiler mends. None without."""
    found = [
        row
        for row in _rows()
        if row.goos == goos
        and row.compiler in ("", compiler)
        and row.goarch in ("", goarch)
        and row.libc in ("", libc)
        and mode in row.modes
    ]
    return min(found, key=lambda row: bool(row.compiler), default=None)

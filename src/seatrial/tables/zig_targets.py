"""What `zig cc` makes of each Go port and C library (`zig_targets.toml`)."""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready

__all__ = ["ZigTarget", "zig_target"]


class ZigTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row: see the head of the table."""

    goos: str
    goarch: str
    libc: str
    triple: str
    source: str
    variants: tuple[str, ...] = ()
    glibc: bool = False
    minimum: str = ""
    fails: str = ""
    ldflags: str = ""
    buildmode: str = ""
    frameworks: bool = False


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    target: tuple[ZigTarget, ...]


@cache
def _rows() -> tuple[ZigTarget, ...]:
    return msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=ready(_Table)).target


def zig_target(goos: str, goarch: str, libc: str, variant: str) -> ZigTarget | None:
    """The row for a port, a C library family (only asked on Linux) and a variant; None for what was never tried."""
    for row in _rows():
        same = row.goos == goos and row.goarch == goarch and row.libc == (libc if goos == "linux" else "")
        if same and (not row.variants or variant in row.variants):
            return row
    return None

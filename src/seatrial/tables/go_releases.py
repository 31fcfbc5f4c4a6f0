"""What Go releases ask of the operating system, and which ports they have (`go_releases.toml`)."""

import re
from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.model.platform import Certainty

__all__ = ["Minimum", "Port", "last_release_for", "minimum_os", "newest_release", "port", "release_of"]

Version = tuple[int, ...]


class Minimum(msgspec.Struct, frozen=True):
    """The lowest operating system that a Go release runs on."""

    version: str
    """What the system reports: kernel, macOS product, NT or FreeBSD version. "" when unknown; `note` says why."""
    title: str
    """For people: "Linux 3.2", "macOS 13", "Windows 10 or Server 2016"."""
    source: str
    certainty: Certainty
    note: str = ""


class Port(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A GOOS/GOARCH pair of Go."""

    name: str
    source: str
    certainty: Certainty
    since: str = ""
    """First release ("1.19"); "" for one before 1.16, where the table begins."""
    last: str = ""
    """Last release; "" while it exists."""
    first_class: bool = False
    broken: bool = False


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    since: str
    goos: str
    minimum: str
    source: str
    certainty: Certainty
    goarch: str = ""
    title: str = ""
    note: str = ""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    newest: str
    minimum: tuple[_Row, ...]
    port: tuple[Port, ...]


_SYSTEMS = {"linux": "Linux", "darwin": "macOS", "freebsd": "FreeBSD"}


@cache
def _table() -> _Table:
    return msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=ready(_Table))


@cache
def _ports() -> dict[str, Port]:
    return {row.name: row for row in _table().port}


def _version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


def release_of(go_version: str) -> str:
    """The release line of a version as toolchains print it: "1.27" for "go1.27.3", "go1.27rc1", "devel go1.27-1a2b3c".

    "" where it names none ("devel +1a2b3c").
    """
    found = re.search(r"(?:\bgo|^)(\d{1,3}\.\d{1,4})(?!\d)", go_version)
    return found.group(1) if found else ""


def newest_release() -> str:
    """The newest release line that the table knows: "1.27"."""
    return _table().newest


def minimum_os(go_version: str, goos: str, goarch: str) -> Minimum:
    """The lowest operating system that programs built by this Go version run on.

    A version newer than the table's takes the newest row, and one that names no release too: both marked assumed.
    """
    table = _table()
    line = release_of(go_version)
    release = _version(line or table.newest)
    rows = [row for row in table.minimum if row.goos == goos and row.goarch in ("", goarch)]
    valid = [row for row in rows if _version(row.since) <= release]
    if not valid:
        why = f"the table begins with Go {rows[0].since}" if rows else f"no minimum is on record for {goos}"
        return Minimum("", "", "", Certainty.UNKNOWN, why)
    newest: dict[str, _Row] = {row.goarch: row for row in sorted(valid, key=lambda row: _version(row.since))}
    row = max(newest.values(), key=lambda row: (_version(row.minimum), row.goarch == ""))
    certainty, note = row.certainty, row.note
    if not line or release > _version(table.newest):
        certainty = Certainty.ASSUMED
        what = f"{go_version} is newer than this table" if line else f"{go_version!r} names no release"
        note = f"{what}: the row of Go {table.newest} was taken"
    title = row.title or f"{_SYSTEMS[goos]} {row.minimum.removesuffix('.0')}"
    return Minimum(row.minimum, title, row.source, certainty, note)


def last_release_for(goos: str, goarch: str, os_version: str) -> str:
    """The newest known release line whose programs run on that version of the operating system: "go1.26" for macOS 12.

    "" where no release in the table does, or the version is not dotted numbers.
    """
    if not re.fullmatch(r"\d+(\.\d+)*", os_version):
        return ""
    major, newest = _version(_table().newest)
    for minor in range(newest, 15, -1):
        line = f"{major}.{minor}"
        exists = port(goos, goarch)
        if exists and (_later(exists.since, line) or (exists.last and _later(line, exists.last))):
            continue
        minimum = minimum_os(line, goos, goarch).version
        if minimum and _padded(minimum) <= _padded(os_version):
            return f"go{line}"
    return ""


def _later(one: str, other: str) -> bool:
    return bool(one) and _version(one) > _version(other)


def _padded(version: str) -> Version:
    """12 and 12.0 are the same system."""
    return (*_version(version), 0, 0, 0)[:4]


def port(goos: str, goarch: str) -> Port | None:
    """The port of that name, past ones included; None where upstream Go never had it (vendor forks may: linux/sw64)."""
    return _ports().get(f"{goos}/{goarch}")

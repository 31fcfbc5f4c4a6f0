"""Linux's system calls: numbers and names per GOARCH, and the kernel release that introduced each.

Numbers: `system_calls.json`, made from the kernel's headers by `setup/system-call-numbers`.
Releases, each with its source: `system_calls.toml`.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import msgspec

from seatrial.decoding import ready

__all__ = [
    "SystemCall",
    "chosen_by_version",
    "first_kernel",
    "newest_kernel",
    "release_of",
    "system_calls",
    "younger_than",
]


class SystemCall(msgspec.Struct, frozen=True):
    """One system call of one GOARCH."""

    name: str
    """As in the kernel's headers: "newfstatat", "_llseek"."""
    number: int
    since: str
    """The first release that has it on this GOARCH ("5.6"); "" for a number that no release does anything at."""
    source: str
    """Where `since` is from."""


class _Introduced(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    since: str
    calls: tuple[str, ...]
    source: str


class _Never(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    calls: tuple[str, ...]
    source: str


class _Later(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    goarch: tuple[str, ...]
    since: str
    calls: tuple[str, ...]
    source: str


class _Architecture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    goarch: str
    since: str
    source: str


class _ByVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    goarch: tuple[str, ...]
    calls: tuple[str, ...]
    source: str


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    goarch: tuple[str, ...]
    file: str
    base: int = 0


class _Releases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    introduced: tuple[_Introduced, ...]
    never: tuple[_Never, ...]
    later: tuple[_Later, ...]
    architecture: tuple[_Architecture, ...]
    by_version: tuple[_ByVersion, ...]
    header: tuple[_Header, ...]


class _Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    goarch: tuple[str, ...]
    numbers: dict[str, int]


class _Headers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kernel: str
    headers: tuple[_Numbers, ...]


@cache
def _releases() -> _Releases:
    return msgspec.toml.decode(Path(__file__).with_name("system_calls.toml").read_bytes(), type=ready(_Releases))


@cache
def _headers() -> _Headers:
    return msgspec.json.decode(Path(__file__).with_name("system_calls.json").read_bytes(), type=ready(_Headers))


def newest_kernel() -> str:
    """The release whose calls are all in the table ("7.2"); what came after it is not."""
    return _headers().kernel


def release_of(version: str) -> tuple[int, ...]:
    """A kernel's version as numbers to compare by: (4, 19, 90) of "4.19.90-24.4.v2101.ky10"; () if it has none."""
    numbers: list[int] = []
    for part in version.split("-")[0].split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)


@cache
def system_calls(goarch: str) -> Mapping[int, SystemCall]:
    """The system calls of this GOARCH by number. Raises KeyError for one that the table does not have."""
    numbers = next((row.numbers for row in _headers().headers if goarch in row.goarch), None)
    if numbers is None:
        raise KeyError(goarch)
    table = _releases()
    since = {name: (row.since, row.source) for row in table.introduced for name in row.calls}
    since |= {name: ("", row.source) for row in table.never for name in row.calls}
    since |= {name: (row.since, row.source) for row in table.later if goarch in row.goarch for name in row.calls}
    first = next(((row.since, row.source) for row in table.architecture if row.goarch == goarch), None)
    calls = {}
    for name, number in numbers.items():
        found = since[name]
        if first and found[0] and release_of(found[0]) < release_of(first[0]):
            found = first
        calls[number] = SystemCall(name, number, *found)
    return MappingProxyType(calls)


def first_kernel(goarch: str) -> str:
    """The first release with this architecture ("5.19" for loong64); "" where it is older than every call."""
    return next((row.since for row in _releases().architecture if row.goarch == goarch), "")


def chosen_by_version(goarch: str) -> frozenset[str]:
    """The names of the calls that are made because of what uname(2) tells, without trying whether they are there."""
    return frozenset(name for row in _releases().by_version if goarch in row.goarch for name in row.calls)


def younger_than(goarch: str, kernel: str) -> tuple[SystemCall, ...]:
    """The calls that a kernel of this version does not have, by number. Raises KeyError for an unknown GOARCH.

    The version alone says so: vendors backport calls. A text without a version has no calls at all.
    """
    have = release_of(kernel)
    return tuple(call for call in system_calls(goarch).values() if call.since and not _in(release_of(call.since), have))


def _in(since: tuple[int, ...], kernel: tuple[int, ...]) -> bool:
    return since <= kernel + (0,) * (len(since) - len(kernel))  # "5" is 5.0

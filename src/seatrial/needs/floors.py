"""Floors: the lowest kernel, C library, system and CPU that a binary runs on, each the maximum over its reasons."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from seatrial.model.binary import BinaryFacts
from seatrial.model.message import Message
from seatrial.model.needs import Floor, FloorKind, Reason
from seatrial.model.states import Confidence
from seatrial.needs.cpu import setting_reason
from seatrial.needs.libc import asked_libc, glibc_reasons, musl_reasons, unread
from seatrial.needs.page_size import page_reasons
from seatrial.needs.systems import header_reason, import_reasons, release_reason, unread_imports
from seatrial.tables.version_ranges import numbers

__all__ = ["floors_of"]

Told = Iterator[Reason | Message | None]
"""The reasons; a message is something that could not be told."""


def floors_of(facts: BinaryFacts, read: Mapping[FloorKind, Iterable[Reason | Message]]) -> tuple[Floor, ...]:
    """The floors that apply to this binary, each with its reasons.

    `read`: what its code adds to that, besides its facts.
    """
    return tuple(_floor(kind, (*_TELLERS[kind](facts), *read.get(kind, ()))) for kind in _kinds(facts))


def _kinds(facts: BinaryFacts) -> Iterator[FloorKind]:
    system = _SYSTEMS.get(facts.goos) if isinstance(facts.goos, str) else None
    if system:
        yield system
    libc = asked_libc(facts)
    if libc in ("glibc", "musl"):
        yield FloorKind(libc)
    yield FloorKind.CPU
    if facts.segments and system not in (FloorKind.WINDOWS, FloorKind.MACOS):
        yield FloorKind.PAGE_SIZE


_SYSTEMS = {
    "linux": FloorKind.KERNEL,
    "android": FloorKind.KERNEL,
    "darwin": FloorKind.MACOS,
    "windows": FloorKind.WINDOWS,
    "freebsd": FloorKind.FREEBSD,
}


def _floor(kind: FloorKind, told: Iterable[Reason | Message | None]) -> Floor:
    told = list(told)
    highest_first = kind is not FloorKind.PAGE_SIZE
    reasons = sorted((one for one in told if isinstance(one, Reason)), key=_by_version, reverse=highest_first)
    deciding = [reason for reason in reasons if reason.confidence is not Confidence.POSSIBLE]
    minimum = _features(deciding) if kind is FloorKind.CPU else next((reason.minimum for reason in deciding), "")
    unknown = [one for one in told if isinstance(one, Message)]
    return Floor(kind, minimum, tuple(reasons), tuple(unknown))


def _by_version(reason: Reason) -> tuple[bool, tuple[int, ...]]:
    return reason.never, numbers(reason.minimum)


def _features(reasons: Iterable[Reason]) -> str:
    """All the features that are asked for: no CPU has a version."""
    return " ".join(sorted({feature for reason in reasons for feature in reason.minimum.split()}))


def _kernel(facts: BinaryFacts) -> Told:
    yield release_reason(facts)
    yield header_reason(facts)


def _glibc(facts: BinaryFacts) -> Told:
    yield from glibc_reasons(facts)
    yield from unread(facts)


def _musl(facts: BinaryFacts) -> Told:
    yield from musl_reasons(facts)
    yield from unread(facts)


def _windows(facts: BinaryFacts) -> Told:
    yield release_reason(facts)
    yield header_reason(facts)
    yield from import_reasons(facts)
    yield from unread_imports(facts)


def _other_system(facts: BinaryFacts) -> Told:
    yield release_reason(facts)
    yield header_reason(facts)


def _cpu(facts: BinaryFacts) -> Told:
    yield setting_reason(facts)


def _pages(facts: BinaryFacts) -> Told:
    yield from page_reasons(facts)


_TELLERS: dict[FloorKind, Callable[[BinaryFacts], Told]] = {
    FloorKind.KERNEL: _kernel,
    FloorKind.GLIBC: _glibc,
    FloorKind.MUSL: _musl,
    FloorKind.MACOS: _other_system,
    FloorKind.WINDOWS: _windows,
    FloorKind.FREEBSD: _other_system,
    FloorKind.CPU: _cpu,
    FloorKind.PAGE_SIZE: _pages,
}

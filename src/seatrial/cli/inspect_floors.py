"""`seatrial inspect --floors`: the lowest systems that a binary runs on, each with its reasons."""

from collections.abc import Iterator

from seatrial.model.needs import Cause, Floor, FloorKind, Reason
from seatrial.model.states import Confidence

__all__ = ["floor_lines", "headline"]

_NAMES = {
    FloorKind.KERNEL: "Linux kernel",
    FloorKind.GLIBC: "glibc",
    FloorKind.MUSL: "musl",
    FloorKind.MACOS: "macOS",
    FloorKind.WINDOWS: "Windows",
    FloorKind.FREEBSD: "FreeBSD",
    FloorKind.CPU: "CPU",
    FloorKind.PAGE_SIZE: "page size",
}
_OTHERS = 8
"""Reasons that are listed beyond the deciding ones; --json has all of them."""


def headline(floor: Floor) -> tuple[str, str]:
    """What the floor is of, and the lowest of it."""
    name = _NAMES[floor.kind]
    if not floor.reasons:
        return name, "not known" if floor.unknown else "any"
    if floor.never:
        return name, "none has all that it asks for"
    if floor.kind is FloorKind.PAGE_SIZE:
        kib = int(floor.minimum) // 1024
        return name, f"up to {kib} KiB" if kib else "less than 1 KiB"
    if floor.kind is FloorKind.CPU:
        binding = [reason for reason in floor.reasons if reason.confidence is not Confidence.POSSIBLE]
        asked = [part for reason in binding for part in ([reason.title] if reason.title else reason.minimum.split())]
        return name, ", ".join(dict.fromkeys(asked)) or "any"
    return name, floor.minimum or "any"


def floor_lines(floor: Floor) -> Iterator[tuple[int, str]]:
    """The floor, its reasons, highest first, and what could not be told; depth of indentation and text."""
    name, lowest = headline(floor)
    yield 0, f"{name}: {lowest}"
    for reason in floor.reasons[:_OTHERS]:
        yield 1, _reason(floor, reason)
        if reason.cause in (Cause.SYMBOL, Cause.PRIVATE, Cause.IMPORT) and reason.owners:
            packages = list(dict.fromkeys(owner.package or owner.function for owner in reason.owners))
            more = f" and {len(packages) - _OTHERS} more" if len(packages) > _OTHERS else ""
            yield 2, f"asked for by {', '.join(packages[:_OTHERS])}{more}"
    if len(floor.reasons) > _OTHERS:
        yield 1, f"and {len(floor.reasons) - _OTHERS} lower reasons"
    for unknown in floor.unknown:
        yield 1, f"not known: {unknown.text}"


def _reason(floor: Floor, reason: Reason) -> str:
    before = "" if floor.kind in (FloorKind.CPU, FloorKind.PAGE_SIZE) else f"{reason.minimum}  "
    return f"{before}{reason.message.text} [{reason.confidence}; {reason.source}]"

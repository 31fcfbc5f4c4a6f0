"""`seatrial inspect --floors`: the lowest systems that a binary runs on, each with its reasons."""

from collections.abc import Iterator

from seatrial.cli.inspect_words import Words
from seatrial.model.needs import Cause, Floor, FloorKind, Reason
from seatrial.model.states import Confidence

__all__ = ["floor_lines", "headline"]

_OTHERS = 8
"""Reasons that are listed beyond the deciding ones; --json has all of them."""


def headline(floor: Floor, words: Words) -> tuple[str, str]:
    """What the floor is of, and the lowest of it."""
    return words(f"floor-{floor.kind}"), _lowest(floor, words)


def _lowest(floor: Floor, words: Words) -> str:
    if not floor.reasons:
        return words("floor-unknown" if floor.unknown else "floor-any")
    if floor.never:
        return words("floor-never")
    if floor.kind is FloorKind.PAGE_SIZE:
        kib = int(floor.minimum) // 1024
        return words("up-to-kib", kib=kib) if kib else words("less-than-kib")
    if floor.kind is FloorKind.CPU:
        binding = [reason for reason in floor.reasons if reason.confidence is not Confidence.POSSIBLE]
        asked = [
            part
            for reason in binding
            for part in (reason.minimum.split() if reason.cause is Cause.INSTRUCTIONS else [reason.title])
        ]
        return ", ".join(dict.fromkeys(asked)) or words("floor-any")
    return floor.minimum or words("floor-unknown" if floor.because(Cause.PRIVATE) else "floor-any")


def floor_lines(floor: Floor, words: Words) -> Iterator[tuple[int, str]]:
    """The floor, its reasons, the binding one first, and what could not be told; depth of indentation and text."""
    name, lowest = headline(floor, words)
    yield 0, words("value", what=name, value=lowest)
    for reason in floor.reasons[:_OTHERS]:
        yield 1, _reason(floor, reason, words)
        if reason.cause in (Cause.SYMBOL, Cause.PRIVATE, Cause.IMPORT) and reason.owners:
            packages = list(dict.fromkeys(owner.package or owner.function for owner in reason.owners))
            yield 2, words("by-packages", packages=words.some(packages, _OTHERS))
    if len(floor.reasons) > _OTHERS:
        yield 1, words.counted("lower-reasons", len(floor.reasons) - _OTHERS)
    for unknown in floor.unknown:
        yield 1, words("not-known-why", why=words.message(unknown))


def _reason(floor: Floor, reason: Reason, words: Words) -> str:
    before = "" if floor.kind in (FloorKind.CPU, FloorKind.PAGE_SIZE) or not reason.minimum else f"{reason.minimum}  "
    return f"{before}{words.message(reason.message)} [{words(f'confidence-{reason.confidence}')}; {reason.source}]"

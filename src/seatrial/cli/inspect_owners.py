"""`seatrial inspect`: functions and who leads to them, in words."""

import difflib
from collections.abc import Iterable, Iterator

from seatrial.model.needs import Owner, User, Way

__all__ = ["SHOWN", "Lines", "near", "owner_words", "user_lines", "way_lines"]

SHOWN = 8
"""Lines of one kind, beyond which they are counted; --json has all."""

Lines = Iterator[tuple[int, str]]
"""Depth of indentation and text."""


def user_lines(user: User) -> Lines:
    """A function that uses something, and how Go code comes to it."""
    what = "" if user.calls else ", which takes its address or reads it"
    yield 0, f"{owner_words(user.owner)}{' (C)' if user.is_c else ''}{what}"
    yield from way_lines(user.ways, user.owner.function)
    if user.is_c and not user.ways:
        yield 1, "no Go function was seen to lead there"


def way_lines(ways: tuple[Way, ...], function: str = "") -> Lines:
    """How Go code comes to C code. `function`: what needs no telling."""
    for way in ways[:SHOWN]:
        via = [name for name in way.via if name != function]
        yield 1, f"from {owner_words(way.owner)}{' through ' + ', '.join(via) if via else ''}"
    if len(ways) > SHOWN:
        yield 1, f"and from {len(ways) - SHOWN} more Go functions"


def owner_words(owner: Owner) -> str:
    """The function with its package, where its name does not say it, and its module."""
    module = " ".join(part for part in (owner.module, owner.version) if part)
    if owner.package and not owner.function.startswith(owner.package + "."):
        module = owner.package + (f", {module}" if module else "")
    place = f", {owner.file}:{owner.line}" if owner.file and owner.line else ""
    return owner.function + (f" ({module}{place})" if module else "")


def near(asked: str, names: Iterable[str], before: str = "") -> str:
    """The names that come near, as a question; "" for none. Each is told with `before` it."""
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(asked.casefold(), folded, n=3)
    return f"Did you mean {', '.join(before + folded[name] for name in close)}?" if close else ""

"""`seatrial inspect`: functions and who leads to them, in words."""

from collections.abc import Iterable, Iterator

from seatrial.cli.inspect_words import Words
from seatrial.model.needs import Owner, User, Way

__all__ = ["SHOWN", "Lines", "near", "owner_words", "user_lines", "way_lines"]

SHOWN = 8
"""Lines of one kind, beyond which they are counted; --json has all."""

Lines = Iterator[tuple[int, str]]
"""Depth of indentation and text."""


def user_lines(user: User, words: Words) -> Lines:
    """A function that uses something, and how Go code comes to it."""
    function = owner_words(user.owner)
    if user.is_c:
        function = words("is-c", function=function)
    yield 0, function if user.calls else words("takes-address", function=function)
    yield from way_lines(user.ways, words, user.owner.function)
    if user.is_c and not user.ways:
        yield 1, words("no-go-leads")


def way_lines(ways: tuple[Way, ...], words: Words, function: str = "") -> Lines:
    """How Go code comes to C code. `function`: what needs no telling."""
    for way in ways[:SHOWN]:
        via = [name for name in way.via if name != function]
        go = owner_words(way.owner)
        yield 1, words("from-through", function=go, via=", ".join(via)) if via else words("from", function=go)
    if len(ways) > SHOWN:
        yield 1, words.counted("more-go-functions", len(ways) - SHOWN)


def owner_words(owner: Owner) -> str:
    """The function with its package, where its name does not say it, and its module."""
    module = " ".join(part for part in (owner.module, owner.version) if part)
    if owner.package and not owner.function.startswith(owner.package + "."):
        module = owner.package + (f", {module}" if module else "")
    place = f", {_short(owner.file)}:{owner.line}" if owner.file and owner.line else ""
    return owner.function + (f" ({module}{place})" if module else "")


def _short(file: str) -> str:
    """The path within GOROOT or the module cache, as -trimpath writes it; of other files all."""
    for folder in ("/pkg/mod/", "/go/src/"):
        if folder in file:
            return file.rpartition(folder)[2]
    return file


def near(asked: str, names: Iterable[str], before: str = "") -> str:
    """The names that come near, as a question; "" for none. Each is told with `before` it."""
    import difflib

    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(asked.casefold(), folded, n=3)
    return f"Did you mean {', '.join(before + folded[name] for name in close)}?" if close else ""

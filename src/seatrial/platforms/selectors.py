"""Selectors: braces and globs over the names of platforms (`kylin*`, `{debian-12,ubuntu-22.04}/amd64`)."""

import re
from fnmatch import fnmatchcase

from seatrial.errors import UsageError

__all__ = ["braces", "is_pattern", "matches"]

_INNERMOST = re.compile(r"\{([^{}]*)\}")
_MOST = 1000
"""Words that braces may make: more is a mistake, or meant to use up memory."""


def braces(selector: str) -> tuple[str, ...]:
    """The words that a shell makes of the braces, in its order: `{a,b}/c` is `a/c` and `b/c`.

    Raises UsageError where a brace is left over, or where they make more than a thousand words.
    """
    done: list[str] = []
    todo = [selector]
    while todo:
        word = todo.pop(0)
        found = _INNERMOST.search(word)
        if found is None:
            if "{" in word or "}" in word:
                raise UsageError(f"{selector!r}: a brace has no partner.", "Write {a,b}.")
            done.append(word)
            continue
        choices = found.group(1).split(",")
        if len(todo) + len(done) + len(choices) > _MOST:
            raise UsageError(f"The braces of a selector make more than {_MOST} names.", "Use globs instead.")
        todo[:0] = [word[: found.start()] + choice + word[found.end() :] for choice in choices]
    return tuple(dict.fromkeys(done))


def is_pattern(word: str) -> bool:
    """Whether the word has a glob's marks: `*`, `?` or `[`."""
    return any(mark in word for mark in "*?[")


def matches(selector: str, name: str) -> bool:
    """Whether one of the selector's words fits the name; a word without `/` may fit a part of a name with one.

    This is the test for `targets` and `subject` in seatrial.toml; which platforms a selector names is
    `Catalogue.select`. A glob's `*` fits `/` too. Raises UsageError for a brace without partner.
    """
    parts = (name, *name.split("/")) if "/" in name else (name,)
    for word in braces(selector):
        if any(fnmatchcase(part, word) for part in (parts if "/" not in word else (name,))):
            return True
    return False

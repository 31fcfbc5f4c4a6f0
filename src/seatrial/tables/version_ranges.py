"""Ranges of dotted versions, as tables write them: ">=7.2, <8.0"; "" holds every version."""

import re

__all__ = ["check_range", "holds", "numbers"]

_TERM = re.compile(r"(>=|<=|<|>|==)\s*(\d+(?:\.\d+)*)$")


def numbers(version: str) -> tuple[int, ...]:
    """The leading dotted numbers of a version, without trailing zeros: "go1.23.0" is (1, 23), "7.2+dfsg" is (7, 2)."""
    match = re.match(r"(?:go|v)?(\d+(?:\.\d+)*)", version)
    found = [int(part) for part in match[1].split(".")] if match else []
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def _terms(text: str) -> list[tuple[str, tuple[int, ...]]]:
    terms = []
    for term in text.split(",") if text else []:
        match = _TERM.match(term.strip())
        if match is None:
            raise ValueError(f"{term.strip()!r} is no version range such as '>=7.2'")
        terms.append((match[1], numbers(match[2])))
    return terms


def check_range(text: str) -> None:
    """Raises ValueError for a text that is no range."""
    _terms(text)


def holds(text: str, version: str) -> bool:
    """Whether the range holds this version. A version that is not known ("") is only in the range of all."""
    terms = _terms(text)
    have = numbers(version)
    if terms and not have:
        return False
    outcomes = {
        ">=": lambda want: have >= want,
        "<=": lambda want: have <= want,
        ">": lambda want: have > want,
        "<": lambda want: have < want,
        "==": lambda want: have == want,
    }
    return all(outcomes[sign](want) for sign, want in terms)

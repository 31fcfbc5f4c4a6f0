"""Braces and globs over names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.errors import UsageError
from seatrial.platforms.selectors import braces, matches

WORD = st.text(st.characters(codec="ascii", exclude_characters="{},"), max_size=8)


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("a", ("a",)),
        ("{a,b}", ("a", "b")),
        ("x{a,b}y", ("xay", "xby")),
        ("{a,b}{c,d}", ("ac", "ad", "bc", "bd")),
        ("{a,b{c,d}}", ("a", "bc", "bd")),
        ("{a,a}", ("a",)),
        ("{a,}x", ("ax", "x")),
        ("", ("",)),
    ],
)
def test_braces(selector: str, words: tuple[str, ...]) -> None:
    assert braces(selector) == words


@given(WORD, st.lists(WORD, min_size=1, max_size=5), WORD)
def test_braces_are_the_choices_in_their_place(before: str, choices: list[str], after: str) -> None:
    expected = tuple(dict.fromkeys(before + choice + after for choice in choices))
    assert braces(f"{before}{{{','.join(choices)}}}{after}") == expected


@pytest.mark.parametrize("selector", ["{", "}", "a}b{c", "{a,{b}", "{a}}"])
def test_a_brace_without_partner(selector: str) -> None:
    with pytest.raises(UsageError, match="no partner"):
        braces(selector)


@pytest.mark.parametrize(
    ("selector", "name", "fits"),
    [
        ("kylin*", "kylin-v10-sp3/ft-2000-4", True),
        ("kylin-v10-sp3", "kylin-v10-sp3/ft-2000-4", True),
        ("ft-2000-4", "kylin-v10-sp3/ft-2000-4", True),
        ("*/ft-*", "kylin-v10-sp3/ft-2000-4", True),
        ("{debian-12,kylin*}/*", "kylin-v10-sp3/ft-2000-4", True),
        ("kylin-v10", "kylin-v10-sp3/ft-2000-4", False),
        ("*/kx*", "kylin-v10-sp3/ft-2000-4", False),
        ("*", "anything at all", True),
        ("lib*", "libz.so.1", True),
        ("lib?", "libz.so.1", False),
    ],
)
def test_matches(selector: str, name: str, fits: bool) -> None:
    assert matches(selector, name) is fits


@given(st.text(st.characters(exclude_characters="{}*?["), min_size=1, max_size=20))
def test_a_name_matches_itself(name: str) -> None:
    assert matches(name, name)

"""Long lines on a terminal."""

import pytest

from seatrial.cli.wrapping import wrapped


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("  label  one two three", "  label  one\n         two\n         three"),
        ("  label  onetwothreefour five", "  label  onetwothreefour\n         five"),
        ("short", "short"),
        (
            "  x      它需要什么，它最低",
            "  x      它\n         需\n         要\n         什\n         么，\n         它\n         最\n         低",
        ),
    ],
)
def test_lines_of_twelve_columns(text: str, told: str) -> None:
    assert wrapped(text, 12, 9) == told
    assert wrapped(text, None, 9) == text


def test_chinese_is_broken_between_characters_and_never_before_a_comma() -> None:
    lines = wrapped("库的版本，库的版本。CGO_ENABLED=0 构建", 9).split("\n")
    assert lines == ["库的版", "本，库的", "版本。", "CGO_ENABLED=0", "构建"]

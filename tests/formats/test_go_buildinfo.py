"""Go build information: its text form, and what is damaged."""

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.formats.go_buildinfo import parse_module_info, unquote
from seatrial.formats.window import Malformed
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, GoBuildInfo
from support import go_info
from support.elf_writer import Elf, Part

Read = Callable[[bytes], BinaryFacts]


@pytest.mark.parametrize(
    ("quoted", "value"),
    [
        (b'""', b""),
        (b'"a b"', b"a b"),
        (rb'"\a\b\f\n\r\t\v\\\""', b'\a\b\f\n\r\t\v\\"'),
        (rb'"\x41\101A\U00000041"', b"AAAA"),
        (rb'"\u4e2d"', "中".encode()),
        (b"`raw \\n`", b"raw \\n"),
        ('"中文"'.encode(), "中文".encode()),
    ],
)
def test_go_string_literals(quoted: bytes, value: bytes) -> None:
    assert unquote(quoted) == value


@pytest.mark.parametrize(
    "text", [b'"', b'"a', b'a"', b'"a"b"', rb'"\q"', rb'"\x4"', rb'"\ud800"', rb'"\U00110000"', b"`"]
)
def test_what_is_no_string_literal(text: bytes) -> None:
    with pytest.raises(Malformed):
        unquote(text)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=50))
def test_any_value_survives_quoting(value: str) -> None:
    quoted = '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
    assert unquote(quoted.encode()) == value.encode()


@given(
    st.dictionaries(st.text(string.ascii_letters, min_size=1), st.text(string.ascii_letters + string.digits + "=-/"))
)
def test_any_settings_are_read_back(settings: dict[str, str]) -> None:
    text = "".join(f"build\t{key}={value}\n" for key, value in settings.items())
    assert parse_module_info("go1.27.3", text.encode()).settings == settings


@given(st.binary(max_size=200))
def test_no_text_ends_in_another_exception(raw: bytes) -> None:
    lines = [b"build\t" + raw, b"mod\t" + raw, b"dep\ta\tb\n=>\t" + raw, raw]
    for line in lines:
        try:
            assert isinstance(parse_module_info("go1.27.3", line), GoBuildInfo)
        except Malformed as error:
            assert str(error)


def test_no_information_is_no_problem_of_the_file(facts_of: Read) -> None:
    facts = facts_of(Elf((Part(b"x"),)).build())
    assert (facts.go, facts.problems) == (Unknown("no Go build information"), ())
    assert facts.go_target is None


def test_a_program_without_modules_has_a_version(facts_of: Read) -> None:
    facts = facts_of(Elf((Part(go_info.inline("go1.20", ""), ".go.buildinfo", flags=3),)).build())
    assert facts.go == GoBuildInfo("go1.20")


def test_information_that_is_not_aligned_is_not_taken(facts_of: Read) -> None:
    """The magic also stands as text in programs that read other programs."""
    text, real = b"\xff Go buildinf: is text", go_info.inline("go1.27.3", go_info.modules())
    content = (b"12345678" + text).ljust(64, b"\0") + real
    facts = facts_of(Elf((Part(content, ".data", flags=3),), with_sections=False).build())
    assert isinstance(facts.go, GoBuildInfo)


@pytest.mark.parametrize(
    "damaged",
    [
        go_info.inline("go1.27.3", go_info.modules())[:60],
        b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\xff" * 10,
        b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\xff\xff\xff\xff\x0f",
        b"\xff Go buildinf:\x07\x00" + bytes(16),
        b"\xff Go buildinf:\x08\x00" + b"\xff" * 16,
        b"\xff Go buildinf:\x08\x02" + bytes(18),
        go_info.inline("go1.27.3", "mod\tone\n" + "x" * 20 + "\n"),
        go_info.inline("go1.27.3", 'build\t-tags="open\n' + "x" * 20 + "\n"),
        go_info.inline("go1.27.3", "build\tnothing\n" + "x" * 20 + "\n"),
    ],
)
def test_damaged_information_is_unknown_and_a_problem(facts_of: Read, damaged: bytes) -> None:
    facts = facts_of(Elf((Part(damaged, ".go.buildinfo", flags=3),), with_sections=False).build())
    assert isinstance(facts.go, Unknown)
    assert [line for line in facts.problems if line.startswith("Go build information: ")]

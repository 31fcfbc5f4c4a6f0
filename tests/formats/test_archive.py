"""The reader of ar archives."""

from collections.abc import Callable

import pytest

from seatrial.errors import UsageError
from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind, NeededSymbol
from support.elf_writer import Elf, Names, Part, Symbol, symbol_table
from support.macho_writer import archive

Read = Callable[[bytes], BinaryFacts]


def elf_object() -> bytes:
    elf, names = Elf(type=1), Names()
    table = symbol_table(elf, (Symbol("puts"), Symbol("Start", defined=True)), names)
    parts = (Part(b"\x90", ".text", flags=6), Part(table, ".symtab", 2, link=".strtab"), Part(names.raw, ".strtab", 3))
    return Elf(parts, type=1).build()


@pytest.mark.parametrize("form", ["gnu", "bsd", "coff"])
@pytest.mark.parametrize("name", ["go.o", "a_rather_long_name_of_an_object.o"])
def test_the_first_object_speaks_for_the_archive(facts_of: Read, form: str, name: str) -> None:
    facts = facts_of(archive(("README", b"text"), (name, elf_object()), ("000001.o", elf_object()), form=form))
    assert (facts.format, facts.kind, facts.goarch) == (BinaryFormat.ARCHIVE, Kind.ARCHIVE, "amd64")
    assert facts.imports == (NeededSymbol("puts"),)
    assert facts.exports == ("Start",)
    assert [member.path.rpartition("/")[2] for member in facts.members] == [f"file({name})"]
    assert facts.problems == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"!<arch>\n", "holds no ELF, Mach-O or COFF object"),
        (archive(("text", b"plain text")), "text is none"),
        (b"!<thin>\n" + bytes(60), "thin archive"),
        (b"!<arch>\nshort", "inside the header of a member"),
        (b"!<arch>\n" + b"x" * 60, "damaged"),
        (b"!<arch>\n" + b"#1/99999".ljust(48) + b"10".ljust(10) + b"`\n" + bytes(10), "damaged"),
    ],
)
def test_what_is_no_archive_of_objects(facts_of: Read, content: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        facts_of(content)


def test_a_member_that_is_cut_is_read_as_far_as_it_goes(facts_of: Read) -> None:
    made = elf_object()
    shoff = int.from_bytes(made[40:48], "little")
    whole = archive(("go.o", made))
    facts = facts_of(whole[: len(whole) - (len(made) - shoff)])
    assert facts.problems[0].startswith("member go.o: its last ")
    assert facts.goarch == "amd64"

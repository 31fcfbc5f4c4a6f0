"""Small files that ask for endless work: tables that overlap, so that every count is true and their product is not."""

import struct
import time
from collections.abc import Callable

import pytest

from seatrial.errors import UsageError
from seatrial.formats.image import read_image
from seatrial.formats.window import Window
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts
from support.elf_writer import Elf, Part, note
from support.macho_writer import ARM64, Macho, archive
from support.pe_writer import FIRST, Pe

Read = Callable[[bytes], BinaryFacts]
SECONDS = 5


@pytest.fixture
def quick(facts_of: Read) -> Read:
    """Reads, and fails when that takes more processor time than a hostile file is worth."""

    def read(content: bytes) -> BinaryFacts:
        started = time.process_time()
        try:
            return facts_of(content)
        finally:
            assert time.process_time() - started < SECONDS

    return read


def elf_with_segments(count: int, type_: int, flags: int, content: bytes) -> bytes:
    """A file whose program headers all cover the same content."""
    elf = Elf(osabi=3)
    at = 64 + 56 * count
    header = elf.pack("IIQQQQQQ", type_, flags, at, 0x10000, 0, len(content), len(content), 4)
    head = b"\x7fELF\2\1\1\3" + bytes(8)
    head += elf.pack("HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, count, 64, 0, 0)
    return head + header * count + content


def test_sixty_thousand_headers_of_the_same_notes(quick: Read) -> None:
    notes = note(b"none", 1, b"content!") * 20_000
    assert quick(elf_with_segments(60_000, 4, 4, notes)).bits == 64


@pytest.mark.parametrize("flags", [4, 6])
def test_sixty_thousand_segments_of_the_same_bytes(quick: Read, flags: int) -> None:
    facts = quick(elf_with_segments(60_000, 1, flags, b"no mark here" * 400_000))
    assert (facts.libc, facts.go) == ("", Unknown("no Go build information"))


def test_problems_are_not_as_many_as_headers() -> None:
    elf = Elf()
    headers = b"".join(elf.pack("IIQQQQQQ", 1, 4, 1 << 40, 0, 0, number + 1, 0, 4) for number in range(60_000))
    made = elf_with_segments(60_000, 1, 4, b"")[:64] + headers
    assert len(read_image(Window(made, 0, len(made)), "made").problems) == 100


def test_relocation_sections_that_overlap(quick: Read) -> None:
    rela = bytes(24 * 100_000)
    elf = Elf((Part(b"\x90", ".text", flags=6), Part(rela, ".rela", 4, info=1)), type=1)
    made = elf.build()
    shoff = struct.unpack_from("<Q", made, 40)[0]
    row = made[shoff + 128 : shoff + 192]
    count = 20_000
    crowded = made[:shoff] + made[shoff : shoff + 128] + row * count
    patched = crowded[:60] + struct.pack("<HH", count + 2, 0) + crowded[64:]
    facts = quick(patched)
    assert facts.relocations == Unknown("the relocation tables sum to more bytes than the file has")


def test_many_sections_and_many_imports(quick: Read) -> None:
    made = Pe(imports=(("a.dll", tuple(range(1, 50_000))),)).build()
    at = made.index(b".data\0\0\0")
    start = struct.unpack_from("<I", made, 0x3C)[0]
    count, shift = 60_000, 60_000 * 40
    size = len(made) - 0x400
    sections = struct.pack("<8sIIIIIIHHI", b".data", size, FIRST, size, 0x400 + shift, 0, 0, 0, 0, 0xC0000040)
    for number in range(1, count):
        sections += struct.pack("<8sIIIIIIHHI", b"x", 1, 0x10000000 + number, 1, 0, 0, 0, 0, 0, 0xC0000040)
    crowded = bytearray(made[:at] + sections + made[at + 40 :])
    struct.pack_into("<H", crowded, start + 6, count)
    facts = quick(bytes(crowded[: 0x400 + shift]) + made[0x400:])
    assert facts.libraries == ("a.dll",)


def test_load_commands_without_end(quick: Read) -> None:
    made = Macho().build()
    commands = struct.pack("<II", 0x1B, 8) * 1_000_000
    header = made[:16] + struct.pack("<II", 1_000_000, len(commands)) + made[24:32]
    with pytest.raises(UsageError, match="more than the 65536 that are read"):
        quick(header + commands)


def test_architectures_that_overlap(quick: Read) -> None:
    content = Macho().build() + bytes(5_000_000)
    at = 8 + 20 * 42
    table = struct.pack(">IIIII", ARM64, 0, at, len(content), 0) * 42
    with pytest.raises(UsageError, match="its architectures overlap"):
        quick(struct.pack(">II", 0xCAFEBABE, 42) + table + content)


def test_an_archive_of_very_many_members(quick: Read) -> None:
    members = archive(("text", b"x"))[8:] * 100_000
    with pytest.raises(UsageError, match="holds no ELF, Mach-O or COFF object"):
        quick(b"!<arch>\n" + members)

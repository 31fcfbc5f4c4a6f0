"""The request to the reader (the Go program in `seatrial/reader`): where the parts of a binary stand in its file.

The containers are read here, once; the reader walks what they hold.
"""

from collections.abc import Iterable

import msgspec

from seatrial.formats.archive import is_archive, read_members
from seatrial.formats.description import Description, MappedPart, NamedPart, SymbolTable
from seatrial.formats.elf import read_elf_headers
from seatrial.formats.elf_description import describe_elf
from seatrial.formats.import_slots import macho_slots, pe_slots, readable_slots
from seatrial.formats.macho import MAGIC_UNIVERSAL, MAGIC_UNIVERSAL_64, MachoImage, read_macho_headers, read_slices
from seatrial.formats.macho_facts import LC_SYMTAB
from seatrial.formats.pe import SCN_EXECUTE, SCN_READ, SCN_WRITE, PeImage, PeSection, read_pe_headers
from seatrial.formats.window import Malformed, Window
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts
from seatrial.tables.binary_formats import load

__all__ = ["Member", "describe"]

_COFF_SYMBOL = 18
_MH_OBJECT = 1
_VM_FLAGS = ((1, "r"), (2, "w"), (4, "x"))
_SCN_FLAGS = ((SCN_READ, "r"), (SCN_WRITE, "w"), (SCN_EXECUTE, "x"))
_UNIVERSAL = tuple(magic.to_bytes(4, "big") for magic in (MAGIC_UNIVERSAL, MAGIC_UNIVERSAL_64))
_MACHO_CODE = ("__text", "__stubs", "__symbol_stub1", "__stub_helper")


class Member(msgspec.Struct, frozen=True):
    """The bytes of a file that hold one binary: all of them, or a member of a universal file or an archive."""

    offset: int
    size: int
    image: Description


def describe(window: Window, facts: BinaryFacts) -> Member:
    """The member of the file that the facts tell of, and its parts. Raises Malformed."""
    part = _member(window, facts)
    magic = part.read(0, min(4, part.size), "the first bytes")
    inner = facts.members[0] if isinstance(facts.goarch, Unknown) and facts.members else facts
    about = Description(
        goos=inner.goos if isinstance(inner.goos, str) else "",
        goarch=inner.goarch if isinstance(inner.goarch, str) else "",
        bits=inner.bits,
        endian=inner.endian,
    )
    if magic.startswith(b"\x7fELF"):
        image = describe_elf(read_elf_headers(part), msgspec.structs.replace(about, format="elf"))
    elif magic.startswith(b"MZ"):
        image = _pe(read_pe_headers(part), msgspec.structs.replace(about, format="pe"))
    elif magic[:2] in {row.number.to_bytes(2, "little") for row in load().pe_machine}:
        raise Malformed("a COFF object is not laid out before it is linked: its Go metadata cannot be read")
    else:
        image = _macho(read_macho_headers(part), msgspec.structs.replace(about, format="macho"))
    return Member(part.start, part.size, image)


def _member(window: Window, facts: BinaryFacts) -> Window:
    magic = window.read(0, min(8, window.size), "the first bytes")
    if magic.startswith(_UNIVERSAL):
        cpus = {row.number: row.goarch for row in load().macho_cpu}
        goarch = facts.goarch if isinstance(facts.goarch, str) else facts.members[0].goarch
        for part in read_slices(window):
            if cpus.get(part.cpu) == goarch:
                return _member(window.part(part.offset, part.size, "an architecture"), facts)
        raise Malformed(f"the universal file has no architecture {goarch}")
    if is_archive(magic):
        wanted = facts.members[0].path if facts.members else facts.path
        for member in read_members(window):
            if wanted.endswith(f"({member.name})"):
                return window.part(member.offset, min(member.size, window.size - member.offset), "a member")
        raise Malformed(f"the archive has no member {wanted}")
    return window


def _flags(number: int, letters: Iterable[tuple[int, str]]) -> str:
    return "".join(letter for bit, letter in letters if number & bit)


def _pe(image: PeImage, about: Description) -> Description:
    names = image.symbols_at + image.symbols * _COFF_SYMBOL
    tables: tuple[SymbolTable, ...] = ()
    if image.symbols and names < image.window.size:
        tables = (SymbolTable("coff", image.symbols_at, image.symbols, names, image.window.size - names),)
    sections = tuple(_pe_section(part, image.image_base) for part in image.sections)
    return msgspec.structs.replace(
        about,
        base=image.image_base,
        segments=tuple(
            MappedPart(part.name, part.address, part.offset, part.size, part.memory_size, part.flags)
            for part in sections
        ),
        sections=sections,
        symbol_tables=tables,
        slots=readable_slots(lambda: pe_slots(image)),
    )


def _pe_section(part: PeSection, base: int) -> NamedPart:
    # What is in the file beyond the virtual size is padding.
    size = min(part.size, part.virtual_size or part.size)
    memory = part.virtual_size or part.size
    return NamedPart(part.name, base + part.address, part.offset, size, memory, _flags(part.flags, _SCN_FLAGS))


def _macho(image: MachoImage, about: Description) -> Description:
    if image.file_type == _MH_OBJECT:
        raise Malformed("a Mach-O object is not laid out before it is linked: its Go metadata cannot be read")
    tables = []
    for command in image.of(LC_SYMTAB)[:1]:
        offset, count, names, size = command.window.numbers("IIII", 8, "LC_SYMTAB")
        tables.append(SymbolTable("macho", offset, count, names, size))
    segments = tuple(
        MappedPart(
            part.name,
            part.address,
            part.offset,
            part.file_size,
            part.memory_size,
            _flags(part.protection, _VM_FLAGS),
        )
        for part in image.segments
    )
    flags = {segment.name: segment.flags for segment in segments}
    sections = tuple(
        NamedPart(
            part.name,
            part.address,
            part.offset,
            part.size if part.offset else 0,
            part.size,
            # Constants stand in __TEXT too, which is mapped for execution as a whole.
            flags.get(part.segment, "") if part.name in _MACHO_CODE else flags.get(part.segment, "").replace("x", ""),
        )
        for part in image.sections
    )
    slots = readable_slots(lambda: macho_slots(image))
    return msgspec.structs.replace(
        about, segments=segments, sections=sections, symbol_tables=tuple(tables), slots=slots
    )

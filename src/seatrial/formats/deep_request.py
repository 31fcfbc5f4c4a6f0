"""What the reader (the Go program in `seatrial/reader`) is told of a binary: where its parts stand in the file.

The containers are read here, once; the reader walks what they hold.
"""

from collections.abc import Iterable

import msgspec

from seatrial.formats.archive import is_archive, read_members
from seatrial.formats.elf import (
    PF_R,
    PF_W,
    PF_X,
    PT_LOAD,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHT_DYNSYM,
    SHT_NOBITS,
    SHT_SYMTAB,
    ElfImage,
    read_elf_headers,
)
from seatrial.formats.elf_dynamic import DT_STRSZ, DT_STRTAB, DT_SYMTAB, Dynamic, dynamic_symbol_count, read_dynamic
from seatrial.formats.elf_relocations import dynamic_tables
from seatrial.formats.macho import MAGIC_UNIVERSAL, MAGIC_UNIVERSAL_64, MachoImage, read_macho_headers, read_slices
from seatrial.formats.macho_facts import LC_SYMTAB
from seatrial.formats.pe import SCN_EXECUTE, SCN_READ, SCN_WRITE, PeImage, read_coff_object, read_pe_headers
from seatrial.formats.window import Malformed, Problems, Window
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, NeededSymbol
from seatrial.tables.binary_formats import load

__all__ = ["Description", "Member", "describe"]

_SHF_WRITE, _SHF_COMPRESSED = 1, 0x800
_COFF_SYMBOL = 18
_VM_FLAGS = ((1, "r"), (2, "w"), (4, "x"))
_PF_FLAGS = ((PF_R, "r"), (PF_W, "w"), (PF_X, "x"))
_SCN_FLAGS = ((SCN_READ, "r"), (SCN_WRITE, "w"), (SCN_EXECUTE, "x"))
_UNIVERSAL = tuple(magic.to_bytes(4, "big") for magic in (MAGIC_UNIVERSAL, MAGIC_UNIVERSAL_64))


class MappedPart(msgspec.Struct, frozen=True):
    """A segment. Sizes and addresses in bytes; flags are some of "rwx"."""

    name: str
    address: int
    offset: int
    file_size: int
    memory_size: int
    flags: str


class NamedPart(msgspec.Struct, frozen=True):
    """A section. `flags` is "" where nothing maps it."""

    name: str
    address: int
    offset: int
    size: int
    memory_size: int
    flags: str
    compressed: bool = False


class SymbolTable(msgspec.Struct, frozen=True):
    """`form`: elf, macho or coff."""

    form: str
    offset: int
    count: int
    names_offset: int
    names_size: int
    dynamic: bool = False


class RelocationTable(msgspec.Struct, frozen=True):
    offset: int
    size: int
    addend: bool
    relative: tuple[int, ...]
    symbolic: tuple[int, ...]
    mips64: bool


class Description(msgspec.Struct, frozen=True):
    """`image.Description` of the reader."""

    goos: str
    goarch: str
    format: str
    bits: int
    endian: str
    base: int
    segments: tuple[MappedPart, ...]
    sections: tuple[NamedPart, ...]
    symbol_tables: tuple[SymbolTable, ...]
    relocations: tuple[RelocationTable, ...]
    imports: tuple[NeededSymbol, ...]


class Member(msgspec.Struct, frozen=True):
    """The bytes of a file that hold one binary: all of them, or a member of a universal file or an archive."""

    offset: int
    size: int
    image: Description


def describe(window: Window, facts: BinaryFacts) -> Member:
    """The member of the file that the facts tell of, and its parts. Raises Malformed."""
    part = _member(window, facts)
    magic = part.read(0, min(4, part.size), "the first bytes")
    if magic.startswith(b"\x7fELF"):
        return Member(part.start, part.size, _elf(read_elf_headers(part), facts))
    if magic.startswith(b"MZ"):
        return Member(part.start, part.size, _pe(read_pe_headers(part), facts))
    if magic[:2] in {row.number.to_bytes(2, "little") for row in load().pe_machine}:
        return Member(part.start, part.size, _pe(read_coff_object(part), facts))
    return Member(part.start, part.size, _macho(read_macho_headers(part), facts))


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


def _description(
    facts: BinaryFacts,
    form: str,
    bits: int,
    base: int,
    segments: Iterable[MappedPart],
    sections: Iterable[NamedPart],
    symbol_tables: Iterable[SymbolTable],
    relocations: Iterable[RelocationTable] = (),
) -> Description:
    inner = facts.members[0] if isinstance(facts.goarch, Unknown) and facts.members else facts
    return Description(
        goos=inner.goos if isinstance(inner.goos, str) else "",
        goarch=inner.goarch if isinstance(inner.goarch, str) else "",
        format=form,
        bits=bits,
        endian=inner.endian,
        base=base,
        segments=tuple(segments),
        sections=tuple(sections),
        symbol_tables=tuple(symbol_tables),
        relocations=tuple(relocations),
        imports=inner.imports if isinstance(inner.imports, tuple) else (),
    )


def _flags(number: int, letters: Iterable[tuple[int, str]]) -> str:
    return "".join(letter for bit, letter in letters if number & bit)


def _elf(image: ElfImage, facts: BinaryFacts) -> Description:
    sections = () if isinstance(image.sections, Unknown) else image.sections
    problems = Problems()  # already told by read_binary
    dynamic = problems.attempt("dynamic section", lambda: read_dynamic(image))
    tables = [
        SymbolTable(
            "elf",
            section.offset,
            section.size // (24 if image.is_64 else 16),
            sections[section.link].offset,
            sections[section.link].size,
            section.type == SHT_DYNSYM,
        )
        for section in sections
        if section.type in (SHT_SYMTAB, SHT_DYNSYM) and section.link < len(sections)
    ]
    relocations: tuple[RelocationTable, ...] = ()
    if isinstance(dynamic, Dynamic):
        if not any(table.dynamic for table in tables):
            tables += problems.attempt_or([], "dynamic symbols", lambda: _dynamic_symbols(dynamic))
        relocations = problems.attempt_or((), "relocations", lambda: _relocations(image, dynamic))
    return _description(
        facts,
        "elf",
        image.bits,
        0,
        (
            MappedPart("", part.address, part.offset, part.file_size, part.memory_size, _flags(part.flags, _PF_FLAGS))
            for part in image.segments(PT_LOAD)
        ),
        (
            NamedPart(
                section.name,
                section.address,
                section.offset,
                0 if section.type == SHT_NOBITS else section.size,
                section.size,
                _section_flags(section.flags),
                bool(section.flags & _SHF_COMPRESSED),
            )
            for section in sections
        ),
        tables,
        relocations,
    )


def _section_flags(flags: int) -> str:
    if not flags & SHF_ALLOC:
        return ""
    return "r" + ("w" if flags & _SHF_WRITE else "") + ("x" if flags & SHF_EXECINSTR else "")


def _dynamic_symbols(dynamic: Dynamic) -> list[SymbolTable]:
    if DT_SYMTAB not in dynamic.tags:
        return []
    memory = dynamic.image.memory
    table, _ = memory.offset(dynamic.value(DT_SYMTAB), "the dynamic symbol table")
    names, _ = memory.offset(dynamic.value(DT_STRTAB), "the dynamic string table")
    return [SymbolTable("elf", table, dynamic_symbol_count(dynamic, 0), names, dynamic.value(DT_STRSZ), True)]


def _relocations(image: ElfImage, dynamic: Dynamic) -> tuple[RelocationTable, ...]:
    machine = load().machine(image.machine)
    if machine is None:
        return ()
    mips64 = machine.name == "EM_MIPS" and image.is_64
    relative, symbolic = tuple(sorted(machine.relative)), tuple(sorted(machine.symbolic))
    return tuple(
        RelocationTable(window.start - image.window.start, window.size, addend, relative, symbolic, mips64)
        for window, addend in dynamic_tables(dynamic)
    )


def _pe(image: PeImage, facts: BinaryFacts) -> Description:
    names = image.symbols_at + image.symbols * _COFF_SYMBOL
    known = bool(image.symbols) and names < image.window.size
    bits = image.bits or facts.bits
    return _description(
        facts,
        "pe",
        bits,
        image.image_base,
        (
            MappedPart(
                part.name,
                image.image_base + part.address,
                part.offset,
                min(part.size, part.virtual_size) if part.virtual_size else part.size,
                part.virtual_size or part.size,
                _flags(part.flags, _SCN_FLAGS),
            )
            for part in image.sections
        ),
        (
            NamedPart(
                part.name,
                image.image_base + part.address,
                part.offset,
                min(part.size, part.virtual_size) if part.virtual_size else part.size,
                part.virtual_size or part.size,
                _flags(part.flags, _SCN_FLAGS),
            )
            for part in image.sections
        ),
        [SymbolTable("coff", image.symbols_at, image.symbols, names, image.window.size - names)] if known else (),
    )


def _macho(image: MachoImage, facts: BinaryFacts) -> Description:
    protection = {segment.name: _flags(segment.protection, _VM_FLAGS) for segment in image.segments}
    tables = []
    for command in image.of(LC_SYMTAB)[:1]:
        offset, count, names, size = command.window.numbers("IIII", 8, "LC_SYMTAB")
        tables.append(SymbolTable("macho", offset, count, names, size))
    return _description(
        facts,
        "macho",
        image.bits,
        0,
        (
            MappedPart(
                part.name,
                part.address,
                part.offset,
                part.file_size,
                part.memory_size,
                _flags(part.protection, _VM_FLAGS),
            )
            for part in image.segments
        ),
        (
            NamedPart(
                part.name,
                part.address,
                part.offset,
                part.size if part.offset else 0,
                part.size,
                _macho_flags(part.name, protection.get(part.segment, "")),
            )
            for part in image.sections
        ),
        tables,
    )


def _macho_flags(name: str, flags: str) -> str:
    # Constants stand in __TEXT too, which is mapped for execution as a whole.
    return flags if name in ("__text", "__stubs", "__stub_helper") else flags.replace("x", "")

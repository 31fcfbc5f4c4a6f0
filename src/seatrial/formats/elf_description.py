"""Where the parts of an ELF file stand, for the reader. An object file is laid out as if it were loaded."""

import msgspec

from seatrial.formats.description import Description, MappedPart, NamedPart, RelocationTable, SymbolTable
from seatrial.formats.elf import (
    ET_REL,
    PF_R,
    PF_W,
    PF_X,
    PT_LOAD,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHT_DYNSYM,
    SHT_NOBITS,
    SHT_REL,
    SHT_RELA,
    SHT_SYMTAB,
    ElfImage,
    Section,
)
from seatrial.formats.elf_dynamic import DT_STRSZ, DT_STRTAB, DT_SYMTAB, Dynamic, dynamic_symbol_count, read_dynamic
from seatrial.formats.elf_mips import mips_slots
from seatrial.formats.elf_relocations import loaded_tables
from seatrial.formats.import_slots import readable_slots
from seatrial.formats.window import Problems
from seatrial.model.absence import Unknown
from seatrial.tables.binary_formats import load

__all__ = ["describe_elf"]

_SHF_WRITE, _SHF_COMPRESSED = 1, 0x800
_PF_FLAGS = ((PF_R, "r"), (PF_W, "w"), (PF_X, "x"))
_OBJECT_START, _OBJECT_ALIGN = 0x10000, 0x1000


def describe_elf(image: ElfImage, about: Description) -> Description:
    """`about` with the parts of the file."""
    sections = () if isinstance(image.sections, Unknown) else image.sections
    tables = {
        index: SymbolTable(
            "elf",
            section.offset,
            section.size // (24 if image.is_64 else 16),
            sections[section.link].offset,
            sections[section.link].size,
            section.type == SHT_DYNSYM,
        )
        for index, section in enumerate(sections)
        if section.type in (SHT_SYMTAB, SHT_DYNSYM) and section.link < len(sections)
    }
    if image.type == ET_REL:
        return _object(image, about, sections, tables)
    problems = Problems()  # already told by read_binary
    dynamic = problems.attempt("dynamic section", lambda: read_dynamic(image))
    symbols = tuple(tables.values())
    if isinstance(dynamic, Dynamic) and not any(table.dynamic for table in symbols):
        more = problems.attempt("dynamic symbols", lambda: _dynamic_symbols(dynamic))
        symbols += more if isinstance(more, tuple) else ()
    number = next((index for index, table in enumerate(symbols) if table.dynamic), -1)
    relocations: tuple[RelocationTable, ...] = ()
    slots: dict[int, str] = {}
    if isinstance(dynamic, Dynamic) and about.goarch.startswith("mips"):
        slots = readable_slots(lambda: mips_slots(dynamic))
    if not isinstance(dynamic, Unknown):
        relocations = problems.attempt_or((), "relocations", lambda: _relocations(image, dynamic, number))
    return msgspec.structs.replace(
        about,
        segments=tuple(
            MappedPart(
                "",
                part.address,
                part.offset,
                part.file_size,
                part.memory_size,
                "".join(letter for bit, letter in _PF_FLAGS if part.flags & bit),
            )
            for part in image.segments(PT_LOAD)
        ),
        sections=tuple(_named(section, section.address) for section in sections),
        symbol_tables=symbols,
        relocations=relocations,
        slots=slots,
    )


def _named(section: Section, address: int) -> NamedPart:
    size = 0 if section.type == SHT_NOBITS else section.size
    compressed = bool(section.flags & _SHF_COMPRESSED)
    return NamedPart(section.name, address, section.offset, size, section.size, _flags(section.flags), compressed)


def _flags(flags: int) -> str:
    if not flags & SHF_ALLOC:
        return ""
    return "r" + ("w" if flags & _SHF_WRITE else "") + ("x" if flags & SHF_EXECINSTR else "")


def _dynamic_symbols(dynamic: Dynamic) -> tuple[SymbolTable, ...]:
    if DT_SYMTAB not in dynamic.tags:
        return ()
    memory = dynamic.image.memory
    table, _ = memory.offset(dynamic.value(DT_SYMTAB), "the dynamic symbol table")
    names, _ = memory.offset(dynamic.value(DT_STRTAB), "the dynamic string table")
    return (SymbolTable("elf", table, dynamic_symbol_count(dynamic, 0), names, dynamic.value(DT_STRSZ), True),)


def _relocations(image: ElfImage, dynamic: Dynamic | None, symbols: int) -> tuple[RelocationTable, ...]:
    machine = load().machine(image.machine)
    if machine is None:
        return ()
    mips64 = machine.name == "EM_MIPS" and image.is_64
    relative, symbolic = tuple(sorted(machine.relative)), tuple(sorted(machine.symbolic))
    return tuple(
        RelocationTable(window.start - image.window.start, window.size, addend, relative, symbolic, (), mips64, symbols)
        for window, addend in loaded_tables(image, dynamic)
    )


def _object(
    image: ElfImage, about: Description, sections: tuple[Section, ...], tables: dict[int, SymbolTable]
) -> Description:
    """Each section that would be loaded gets an address of its own, and is a segment."""
    machine = load().machine(image.machine)
    addresses = []
    at = _OBJECT_START
    for section in sections:
        addresses.append(at if section.flags & SHF_ALLOC else 0)
        at += -(-section.size // _OBJECT_ALIGN) * _OBJECT_ALIGN if section.flags & SHF_ALLOC else 0
    order = list(tables)
    named = tuple(map(_named, sections, addresses))
    return msgspec.structs.replace(
        about,
        object=True,
        segments=tuple(
            MappedPart(part.name, part.address, part.offset, part.size, part.memory_size, part.flags)
            for part in named
            if part.flags
        ),
        sections=named,
        symbol_tables=tuple(tables.values()),
        relocations=tuple(
            RelocationTable(
                section.offset,
                section.size,
                section.type == SHT_RELA,
                (),
                tuple(sorted(machine.symbolic)),
                tuple(sorted(machine.distance)),
                machine.name == "EM_MIPS" and image.is_64,
                order.index(section.link),
                True,
                addresses[section.info],
            )
            for section in sections
            if machine
            and section.type in (SHT_REL, SHT_RELA)
            and section.link in tables
            and section.info < len(sections)
            and sections[section.info].flags & SHF_ALLOC
        ),
    )

"""ELF headers: the file header, program headers and sections (gABI 4.1, chapters 4 and 5)."""

from typing import NamedTuple

import msgspec

from seatrial.formats.address_space import AddressSpace, Mapping
from seatrial.formats.window import CutOff, Malformed, NameTable, Window
from seatrial.model.absence import Unknown

__all__ = ["ElfImage", "ProgramHeader", "Section", "read_elf_headers"]

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
PT_GNU_STACK = 0x6474E551
PF_X, PF_W, PF_R = 1, 2, 4
SHT_SYMTAB, SHT_RELA, SHT_NOTE, SHT_NOBITS, SHT_REL, SHT_DYNSYM = 2, 4, 7, 8, 9, 11
SHF_ALLOC, SHF_EXECINSTR = 2, 4
ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4

_PN_XNUM = 0xFFFF
_HEADER_LIMIT = 1 << 18
"""Program headers and sections that are read: a core file may have 100,000."""

_MAGIC = b"\x7fELF"


class ProgramHeader(NamedTuple):
    type: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int
    align: int


class Section(NamedTuple):
    name: str
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    entry_size: int


class ElfImage(msgspec.Struct, frozen=True):
    """The headers of one ELF file; `window` reads its bytes in its own byte order."""

    window: Window
    bits: int
    osabi: int
    type: int
    machine: int
    flags: int
    program_headers: tuple[ProgramHeader, ...]
    sections: tuple[Section, ...] | Unknown
    memory: AddressSpace

    @property
    def is_64(self) -> bool:
        return self.bits == 64

    def segments(self, type_: int) -> tuple[ProgramHeader, ...]:
        """The program headers of one type."""
        return tuple(header for header in self.program_headers if header.type == type_)

    def section(self, name: str) -> Section | None:
        """The first section of that name; None where there is none, or where sections cannot be read."""
        sections = () if isinstance(self.sections, Unknown) else self.sections
        return next((section for section in sections if section.name == name), None)

    def contents(self, section: Section) -> Window:
        """The bytes of a section. Raises Malformed when they lie outside or are not in the file (.bss)."""
        if section.type == SHT_NOBITS:
            raise Malformed(f"section {section.name} has no bytes in the file")
        return self.window.part(section.offset, section.size, f"section {section.name}")


def read_elf_headers(window: Window) -> ElfImage:
    """The headers. Raises CutOff for what is no ELF file or ends within its headers.

    Sections that cannot be read are Unknown: nothing that a loader does depends on them.
    """
    ident = window.read(0, min(16, window.size), "the ELF identification")
    if not ident.startswith(_MAGIC):
        raise CutOff("it is no ELF file: it does not begin with \\x7fELF")
    if len(ident) < 16:
        raise CutOff(f"the file ends at byte {window.size}, inside the ELF header")
    class_, data, version, osabi = ident[4:8]
    if class_ not in (1, 2) or data not in (1, 2) or version != 1:
        raise CutOff(f"the ELF header is damaged: class {class_}, byte order {data}, version {version}")
    bits = 64 if class_ == 2 else 32
    window = window.ordered("<" if data == 1 else ">")
    header_size = 64 if bits == 64 else 52
    if window.size < header_size:
        raise CutOff(f"the file ends at byte {window.size}, inside the ELF header ({header_size} bytes)")
    layout = "HHIQQQIHHHHHH" if bits == 64 else "HHIIIIIHHHHHH"
    fields = window.numbers(layout, 16, "the ELF header")
    type_, machine, _, _, phoff, shoff, flags, _, phentsize, phnum, shentsize, shnum, shstrndx = fields
    program_headers = _program_headers(window, bits, phoff, phentsize, phnum, shoff)
    sections = _sections(window, bits, shoff, shentsize, shnum, shstrndx)
    mappings = tuple(
        Mapping(header.address, header.offset, header.file_size, bool(header.flags & PF_W))
        for header in program_headers
        if header.type == PT_LOAD and header.file_size > 0
    )
    memory = AddressSpace(window, mappings)
    return ElfImage(window, bits, osabi, type_, machine, flags, program_headers, sections, memory)


def _program_headers(
    window: Window, bits: int, offset: int, entry_size: int, count: int, shoff: int
) -> tuple[ProgramHeader, ...]:
    if count == 0:
        return ()
    if count == _PN_XNUM:
        # gABI: the real number then stands in sh_info of section 0 (core files).
        at = shoff + (44 if bits == 64 else 28)
        if not window.holds(at, 4):
            raise CutOff("the ELF header names more than 65534 program headers and no section that counts them")
        count = window.numbers("I", at, "section 0")[0]
    expected = 56 if bits == 64 else 32
    if count > _HEADER_LIMIT:
        raise CutOff(f"its {count} program headers are more than the {_HEADER_LIMIT} that are read")
    if entry_size != expected:
        raise CutOff(f"the ELF header is damaged: program headers of {entry_size} bytes, not {expected}")
    if not window.holds(offset, count * expected):
        raise CutOff(
            f"the file ends at byte {window.size}, before the end of its {count} program headers"
            f" ({offset:#x} to {offset + count * expected:#x})"
        )
    headers = []
    for at in range(offset, offset + count * expected, expected):
        if bits == 64:
            type_, flags, place, vaddr, _, filesz, memsz, align = window.numbers("IIQQQQQQ", at, "a program header")
        else:
            type_, place, vaddr, _, filesz, memsz, flags, align = window.numbers("IIIIIIII", at, "a program header")
        headers.append(ProgramHeader(type_, flags, place, vaddr, filesz, memsz, align))
    return tuple(headers)


def _sections(
    window: Window, bits: int, offset: int, entry_size: int, count: int, names_index: int
) -> tuple[Section, ...] | Unknown:
    if offset == 0:
        return Unknown("the file has no section headers")
    expected = 64 if bits == 64 else 40
    if offset >= window.size:
        return Unknown("the section header table lies outside the file")
    if entry_size != expected:
        return Unknown(f"section headers of {entry_size} bytes, not {expected}")
    layout = "IIQQQQIIQQ" if bits == 64 else "IIIIIIIIII"
    if not window.holds(offset, expected * max(count, 1)):
        raise CutOff(
            f"the file ends at byte {window.size}, inside its section header table ({count} entries from {offset:#x})"
        )
    first = window.numbers(layout, offset, "section 0")
    # gABI: numbers that do not fit into the file header stand in section 0.
    count = count or first[5]
    names_index = first[6] if names_index == 0xFFFF else names_index
    if count > _HEADER_LIMIT:
        return Unknown(f"{count} section headers are more than the {_HEADER_LIMIT} that are read")
    if not window.holds(offset, expected * count):
        return Unknown("the section header table goes beyond the end of the file")
    rows = [window.numbers(layout, offset + index * expected, "a section header") for index in range(count)]
    try:
        names = _section_names(window, rows, names_index)
    except Malformed as error:
        return Unknown(str(error))
    return tuple(
        Section(name, row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[9])
        for name, row in zip(names, rows, strict=True)
    )


def _section_names(window: Window, rows: list[tuple[int, ...]], index: int) -> list[str]:
    if not 0 < index < len(rows):
        return [""] * len(rows)
    table = NameTable(window.part(rows[index][4], rows[index][5], "the section names"), "the section names")
    return [table.name(row[0]) for row in rows]

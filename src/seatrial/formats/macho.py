"""Mach-O headers and load commands, and the table of a universal file (xnu: mach-o/loader.h, mach-o/fat.h)."""

from typing import NamedTuple

import msgspec

from seatrial.formats.address_space import AddressSpace, Mapping
from seatrial.formats.window import CutOff, Malformed, NotABinary, Window, printable

__all__ = ["LoadCommand", "MachoImage", "MachoSection", "MachoSegment", "Slice", "read_macho_headers", "read_slices"]

MAGIC_32, MAGIC_64 = 0xFEEDFACE, 0xFEEDFACF
MAGIC_UNIVERSAL, MAGIC_UNIVERSAL_64 = 0xCAFEBABE, 0xCAFEBABF
LC_SEGMENT, LC_SEGMENT_64 = 0x1, 0x19
VM_PROT_READ, VM_PROT_WRITE, VM_PROT_EXECUTE = 1, 2, 4

_LIMIT = 65536
"""Load commands, and sections, that are read: large programs have some hundred."""

_OLDEST_JAVA_CLASS = 43
"""A Java class file begins like a universal file; its version stands where the count of slices does."""


class LoadCommand(NamedTuple):
    type: int
    window: Window
    """The whole command, its own header included."""


class MachoSegment(NamedTuple):
    name: str
    address: int
    memory_size: int
    offset: int
    file_size: int
    protection: int


class MachoSection(NamedTuple):
    name: str
    segment: str
    address: int
    size: int
    offset: int
    type: int = 0
    """The lowest byte of its flags: what the loader does with it."""
    first: int = 0
    """reserved1: index of the first of its symbols in the table of indirect symbols."""


class Slice(NamedTuple):
    """One architecture of a universal file."""

    cpu: int
    offset: int
    size: int


class MachoImage(msgspec.Struct, frozen=True):
    window: Window
    bits: int
    cpu: int
    file_type: int
    flags: int
    commands: tuple[LoadCommand, ...]
    segments: tuple[MachoSegment, ...]
    sections: tuple[MachoSection, ...]

    def of(self, *types: int) -> tuple[LoadCommand, ...]:
        """The load commands of these types, in the file's order."""
        return tuple(command for command in self.commands if command.type in types)

    def section(self, name: str) -> MachoSection | None:
        return next((section for section in self.sections if section.name == name), None)

    @property
    def memory(self) -> AddressSpace:
        """The image by addresses in memory."""
        return AddressSpace(
            self.window,
            tuple(
                Mapping(segment.address, segment.offset, segment.file_size, bool(segment.protection & VM_PROT_WRITE))
                for segment in self.segments
                if segment.file_size
            ),
        )


def read_macho_headers(window: Window) -> MachoImage:
    """The header and the load commands. Raises CutOff for what is no Mach-O file or ends or errs within them."""
    order, bits = _kind(window)
    window = window.ordered(order)
    header_size = 32 if bits == 64 else 28
    if window.size < header_size:
        raise CutOff(f"the file ends at byte {window.size}, inside the Mach-O header ({header_size} bytes)")
    cpu, _, file_type, count, size, flags = window.numbers("IIIIII", 4, "the Mach-O header")
    if not window.holds(header_size, size):
        raise CutOff(
            f"the file ends at byte {window.size}, inside its load commands"
            f" ({header_size:#x} to {header_size + size:#x})"
        )
    commands = _commands(window.part(header_size, size, "the load commands"), count)
    segments: list[MachoSegment] = []
    sections: list[MachoSection] = []
    for command in commands:
        if command.type in (LC_SEGMENT, LC_SEGMENT_64):
            _read_segment(command, segments, sections)
    return MachoImage(window, bits, cpu, file_type, flags, commands, tuple(segments), tuple(sections))


def _kind(window: Window) -> tuple[str, int]:
    """Byte order and bits."""
    if window.size >= 4:
        for order in "<>":
            magic = window.ordered(order).numbers("I", 0, "the Mach-O magic")[0]
            if magic in (MAGIC_32, MAGIC_64):
                return order, 64 if magic == MAGIC_64 else 32
    raise CutOff("it is no Mach-O file")


def _commands(window: Window, count: int) -> tuple[LoadCommand, ...]:
    if count > _LIMIT:
        raise CutOff(f"its {count} load commands are more than the {_LIMIT} that are read")
    commands = []
    at = 0
    for index in range(count):
        if not window.holds(at, 8):
            raise CutOff(f"the load commands are damaged: {count} are counted, there is room for {index}")
        type_, size = window.numbers("II", at, "a load command")
        if size < 8 or not window.holds(at, size):
            raise CutOff(f"the load commands are damaged: number {index} has {size} bytes")
        commands.append(LoadCommand(type_, window.part(at, size, "a load command")))
        at += size
    return tuple(commands)


def _read_segment(command: LoadCommand, segments: list[MachoSegment], sections: list[MachoSection]) -> None:
    wide = command.type == LC_SEGMENT_64
    window, what = command.window, "a segment command"
    header, entry = (72, 80) if wide else (56, 68)
    try:
        name = _name(window, 8)
        address, memory, offset, size, _, protection, count, _ = window.numbers("QQQQIIII" if wide else "8I", 24, what)
        table = window.part(header, count * entry, "the sections of a segment")
    except Malformed as error:
        raise CutOff(f"the load commands are damaged: {error}") from error
    if len(sections) + count > _LIMIT:
        raise CutOff(f"it has more than the {_LIMIT} sections that are read")
    segments.append(MachoSegment(name, address, memory, offset, size, protection))
    for at in range(0, table.size, entry):
        start, length, place, _, _, _, flags, first = table.numbers("QQ6I" if wide else "8I", at + 32, "a section")
        names = _name(table, at), _name(table, at + 16)
        sections.append(MachoSection(*names, start, length, place, flags & 0xFF, first))


def _name(window: Window, at: int) -> str:
    return printable(window.read(at, 16, "a name").partition(b"\0")[0])


def read_slices(window: Window) -> tuple[Slice, ...]:
    """The architectures of a universal file, which may lie outside it. Raises CutOff when its table does."""
    window = window.ordered(">")
    if window.size < 8:
        raise CutOff(f"the file ends at byte {window.size}, inside the universal header")
    magic, count = window.numbers("II", 0, "the universal header")
    if count >= _OLDEST_JAVA_CLASS:
        raise NotABinary("it is a Java class file, or a universal file with a damaged header")
    layout, size = ("IIQQII", 32) if magic == MAGIC_UNIVERSAL_64 else ("IIIII", 20)
    if count == 0:
        raise CutOff("it is a universal file without architectures")
    if not window.holds(8, count * size):
        raise CutOff(f"the file ends at byte {window.size}, inside its table of {count} architectures")
    rows = [window.numbers(layout, 8 + index * size, "an architecture") for index in range(count)]
    slices = tuple(Slice(row[0], row[2], row[3]) for row in rows)
    if sum(part.size for part in slices if window.holds(part.offset, part.size)) > window.size:
        raise CutOff("its architectures overlap")
    return slices

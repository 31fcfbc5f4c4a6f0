"""PE and COFF headers (Microsoft "PE Format")."""

from typing import NamedTuple

import msgspec

from seatrial.formats.address_space import AddressSpace, Mapping
from seatrial.formats.window import CutOff, Malformed, NotABinary, Window, printable

__all__ = ["PeImage", "PeSection", "read_coff_object", "read_pe_headers"]

DIRECTORY_EXPORT, DIRECTORY_IMPORT, DIRECTORY_CERTIFICATE, DIRECTORY_DELAY_IMPORT = 0, 1, 4, 13
SCN_INITIALIZED_DATA, SCN_EXECUTE, SCN_READ, SCN_WRITE = 0x40, 0x20000000, 0x40000000, 0x80000000
FILE_RELOCS_STRIPPED, FILE_DLL = 0x0001, 0x2000
DLL_DYNAMIC_BASE = 0x0040

_PE32, _PE32_PLUS = 0x10B, 0x20B
_SYMBOL_SIZE = 18


class PeSection(NamedTuple):
    name: str
    virtual_size: int
    address: int
    """Relative to the image base."""
    size: int
    """In the file."""
    offset: int
    flags: int


class PeImage(msgspec.Struct, frozen=True):
    """The headers of one image, or of one COFF object (`is_object`: then no optional header was read)."""

    window: Window
    machine: int
    characteristics: int
    sections: tuple[PeSection, ...]
    symbols_at: int
    symbols: int
    bits: int = 0
    image_base: int = 0
    section_align: int = 0
    os_version: tuple[int, int] = (0, 0)
    subsystem_version: tuple[int, int] = (0, 0)
    subsystem: int = 0
    dll_characteristics: int = 0
    headers_size: int = 0
    directories: tuple[tuple[int, int], ...] = ()
    is_object: bool = False

    def directory(self, index: int) -> tuple[int, int]:
        """Address and size of a data directory; zeros where there is none."""
        return self.directories[index] if index < len(self.directories) else (0, 0)

    @property
    def relative(self) -> AddressSpace:
        """The image by addresses relative to its base."""
        headers = Mapping(0, 0, min(self.headers_size, self.window.size))
        parts = (_mapping(section, 0) for section in self.sections if section.size)
        return AddressSpace(self.window, (headers, *parts))

    @property
    def memory(self) -> AddressSpace:
        """The image by addresses in memory."""
        return AddressSpace(self.window, (_mapping(part, self.image_base) for part in self.sections if part.size))


def _mapping(section: PeSection, base: int) -> Mapping:
    return Mapping(section.address + base, section.offset, section.size, bool(section.flags & SCN_WRITE))


def read_pe_headers(window: Window) -> PeImage:
    """The headers of an image. Raises CutOff for what is no PE file or ends within its headers."""
    window = window.ordered("<")
    if window.size < 64:
        raise CutOff(f"the file ends at byte {window.size}, inside the DOS header")
    start = window.numbers("I", 0x3C, "the DOS header")[0]
    if not window.holds(start, 24):
        raise CutOff(f"the file ends at byte {window.size}, before the end of its PE header at {start:#x}")
    if window.read(start, 4, "the PE signature") != b"PE\0\0":
        raise NotABinary(f"it is an MS-DOS program: there is no PE signature at {start:#x}")
    machine, count, _, symbols_at, symbols, optional_size, characteristics = window.numbers(
        "HHIIIHH", start + 4, "the COFF header"
    )
    at = start + 24
    if not window.holds(at, optional_size):
        raise CutOff(f"the file ends at byte {window.size}, inside the optional header at {at:#x}")
    optional = window.part(at, optional_size, "the optional header")
    sections = _sections(window, at + optional_size, count, symbols_at, symbols)
    try:
        return _image(window, optional, machine, characteristics, sections, symbols_at, symbols)
    except CutOff:
        raise
    except Malformed as error:
        raise CutOff(f"the optional header of {optional_size} bytes is too short: {error}") from error


def _image(
    window: Window,
    optional: Window,
    machine: int,
    characteristics: int,
    sections: tuple[PeSection, ...],
    symbols_at: int,
    symbols: int,
) -> PeImage:
    what = "the optional header"
    magic = optional.numbers("H", 0, what)[0]
    if magic not in (_PE32, _PE32_PLUS):
        raise CutOff(f"the optional header is damaged: its magic is {magic:#x}")
    wide = magic == _PE32_PLUS
    base = optional.numbers("Q", 24, what)[0] if wide else optional.numbers("I", 28, what)[0]
    align, _, os_major, os_minor, _, _, sub_major, sub_minor, _, _, headers = optional.numbers("IIHHHHHHIII", 32, what)
    subsystem, dll_characteristics = optional.numbers("HH", 68, what)
    at = 108 if wide else 92
    count = min(optional.numbers("I", at, what)[0], 16, max(0, optional.size - at - 4) // 8)
    directories = tuple(optional.numbers("II", at + 4 + 8 * index, what) for index in range(count))
    return PeImage(
        window=window,
        machine=machine,
        characteristics=characteristics,
        sections=sections,
        symbols_at=symbols_at,
        symbols=symbols,
        bits=64 if wide else 32,
        image_base=base,
        section_align=align,
        os_version=(os_major, os_minor),
        subsystem_version=(sub_major, sub_minor),
        subsystem=subsystem,
        dll_characteristics=dll_characteristics,
        headers_size=headers,
        directories=tuple((address, size) for address, size in directories),
    )


def _sections(window: Window, at: int, count: int, symbols_at: int, symbols: int) -> tuple[PeSection, ...]:
    if not window.holds(at, count * 40):
        raise CutOff(f"the file ends at byte {window.size}, inside its section table ({count} entries from {at:#x})")
    sections = []
    for place in range(at, at + count * 40, 40):
        raw = window.read(place, 8, "a section's name").rstrip(b"\0")
        virtual_size, address, size, offset = window.numbers("IIII", place + 8, "a section header")
        flags = window.numbers("I", place + 36, "a section header")[0]
        name = _long_name(window, raw, symbols_at + symbols * _SYMBOL_SIZE)
        sections.append(PeSection(name, virtual_size, address, size, offset, flags))
    return tuple(sections)


def _long_name(window: Window, raw: bytes, strings_at: int) -> str:
    """The name of a section: `/4` is an offset in the string table behind the symbols."""
    if raw[:1] == b"/" and raw[1:].isdigit():
        try:
            return window.text(strings_at + int(raw[1:]), "a section's name", limit=256)
        except Malformed:
            return printable(raw)
    return printable(raw)


def read_coff_object(window: Window) -> PeImage:
    """The headers of a COFF object file. Raises CutOff when it ends within them."""
    window = window.ordered("<")
    if window.size < 20:
        raise CutOff(f"the object ends at byte {window.size}, inside the COFF header")
    machine, count, _, symbols_at, symbols, optional_size, characteristics = window.numbers(
        "HHIIIHH", 0, "the COFF header"
    )
    sections = _sections(window, 20 + optional_size, count, symbols_at, symbols)
    return PeImage(window, machine, characteristics, sections, symbols_at, symbols, is_object=True)

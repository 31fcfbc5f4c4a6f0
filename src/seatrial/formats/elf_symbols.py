"""What the symbol table of a static ELF binary tells: C library functions inside it, and which C library."""

from array import array
from collections.abc import Iterable

from seatrial.formats.address_space import Mapping, uncovered
from seatrial.formats.elf import PF_X, PT_LOAD, SHT_SYMTAB, ElfImage
from seatrial.formats.window import Malformed, Window
from seatrial.model.absence import Unknown
from seatrial.tables.binary_formats import LibcMark

__all__ = ["static_libc", "static_symbols"]

_STT_FUNC, _STT_GNU_IFUNC = 2, 10
_SHN_UNDEF = 0
_PIECE = 256 * 1024
"""Bytes of names that are taken apart at a time: what a CPU keeps near."""

_HOST_IS_LITTLE = array("H", b"\1\0")[0] == 1


def static_symbols(image: ElfImage, wanted: Iterable[str]) -> tuple[str, ...] | Unknown:
    """Those of the wanted functions that .symtab defines, in the order asked for. Raises Malformed.

    Only the names of interest become objects: a Go server has hundreds of thousands of symbols.
    """
    if isinstance(image.sections, Unknown):
        return image.sections
    section = next((section for section in image.sections if section.type == SHT_SYMTAB), None)
    if section is None:
        return Unknown("there is no symbol table (.symtab): the binary is stripped")
    if section.link >= len(image.sections):
        raise Malformed(f"the symbol table names section {section.link} for its names, of {len(image.sections)}")
    names = image.contents(image.sections[section.link])
    places = _places(names, [name.encode() for name in wanted])
    if not places:
        return ()
    size = 24 if image.is_64 else 16
    table = image.contents(section)
    table = table.part(0, table.size // size * size, "the symbol table")
    defined = {places[at] for at in _defined_functions(table, image.is_64, places)}
    return tuple(name for name in wanted if name.encode() in defined)


def _places(names: Window, wanted: list[bytes]) -> dict[int, bytes]:
    """Offset in the string table to the wanted name there. A name may be the tail of another (merged by the linker)."""
    if not wanted:
        return {}
    endings = tuple(wanted)
    shortest, longest = min(map(len, wanted)), max(map(len, wanted))
    last = {name[-shortest:] for name in wanted}
    found: dict[int, bytes] = {}
    for start, piece in names.chunks(0, names.size, _PIECE, overlap=2 * longest):
        # Hundreds of thousands of names: one look at each.
        tails = {part for part in piece.split(b"\0") if part[-shortest:] in last}
        for tail in tails:
            if not tail.endswith(endings):
                continue
            name = max((name for name in wanted if tail.endswith(name)), key=len)
            for ending in [name, *(other for other in wanted if name.endswith(other) and other != name)]:
                needle = ending + b"\0"
                at = piece.find(needle)
                while at >= 0:
                    found[start + at] = ending
                    at = piece.find(needle, at + 1)
    return found


def _defined_functions(table: Window, is_64: bool, places: dict[int, bytes]) -> set[int]:
    """Those of the name offsets that a defined function has."""
    words = 6 if is_64 else 4
    found = set()
    for start, piece in table.chunks(0, table.size, step=words * 4 * 65536):
        numbers = array("I", piece)
        if (table.order == "<") != _HOST_IS_LITTLE:
            numbers.byteswap()
        offsets = numbers[::words]
        if places.keys().isdisjoint(offsets):
            continue
        for index, name_at in enumerate(offsets):
            if name_at in places:
                at = start + index * words * 4
                info, _, place = table.numbers("BBH", at + (4 if is_64 else 12), "a symbol")
                if place != _SHN_UNDEF and info & 15 in (_STT_FUNC, _STT_GNU_IFUNC):
                    found.add(name_at)
    return found


def static_libc(image: ElfImage, symbols: tuple[str, ...] | Unknown, marks: Iterable[LibcMark]) -> str:
    """The family of the C library inside; "" for none seen. Texts count only where symbols are gone."""
    for mark in marks:
        if isinstance(symbols, Unknown):
            if all(_holds_text(image, text.encode()) for text in mark.texts):
                return mark.libc
        elif mark.symbol in symbols:
            return mark.libc
    return ""


def _holds_text(image: ElfImage, text: bytes) -> bool:
    data = (header for header in image.segments(PT_LOAD) if not header.flags & PF_X)
    places = uncovered(Mapping(header.address, header.offset, header.file_size) for header in data)
    return any(image.window.find(text, place.offset, place.size) >= 0 for place in places)

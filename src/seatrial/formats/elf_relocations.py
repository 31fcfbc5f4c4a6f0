"""Counts of ELF relocations by type, without a Python object for each: a large PIE has a million."""

from array import array
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from seatrial.formats.elf import ET_REL, SHF_ALLOC, SHT_REL, SHT_RELA, ElfImage
from seatrial.formats.elf_dynamic import DT_RELR, Dynamic
from seatrial.formats.window import Malformed, Window
from seatrial.model.absence import Unknown
from seatrial.model.binary import Relocations
from seatrial.tables.binary_formats import ElfMachine

__all__ = ["CountedRelocations", "count_relocations", "loaded_tables"]

_DT_RELA, _DT_RELASZ, _DT_REL, _DT_RELSZ, _DT_PLTREL, _DT_JMPREL, _DT_PLTRELSZ = 7, 8, 17, 18, 20, 23, 2
_STEP = 24 * 65536
_EM_MIPS = 8


class CountedRelocations(NamedTuple):
    relocations: Relocations
    highest_symbol: int
    """The highest number of a dynamic symbol that a relocation names."""


def count_relocations(image: ElfImage, dynamic: Dynamic | None, machine: ElfMachine | None) -> CountedRelocations:
    """The relocations that the loader (for an object file: the linker) will process. Raises Malformed."""
    if image.type == ET_REL:
        tables = list(_object_tables(image))
        wanted = machine.tls_object if machine else frozenset()
    else:
        tables = list(loaded_tables(image, dynamic))
        wanted = machine.tls_dynamic if machine else frozenset()
    counts: Counter[int] = Counter()
    if sum(window.size for window, _ in tables) > image.window.size:
        raise Malformed("the relocation tables sum to more bytes than the file has")
    for window, has_addend in tables:
        for infos in _infos(window, image.is_64, has_addend):
            counts.update(infos)
    tls = total = highest = 0
    for info, count in counts.items():
        symbol, type_ = _split(info, image)
        total += count
        highest = max(highest, symbol)
        if type_ in wanted:
            tls += count
    relr = dynamic is not None and DT_RELR in dynamic.tags
    return CountedRelocations(Relocations(tls_initial_exec=tls, relr=relr, total=total), highest)


def loaded_tables(image: ElfImage, dynamic: Dynamic | None) -> Iterator[tuple[Window, bool]]:
    """The tables that are processed at start, each with whether its entries have an addend.

    A static program does it itself (IRELATIVE): its tables are found by their sections only.
    """
    if dynamic is not None:
        yield from _dynamic_tables(dynamic)
        return
    for section in () if isinstance(image.sections, Unknown) else image.sections:
        if section.type in (SHT_REL, SHT_RELA) and section.flags & SHF_ALLOC:
            yield image.contents(section), section.type == SHT_RELA


def _dynamic_tables(dynamic: Dynamic) -> Iterator[tuple[Window, bool]]:
    memory = dynamic.image.memory
    found: list[tuple[int, int]] = []
    for place, size, has_addend in (
        (_DT_RELA, _DT_RELASZ, True),
        (_DT_REL, _DT_RELSZ, False),
        (_DT_JMPREL, _DT_PLTRELSZ, dynamic.value(_DT_PLTREL) == _DT_RELA),
    ):
        address, length = dynamic.value(place), dynamic.value(size)
        # Some linkers count the PLT's relocations in DT_RELASZ as well.
        if length and not any(start <= address and address + length <= end for start, end in found):
            found.append((address, address + length))
            yield memory.part(address, length, "a relocation table"), has_addend


def _object_tables(image: ElfImage) -> Iterator[tuple[Window, bool]]:
    sections = () if isinstance(image.sections, Unknown) else image.sections
    for section in sections:
        if section.type not in (SHT_REL, SHT_RELA) or section.info >= len(sections):
            continue
        # Those of debug information are many and say nothing of the program.
        if sections[section.info].flags & SHF_ALLOC:
            yield image.contents(section), section.type == SHT_RELA


def _infos(window: Window, is_64: bool, has_addend: bool) -> Iterator["array[int]"]:
    """r_info of the entries, many at a time."""
    words = 3 if has_addend else 2
    code, size = ("Q", 8) if is_64 else ("I", 4)
    entry = words * size
    for _, piece in window.chunks(0, window.size // entry * entry, step=_STEP):
        numbers = array(code, piece)
        if (window.order == "<") != _HOST_IS_LITTLE:
            numbers.byteswap()
        yield numbers[1::words]


_HOST_IS_LITTLE = array("H", b"\1\0")[0] == 1


def _split(info: int, image: ElfImage) -> tuple[int, int]:
    """Symbol and type of an r_info."""
    if not image.is_64:
        return info >> 8, info & 0xFF
    if image.machine == _EM_MIPS:
        # Not a number but fields: r_sym (4 bytes), r_ssym, r_type3, r_type2, r_type.
        if image.window.order == "<":
            return info & 0xFFFFFFFF, info >> 56
        return info >> 32, info & 0xFF
    return info >> 32, info & 0xFFFFFFFF

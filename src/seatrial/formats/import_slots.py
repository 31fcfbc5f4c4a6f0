"""Words that the loader fills with the addresses of imported functions, for formats whose relocations do not say it."""

from collections.abc import Callable

from seatrial.formats.macho import MachoImage
from seatrial.formats.macho_facts import LC_DYSYMTAB, LC_SYMTAB
from seatrial.formats.pe import PeImage
from seatrial.formats.pe_symbols import read_import_slots
from seatrial.formats.symbols import SYMBOL_LIMIT
from seatrial.formats.window import Malformed, NameTable, Problems

__all__ = ["macho_slots", "pe_slots", "readable_slots"]

_POINTERS = (6, 7)
"""S_NON_LAZY_SYMBOL_POINTERS, S_LAZY_SYMBOL_POINTERS (mach-o/loader.h): a word for each indirect symbol."""

_LOCAL = 0xC0000000  # INDIRECT_SYMBOL_LOCAL, INDIRECT_SYMBOL_ABS


def readable_slots(read: Callable[[], dict[int, str]]) -> dict[int, str]:
    """Those that can be read and whose address fits 64 bits: the facts tell already what is damaged."""
    slots: dict[int, str] = Problems().attempt_or({}, "import slots", read)
    return {address: name for address, name in slots.items() if address < 1 << 64}


def pe_slots(image: PeImage) -> dict[int, str]:
    """Address in memory to the imported name, from the import directories. Raises Malformed."""
    return {} if image.is_object else read_import_slots(image)


def macho_slots(image: MachoImage) -> dict[int, str]:
    """Address in memory to the name, from the table of indirect symbols. Raises Malformed."""
    tables, dynamic = image.of(LC_SYMTAB), image.of(LC_DYSYMTAB)
    if not tables or not dynamic:
        return {}
    symbols_at, count, names_at, names_size = tables[0].window.numbers("IIII", 8, "LC_SYMTAB")
    indirect_at, indirect_count = dynamic[0].window.numbers("II", 56, "LC_DYSYMTAB")
    if indirect_count > SYMBOL_LIMIT:
        raise Malformed(f"{indirect_count} indirect symbols are more than the {SYMBOL_LIMIT} that are read")
    size, word = (16, 8) if image.bits == 64 else (12, 4)
    symbols = image.window.part(symbols_at, count * size, "the symbol table")
    names = NameTable(image.window.part(names_at, names_size, "the string table"), "the string table")
    indirect = image.window.part(indirect_at, 4 * indirect_count, "the indirect symbols")
    numbers = indirect.numbers(f"{indirect_count}I", 0, "the indirect symbols")
    slots: dict[int, str] = {}
    left = indirect_count
    for section in image.sections:
        if section.type in _POINTERS:
            own = numbers[section.first : section.first + section.size // word]
            left -= len(own)
            if left < 0:
                raise Malformed("sections of pointers share indirect symbols")
            for index, number in enumerate(own):
                if not number & _LOCAL:
                    name_at = symbols.numbers("I", number * size, "an indirect symbol")[0]
                    slots[section.address + index * word] = names.name(name_at)
    return slots

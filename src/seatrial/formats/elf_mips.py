"""The slots of imports of a MIPS program: no relocation tells of them, the order of the symbols does.

System V ABI, MIPS RISC Processor Supplement, chapter 5 ("Global Offset Table").
"""

from seatrial.formats.elf_dynamic import DT_SYMTAB, Dynamic
from seatrial.formats.symbols import SYMBOL_LIMIT
from seatrial.formats.window import Malformed

__all__ = ["mips_slots"]

_DT_PLTGOT, _DT_MIPS_LOCAL_GOTNO, _DT_MIPS_SYMTABNO, _DT_MIPS_GOTSYM = 3, 0x7000000A, 0x70000011, 0x70000013


def mips_slots(dynamic: Dynamic) -> dict[int, str]:
    """The address of each word of the global offset table that holds an import, to its name. Raises Malformed."""
    first, count = dynamic.value(_DT_MIPS_GOTSYM), dynamic.value(_DT_MIPS_SYMTABNO)
    if count > SYMBOL_LIMIT:
        raise Malformed(f"{count} symbols are more than the {SYMBOL_LIMIT} that are read")
    image = dynamic.image
    word, size, layout = (8, 24, "IBBH") if image.is_64 else (4, 16, "IIIBBH")
    start = dynamic.value(_DT_PLTGOT) + word * dynamic.value(_DT_MIPS_LOCAL_GOTNO)
    table = image.memory.rest(dynamic.value(DT_SYMTAB), "the dynamic symbol table")
    names = dynamic.names()
    slots = {}
    for index in range(first, count):
        name_at, *_, section = table.numbers(layout, index * size, "a symbol")
        if section == 0 and name_at:
            slots[start + word * (index - first)] = names.name(name_at)
    return slots

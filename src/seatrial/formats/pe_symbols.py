"""What a PE image imports and exports, and the symbols of COFF objects (Microsoft "PE Format", .idata and .edata)."""

from typing import NamedTuple

from seatrial.formats.pe import DIRECTORY_DELAY_IMPORT, DIRECTORY_EXPORT, DIRECTORY_IMPORT, PeImage
from seatrial.formats.symbols import SYMBOL_LIMIT, Collected, Symbols
from seatrial.formats.window import NAMES_LIMIT, Malformed, NameTable, Window, printable
from seatrial.model.binary import NeededSymbol

__all__ = ["PeImports", "coff_symbols", "read_exports", "read_import_slots", "read_imports"]

_LIBRARY_LIMIT = 4096
_FUNCTION_LIMIT = 200_000
_CLASS_EXTERNAL, _CLASS_WEAK_EXTERNAL = 2, 105
_DELAY_BY_ADDRESS = 1


class PeImports(NamedTuple):
    libraries: tuple[str, ...] = ()
    delayed: tuple[str, ...] = ()
    functions: tuple[NeededSymbol, ...] = ()


class _Reader:
    """Reads thunks; what is read in all is bounded, because directories may overlap."""

    def __init__(self, image: PeImage) -> None:
        self.image = image
        self.space = image.relative
        self.left = _FUNCTION_LIMIT
        self.names_left = NAMES_LIMIT

    def name(self, address: int, what: str) -> str:
        name = self.space.rest(address, what).text(0, what, limit=4096)
        self.names_left -= len(name)
        if self.names_left < 0:
            raise Malformed(f"the imported names sum to more than {NAMES_LIMIT >> 20} MiB")
        return name

    def functions(self, library: str, address: int, weak: bool) -> list[NeededSymbol]:
        layout, size = ("Q", 8) if self.image.bits == 64 else ("I", 4)
        table = self.space.rest(address, f"the import table of {library}")
        functions = []
        at = 0
        while value := table.numbers(layout, at, f"the import table of {library}")[0]:
            self.left -= 1
            if self.left < 0:
                raise Malformed(f"more than {_FUNCTION_LIMIT} imported functions")
            if value >> (size * 8 - 1):
                name = f"#{value & 0xFFFF}"
            else:
                name = self.name((value & 0x7FFFFFFF) + 2, f"a function imported from {library}")
            functions.append(NeededSymbol(name, library=library, weak=weak))
            at += size
        return functions


def read_imports(image: PeImage) -> PeImports:
    """The libraries and functions, each once, delay-loaded ones included. Raises Malformed."""
    reader = _Reader(image)
    libraries, delayed = [], []
    functions: list[NeededSymbol] = []
    address, _ = image.directory(DIRECTORY_IMPORT)
    for index in range(_LIBRARY_LIMIT if address else 0):
        window = reader.space.part(address + 20 * index, 20, "the import directory")
        names, _, _, name, addresses = window.numbers("IIIII", 0, "the import directory")
        if not name or not addresses:
            break
        library = reader.name(name, "an imported library")
        libraries.append(library)
        functions += reader.functions(library, names or addresses, weak=False)
    address, _ = image.directory(DIRECTORY_DELAY_IMPORT)
    for index in range(_LIBRARY_LIMIT if address else 0):
        window = reader.space.part(address + 32 * index, 32, "the delay-load directory")
        attributes, name, _, _, names, _, _, _ = window.numbers("IIIIIIII", 0, "the delay-load directory")
        if not name:
            break
        # Visual C++ 6 wrote addresses in memory, everything since addresses relative to the image base.
        base = 0 if attributes & _DELAY_BY_ADDRESS else image.image_base
        library = reader.name(name - base, "a delay-loaded library")
        delayed.append(library)
        functions += reader.functions(library, names - base, weak=True)
    return PeImports((*libraries, *delayed), tuple(delayed), tuple(dict.fromkeys(functions)))


def read_import_slots(image: PeImage) -> dict[int, str]:
    """Address in memory of each word that the loader fills, to the name of the function. Raises Malformed."""
    reader = _Reader(image)
    slots: dict[int, str] = {}
    word = image.bits // 8
    for index, size in ((DIRECTORY_IMPORT, 20), (DIRECTORY_DELAY_IMPORT, 32)):
        address, _ = image.directory(index)
        for row in range(_LIBRARY_LIMIT if address else 0):
            fields = reader.space.part(address + size * row, size, "the import directory").numbers("5I", 0, "a library")
            if index == DIRECTORY_IMPORT:
                names, name, first = fields[0], fields[3], fields[4]
            else:
                name, first, names = fields[1], fields[3], fields[4]
            if not name or not first:
                break
            # Of the oldest delay-load directories, which hold addresses in memory, nothing is told here.
            if index == DIRECTORY_DELAY_IMPORT and not fields[0] & _DELAY_BY_ADDRESS:
                continue
            functions = reader.functions(reader.name(name, "an imported library"), names or first, weak=False)
            slots |= {image.image_base + first + at * word: one.name for at, one in enumerate(functions)}
    return slots


def read_exports(image: PeImage) -> tuple[str, ...]:
    """The names of exported functions; ordinals without a name are left out. Raises Malformed."""
    address, _ = image.directory(DIRECTORY_EXPORT)
    if not address:
        return ()
    reader = _Reader(image)
    directory = reader.space.part(address, 40, "the export directory")
    count, _, names = directory.numbers("III", 24, "the export directory")
    if count > _FUNCTION_LIMIT:
        raise Malformed(f"more than {_FUNCTION_LIMIT} exported names")
    if not count:
        return ()
    table = reader.space.part(names, 4 * count, "the table of exported names")
    places = table.numbers(f"{count}I", 0, "the table of exported names")
    return tuple(reader.name(place, "an exported name") for place in places)


def coff_symbols(image: PeImage) -> Symbols:
    """The undefined and the defined external symbols of a COFF object. Raises Malformed."""
    window, at, count = image.window, image.symbols_at, image.symbols
    if not count:
        return Symbols()
    if count > SYMBOL_LIMIT:
        raise Malformed(f"{count} symbols are more than the {SYMBOL_LIMIT} that are read")
    table = window.part(at, count * 18, "the symbol table")
    strings_at = at + count * 18
    names = NameTable(window.part(strings_at, window.size - strings_at, "the string table"), "the string table")
    found = Collected()
    index = 0
    while index < count:
        value, section, _, class_, extra = table.numbers("IHHBB", index * 18 + 8, "a symbol")
        if class_ in (_CLASS_EXTERNAL, _CLASS_WEAK_EXTERNAL):
            name = _symbol_name(table, index * 18, names)
            if section == 0 and value == 0:
                found.add_import(NeededSymbol(name, weak=class_ == _CLASS_WEAK_EXTERNAL))
            elif section:
                found.add_export(name)
        index += 1 + extra
    return found.symbols


def _symbol_name(table: Window, at: int, names: NameTable) -> str:
    zero, offset = table.numbers("II", at, "a symbol's name")
    return names.name(offset) if zero == 0 else printable(table.read(at, 8, "a symbol's name").rstrip(b"\0"))

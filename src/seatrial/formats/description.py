"""What the reader (the Go program in `seatrial/reader`) is told of a binary: `image.Description` there."""

import msgspec

__all__ = ["Description", "MappedPart", "NamedPart", "RelocationTable", "SymbolTable"]


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
    distance: tuple[int, ...]
    """Types that store how far a symbol is, in 4 bytes: of object files, whose code is read as if it were linked."""
    mips64: bool
    table: int
    """Index of the symbol table that the relocations name; -1 for none."""
    object: bool = False
    base: int = 0
    """Of an object file: the address of the section that the relocations change."""


class Description(msgspec.Struct, frozen=True):
    goos: str
    goarch: str
    bits: int
    endian: str
    format: str = ""
    """elf, pe or macho."""
    object: bool = False
    """An ELF object file: symbols count from their sections."""
    base: int = 0
    """PE image base."""
    segments: tuple[MappedPart, ...] = ()
    sections: tuple[NamedPart, ...] = ()
    symbol_tables: tuple[SymbolTable, ...] = ()
    relocations: tuple[RelocationTable, ...] = ()
    slots: dict[int, str] = {}
    """Words that the loader fills with the address of an import, where no relocation says it: PE, Mach-O, MIPS."""

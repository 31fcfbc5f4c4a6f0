"""What the numbers in ELF, PE and Mach-O headers mean (`binary_formats.toml`), validated when first used."""

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready

__all__ = [
    "BinaryFormats",
    "ElfInterpreter",
    "ElfLibrary",
    "ElfMachine",
    "ElfOsAbi",
    "LibcMark",
    "MachoCpu",
    "MachoPlatform",
    "PeMachine",
    "PeSubsystem",
    "StaticSymbol",
    "load",
]


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    source: str
    """The document that the row follows."""


class ElfMachine(_Row, frozen=True, kw_only=True):
    """An e_machine. `goarch` is keyed by class and byte order, "64le"."""

    number: int
    name: str
    goarch: dict[str, str]
    relative: frozenset[int]
    symbolic: frozenset[int]
    tls_dynamic: frozenset[int]
    tls_object: frozenset[int]
    """Of object files; the others are those that a loader processes."""
    copy: frozenset[int]
    irelative: frozenset[int]
    tls_general: frozenset[int]
    tls_descriptor: frozenset[int]
    distance: frozenset[int] = frozenset()
    """Of object files: how far a symbol is, in 4 bytes of code."""


class ElfOsAbi(_Row, frozen=True, kw_only=True):
    number: int
    goos: str


class ElfInterpreter(_Row, frozen=True, kw_only=True):
    """A glob over PT_INTERP."""

    pattern: str
    goos: str
    libc: str


class ElfLibrary(_Row, frozen=True, kw_only=True):
    """A glob over DT_NEEDED that tells the family of the C library."""

    pattern: str
    libc: str


class StaticSymbol(_Row, frozen=True, kw_only=True):
    name: str


class LibcMark(_Row, frozen=True, kw_only=True):
    libc: str
    symbol: str
    texts: tuple[str, ...]


class PeMachine(_Row, frozen=True, kw_only=True):
    number: int
    name: str
    goarch: str


class PeSubsystem(_Row, frozen=True, kw_only=True):
    """`goos` is "" for what does not run under Windows itself."""

    number: int
    name: str
    goos: str


class MachoCpu(_Row, frozen=True, kw_only=True):
    number: int
    name: str
    goarch: str


class MachoPlatform(_Row, frozen=True, kw_only=True):
    number: int
    name: str
    goos: str


class BinaryFormats(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All tables, as the file has them."""

    elf_machine: tuple[ElfMachine, ...]
    elf_osabi: tuple[ElfOsAbi, ...]
    elf_interpreter: tuple[ElfInterpreter, ...]
    elf_library: tuple[ElfLibrary, ...]
    static_symbol: tuple[StaticSymbol, ...]
    libc_mark: tuple[LibcMark, ...]
    pe_machine: tuple[PeMachine, ...]
    pe_subsystem: tuple[PeSubsystem, ...]
    macho_cpu: tuple[MachoCpu, ...]
    macho_platform: tuple[MachoPlatform, ...]

    def machine(self, number: int) -> ElfMachine | None:
        """The row of an e_machine."""
        return next((row for row in self.elf_machine if row.number == number), None)

    def machine_of(self, goarch: str) -> ElfMachine | None:
        """The row of a GOARCH."""
        return next((row for row in self.elf_machine if goarch in row.goarch.values()), None)

    def interpreter(self, path: str) -> ElfInterpreter | None:
        """The first row whose pattern fits the loader's path."""
        return next((row for row in self.elf_interpreter if fnmatchcase(path, row.pattern)), None)

    def libc_of(self, libraries: tuple[str, ...]) -> str:
        """The family of the C library among needed libraries; "" for none that is known."""
        for library in libraries:
            for row in self.elf_library:
                if fnmatchcase(library, row.pattern):
                    return row.libc
        return ""


@cache
def load() -> BinaryFormats:
    """The tables. Raises msgspec.ValidationError for a row that does not fit: a fault of ours."""
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        return msgspec.convert(tomllib.load(file), ready(BinaryFormats))

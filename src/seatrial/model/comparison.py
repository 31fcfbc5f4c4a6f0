"""Two binaries side by side, and how each comes to its libraries. Made by `seatrial.comparison` and `seatrial.linking`.

In a pair the first binary's value comes first.
"""

from enum import StrEnum

import msgspec

from seatrial.model.absence import Unknown
from seatrial.model.message import Message
from seatrial.model.needs import Floor, FloorKind, Owner

__all__ = [
    "Chain",
    "Comparison",
    "Directive",
    "DirectiveKind",
    "Effect",
    "FloorPair",
    "Home",
    "ImportedSymbol",
    "Linked",
    "Loaded",
    "Only",
    "Section",
    "SectionPair",
    "SettingPair",
    "Side",
    "Slot",
    "Stub",
    "Unit",
]


class Linked(StrEnum):
    """How a binary was linked."""

    STATIC = "static"
    STATIC_PIE = "static-PIE"
    """At any address, by its own start-up code."""
    DYNAMIC = "dynamic"
    DYNAMIC_PIE = "dynamic, PIE"
    LOADED_PIE = "PIE without libraries"
    """A loader maps it, and there is nothing else to load."""
    LIBRARY = "shared library"


class Section(msgspec.Struct, frozen=True):
    """A named part of the file, in bytes. Sections of one name are added up."""

    name: str
    size: int
    """In the file."""
    memory: int
    """When it is mapped; 0 for one that is not."""


class Unit(msgspec.Struct, frozen=True):
    """What one run of a C compiler made: a C object, as DWARF tells of it."""

    name: str
    producer: str


class Side(msgspec.Struct, frozen=True):
    """One of the two binaries."""

    path: str
    size: int
    format: str
    goos: str | Unknown
    goarch: str | Unknown
    linked: Linked | Unknown
    interpreter: str
    go: str
    """Go's release; "" for a binary that does not say it."""
    cgo: str
    """CGO_ENABLED of the build settings, "1" or "0"; "" for not said."""
    libraries: tuple[str, ...] | Unknown
    symbols: int | Unknown
    """How many are imported."""
    packages: int | Unknown
    functions: int | Unknown
    """Of Go."""
    outside: int | Unknown
    """Functions of C and of the linker; where symbols are stripped as many as are called."""
    units: tuple[Unit, ...] | Unknown
    sections: tuple[Section, ...] | Unknown
    floors: tuple[Floor, ...]


class Only(msgspec.Struct, frozen=True):
    """Names that one binary has and the other has not."""

    first: tuple[str, ...] = ()
    second: tuple[str, ...] = ()


class SettingPair(msgspec.Struct, frozen=True):
    """A build setting whose values differ; "" for one that is not set."""

    name: str
    first: str
    second: str


class SectionPair(msgspec.Struct, frozen=True):
    """Bytes of a section in both files; None where a file has none of the name."""

    name: str
    first: int | None
    second: int | None


class FloorPair(msgspec.Struct, frozen=True):
    """The lowest of one kind that each runs on; None where it does not apply, "" where no reason is known."""

    kind: FloorKind
    first: str | None
    second: str | None


class Effect(msgspec.Struct, frozen=True):
    """What a package does otherwise with cgo than without."""

    package: str
    first: Message
    second: Message
    source: str


class DirectiveKind(StrEnum):
    LDFLAGS = "#cgo LDFLAGS"
    PKG_CONFIG = "#cgo pkg-config"
    IMPORT = "//go:cgo_import_dynamic"
    """By which Go's own packages ask for libraries of Windows and macOS."""
    ENVIRONMENT = "CGO_LDFLAGS"


class Directive(msgspec.Struct, frozen=True):
    """What asks for libraries."""

    kind: DirectiveKind
    package: str
    """"" for the environment of the build."""
    words: tuple[str, ...]
    where: str
    """The folder of the package; for the environment the part of the binary that keeps it."""


class Stub(msgspec.Struct, frozen=True):
    """Code of the linker that jumps to what a slot holds: an entry of the PLT, an import thunk, a symbol stub."""

    address: int
    section: str


class Slot(msgspec.Struct, frozen=True):
    """A word that the loader fills: in the GOT, the import address table, the lazy or non-lazy pointers."""

    address: int
    section: str
    """"" where no section holds it."""
    stubs: tuple[Stub, ...] = ()


class Home(StrEnum):
    """How it is known which library has a symbol."""

    NAMED = "named"
    """The binary says it."""
    DEFINED = "defined"
    """The file that would be loaded for the library is the first that defines it."""
    LEFT = "left"
    """The other libraries were read and do not define it."""
    SOURCE = "source"
    """A //go:cgo_import_dynamic line says it; the binary leaves it to the loader (flat namespace)."""
    NOWHERE = "nowhere"
    """No library is known."""


class ImportedSymbol(msgspec.Struct, frozen=True):
    name: str
    version: str
    weak: bool
    slots: tuple[Slot, ...] | Unknown
    users: tuple[Owner, ...]
    """Functions that use it, in Go or C."""
    home: Home
    """How it is known that the library has it."""


class Loaded(msgspec.Struct, frozen=True):
    """The file that the loader takes for a library."""

    path: str | Unknown
    by: str
    """Where the loader looks for it: `DT_RUNPATH $ORIGIN`, `cache /etc/ld.so.cache`, `default`."""
    passed_over: tuple[Message, ...] = ()
    """Files that are in the way and are not taken, each with the reason."""


class Chain(msgspec.Struct, frozen=True):
    """From the source's words to the file that is loaded, for one library."""

    library: str
    """As the binary names it; "" for symbols of no library that is known."""
    optional: bool
    """The program starts without it."""
    directives: tuple[Directive, ...]
    """Those whose words name the library."""
    no_words: tuple[Message, ...]
    """Why there is none."""
    packages: tuple[str, ...]
    """Go packages that lead to its symbols."""
    symbols: tuple[ImportedSymbol, ...]
    loaded: Loaded


class Comparison(msgspec.Struct, frozen=True):
    """All of it."""

    first: Side
    second: Side
    same_bytes: bool
    same_program: bool | Unknown
    """Both name the same main package."""
    settings: tuple[SettingPair, ...]
    packages: Only | Unknown
    functions: Only | Unknown
    """Of Go; without closures and without what the linker made."""
    units: Only | Unknown
    libraries: Only | Unknown
    symbols: Only | Unknown
    """`name@version`."""
    sections: tuple[SectionPair, ...] | Unknown
    floors: tuple[FloorPair, ...]
    effects: tuple[Effect, ...]
    first_chains: tuple[Chain, ...]
    second_chains: tuple[Chain, ...]
    first_unasked: tuple[Directive, ...]
    """Words that name a library which the binary does not ask for: linked statically, or nothing of it is used."""
    second_unasked: tuple[Directive, ...]

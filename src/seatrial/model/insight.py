"""What the code and the Go metadata of a binary tell, beyond its containers. Made by `seatrial.formats.deep`."""

from typing import TypeVar

import msgspec

from seatrial.decoding import ready
from seatrial.model.absence import Unknown

__all__ = [
    "DebugField",
    "DebugType",
    "DebugTypes",
    "DebugUnit",
    "DebugUnits",
    "Deep",
    "FunctionFacts",
    "GoField",
    "GoFunction",
    "GoType",
    "InlinedCall",
    "InlinedInto",
    "Inlining",
    "Itab",
    "ItabFacts",
    "PackageFunctions",
    "PackageUnit",
    "TypeFacts",
    "UnitFunction",
]

T = TypeVar("T")


class Deep(msgspec.Struct, frozen=True):
    """The parts of a reader's answer by the want's name, still as JSON."""

    parts: dict[str, msgspec.Raw] | Unknown

    def part(self, name: str, kind: type[T]) -> T | Unknown:
        """The answer to one want. Raises KeyError for a want that was not asked, ValidationError for another kind."""
        if isinstance(self.parts, Unknown):
            return self.parts
        raw = self.parts[name]
        return Unknown(reason) if (reason := _reason(raw)) else msgspec.json.decode(raw, type=ready(kind))


class _Unknown(msgspec.Struct):
    unknown: str = ""


def _reason(raw: msgspec.Raw) -> str:
    """Why a part is unknown; "" for facts."""
    return (
        msgspec.json.decode(raw, type=ready(_Unknown)).unknown
        if bytes(memoryview(raw)[:12]).startswith(b'{"unknown":')
        else ""
    )


class PackageFunctions(msgspec.Struct, frozen=True):
    """What a package has in the binary."""

    functions: int
    assembly: int
    """Those of them that are written in assembly language."""
    bytes: int


class GoFunction(msgspec.Struct, frozen=True):
    """A function as pclntab tells of it, stripped or not."""

    name: str
    package: str
    """Import path; "" for what the linker made."""
    file: str
    line: int
    """Where it starts; 0 for not known."""
    entry: int
    end: int
    assembly: bool = False


class FunctionFacts(msgspec.Struct, frozen=True):
    """The answer to the want `functions`."""

    count: int
    packages: dict[str, PackageFunctions]
    outside: int
    """Functions of C and of the linker, outside Go's text."""
    all: tuple[GoFunction, ...] = ()
    """Each of Go's, where that was asked for."""
    outside_all: tuple[GoFunction, ...] = ()


class InlinedCall(msgspec.Struct, frozen=True):
    """A call that the compiler replaced by the body of the function."""

    name: str
    line: int
    """Where the function starts; 0 before Go 1.20."""
    parent: int
    """Index of the inlined call that holds this one; -1 for the function itself."""
    bytes: int
    """Of its instructions, without those of calls inlined into it."""


class InlinedInto(msgspec.Struct, frozen=True):
    function: str
    entry: int
    calls: tuple[InlinedCall, ...]


class Inlining(msgspec.Struct, frozen=True):
    """The answer to the want `inlining`: the functions into which calls were inlined."""

    functions: tuple[InlinedInto, ...]


class GoField(msgspec.Struct, frozen=True):
    name: str
    type: int
    """Address of its descriptor."""
    offset: int
    """Bytes from the start of the struct."""
    embedded: bool = False


class GoType(msgspec.Struct, frozen=True):
    """A type as its descriptor tells of it (Go source: internal/abi/type.go). Types are named by address."""

    address: int
    kind: str
    """As reflect.Kind prints it."""
    name: str
    """As reflect prints it: with the package's name, not its path."""
    size: int
    align: int
    package: str = ""
    """Import path of a named type, or of a struct's unexported fields."""
    named: bool = False
    elem: int = 0
    key: int = 0
    length: int = 0
    channel: int = 0
    """reflect.ChanDir: 1 receives, 2 sends, 3 both."""
    variadic: bool = False
    in_: tuple[int, ...] = msgspec.field(default=(), name="in")
    out: tuple[int, ...] = ()
    fields: tuple[GoField, ...] = ()
    methods: tuple[str, ...] = ()


class TypeFacts(msgspec.Struct, frozen=True):
    """The answer to the want `types`; `all` only where it was asked for."""

    count: int
    kinds: dict[str, int]
    all: tuple[GoType, ...] = ()


class Itab(msgspec.Struct, frozen=True):
    """The table by which a type is used as an interface."""

    interface: str
    type: str
    funcs: tuple[str, ...]
    """In the order of the interface's methods."""


class ItabFacts(msgspec.Struct, frozen=True):
    """The answer to the want `itabs`; `all` only where it was asked for."""

    count: int
    all: tuple[Itab, ...] = ()


class UnitFunction(msgspec.Struct, frozen=True):
    """A function of C with a range of its code. Where it is declared is told as far as it is known."""

    name: str
    file: str
    start: int
    end: int


class DebugUnit(msgspec.Struct, frozen=True):
    """A compilation unit that is not Go's."""

    name: str
    folder: str
    language: int
    """DW_LANG."""
    producer: str
    functions: tuple[UnitFunction, ...] = ()


class PackageUnit(msgspec.Struct, frozen=True):
    path: str
    name: str


class DebugUnits(msgspec.Struct, frozen=True):
    """The answer to the want `units`."""

    versions: tuple[int, ...]
    """Of DWARF."""
    go: int
    """How many units Go's compiler made, one for each package."""
    units: tuple[DebugUnit, ...]
    producer: str
    """Of Go's first unit."""
    packages: tuple[PackageUnit, ...] = ()


class DebugField(msgspec.Struct, frozen=True):
    name: str
    type: str
    offset: int


class DebugType(msgspec.Struct, frozen=True):
    """A type of DWARF. `kind`: struct, union, enum, typedef or base."""

    name: str
    kind: str
    size: int
    fields: tuple[DebugField, ...] = ()
    runtime_type: int = 0
    """Go: where its descriptor stands, counted from the start of the types."""


class DebugTypes(msgspec.Struct, frozen=True):
    """The answer to the want `debug_types`; `all` only where it was asked for."""

    count: int
    kinds: dict[str, int]
    all: tuple[DebugType, ...] = ()

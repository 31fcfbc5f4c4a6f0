"""The reader's answer about who uses what: imports, places that a loader changes, C code."""

from typing import Any

import msgspec

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, GoBuildInfo, Kind, NeededSymbol, Relocations
from seatrial.model.insight import Deep
from seatrial.model.message import Message
from seatrial.model.needs import (
    NOT_READ,
    CObject,
    CObjects,
    RelocationKind,
    RelocationNeed,
    SymbolNeed,
    User,
    Way,
)
from seatrial.needs.owners import Owners, Place
from seatrial.tables.binary_formats import load
from seatrial.tables.messages import message

__all__ = ["caller_wants", "objects_of", "relocations_of", "symbols_of"]

_CALLERS = "callers"


class _Leading(Place, frozen=True, kw_only=True):
    via: tuple[str, ...] | None = None


class _Use(Place, frozen=True, kw_only=True):
    call: bool
    ways: tuple[_Leading, ...] = msgspec.field(name="from", default=())


class _Name(msgspec.Struct, frozen=True):
    count: int
    uses: tuple[_Use, ...]
    data: int


class _Relocated(msgspec.Struct, frozen=True):
    kind: str
    symbol: str
    places: int
    sections: tuple[str, ...]
    uses: tuple[_Use, ...]
    data: int


class _Object(msgspec.Struct, frozen=True):
    name: str
    folder: str
    producer: str
    source: str
    package: str
    first: int
    functions: int
    size: int
    ways: tuple[_Leading, ...] = msgspec.field(name="from")


class _Objects(msgspec.Struct, frozen=True):
    objects: tuple[_Object, ...]
    unnamed: int
    compilers: tuple[str, ...]


class _Callers(msgspec.Struct, frozen=True):
    names: dict[str, _Name]
    relocations: tuple[_Relocated, ...] = ()
    objects: _Objects | None = None


def caller_wants(facts: BinaryFacts, defined: tuple[str, ...]) -> dict[str, Any]:
    """The want to ask the reader for; empty where nothing of the binary can be asked. `defined`: functions in it."""
    kinds = _relocation_kinds(facts)
    objects = _may_hold_c(facts) and facts.kind is not Kind.ARCHIVE
    imports = facts.imports if isinstance(facts.imports, tuple) else ()
    if not (imports or defined or kinds or objects):
        return {}
    return {_CALLERS: {"defined": defined, "relocations": kinds, "objects": objects}}


def _may_hold_c(facts: BinaryFacts) -> bool:
    """Whether C code can be in it: what Go built without cgo has none but the race detector's (-race on macOS)."""
    if isinstance(facts.go, Unknown):
        return True
    return facts.go.settings.get("CGO_ENABLED") != "0" or facts.go.settings.get("-race") == "true"


def _relocation_kinds(facts: BinaryFacts) -> dict[str, tuple[int, ...]]:
    """Kinds to the machine's numbers of them; empty for a file without relocations."""
    counted = facts.relocations
    if not isinstance(counted, Relocations) or not counted.total or not isinstance(facts.goarch, str):
        return {}
    machine = load().machine_of(facts.goarch)
    if machine is None:
        return {}
    if facts.kind in (Kind.ARCHIVE, Kind.OBJECT):
        return {str(RelocationKind.TLS_INITIAL_EXEC): tuple(sorted(machine.tls_object))}
    types = {
        RelocationKind.COPY: machine.copy,
        RelocationKind.IRELATIVE: machine.irelative,
        RelocationKind.TLS_INITIAL_EXEC: machine.tls_dynamic,
        RelocationKind.TLS_GENERAL_DYNAMIC: machine.tls_general,
        RelocationKind.TLS_DESCRIPTOR: machine.tls_descriptor,
    }
    return {str(kind): tuple(sorted(numbers)) for kind, numbers in types.items()}


def _answer(facts: BinaryFacts, deep: Deep) -> _Callers | Unknown:
    asked = isinstance(deep.parts, Unknown) or _CALLERS in deep.parts
    return deep.part(_CALLERS, _Callers) if asked else _Callers({})


def symbols_of(facts: BinaryFacts, deep: Deep) -> tuple[SymbolNeed, ...] | Unknown:
    """The imported symbols with the functions that use them; those asked for that the binary has itself come last."""
    if isinstance(facts.imports, Unknown):
        return facts.imports
    answer = _answer(facts, deep)
    if isinstance(answer, Unknown):
        return answer
    owners = Owners(facts)
    imported = {symbol.name for symbol in facts.imports}
    own = tuple(NeededSymbol(name) for name in sorted(answer.names) if name not in imported)
    nothing = _Name(0, (), 0)
    return tuple(_symbol(one, answer.names.get(one.name, nothing), owners) for one in facts.imports + own)


def _symbol(symbol: NeededSymbol, told: _Name, owners: Owners) -> SymbolNeed:
    users = _users(told.uses, owners)
    return SymbolNeed(symbol.name, symbol.version, symbol.library, symbol.weak, told.count, users, told.data)


def _users(uses: tuple[_Use, ...], owners: Owners) -> tuple[User, ...]:
    return tuple(User(owners.owner(use), use.c, use.call, _ways(use.ways, owners)) for use in uses)


def _ways(ways: tuple[_Leading, ...], owners: Owners) -> tuple[Way, ...]:
    return tuple(Way(owners.owner(way), way.via or ()) for way in ways)


def relocations_of(facts: BinaryFacts, deep: Deep) -> tuple[RelocationNeed, ...] | Unknown:
    """What the loader is asked to do besides adding addresses, each kind with the functions that depend on it."""
    if isinstance(facts.relocations, Unknown):
        return facts.relocations
    answer = _answer(facts, deep)
    if isinstance(answer, Unknown):
        return answer
    owners = Owners(facts)
    found = [
        RelocationNeed(
            RelocationKind(one.kind),
            message(f"needs.relocation-{one.kind}", symbol=one.symbol or "-"),
            one.symbol,
            one.places,
            one.sections,
            _users(one.uses, owners),
            one.data,
        )
        for one in answer.relocations
    ]
    if facts.relocations.relr:
        found.append(RelocationNeed(RelocationKind.PACKED, _packed(facts)))
    return tuple(found)


def _packed(facts: BinaryFacts) -> Message:
    """Who asked the linker to pack them, where the build information says it."""
    settings = facts.go.settings if isinstance(facts.go, GoBuildInfo) else {}
    for name in ("-ldflags", "CGO_LDFLAGS"):
        if any(word in settings.get(name, "") for word in ("pack-relative-relocs", "pack-dyn-relocs")):
            return message("needs.relocation-relr-setting", setting=f"{name}={settings[name]}")
    return message("needs.relocation-relr")


def objects_of(facts: BinaryFacts, deep: Deep) -> CObjects | Unknown:
    """The C objects whose code is in the binary, each with the Go package that it is of and those that use it."""
    if not _may_hold_c(facts):
        return CObjects()
    if facts.kind is Kind.ARCHIVE:
        return Unknown("of an archive the object of Go alone is read: its C objects are members beside that one")
    answer = _answer(facts, deep)
    if isinstance(answer, Unknown):
        return answer
    told = answer.objects
    if told is None:
        return NOT_READ
    owners = Owners(facts)
    objects = tuple(
        CObject(
            one.name,
            owners.owner(Place(one.first, "", one.package)),
            one.folder,
            one.producer,
            one.source,
            one.functions,
            one.size,
            _ways(one.ways, owners),
        )
        for one in told.objects
    )
    return CObjects(objects, told.unnamed, told.compilers)

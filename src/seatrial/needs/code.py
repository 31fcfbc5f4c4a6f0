"""What needs are asked of the reader: its wants with their arguments, and its answers as needs with owners."""

from typing import Any

import msgspec

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, GoBuildInfo, NeededSymbol
from seatrial.model.insight import Deep
from seatrial.model.needs import Call, CallSite, SymbolNeed, SystemCalls, User, Way
from seatrial.needs.instruction_sets import instruction_set_wants
from seatrial.needs.owners import Owners, Place
from seatrial.tables.go_fallbacks import fallback_for, wrapper_packages
from seatrial.tables.messages import message
from seatrial.tables.system_calls import SystemCall, system_calls

__all__ = ["symbols_of", "system_calls_of", "wants_of"]

_CALLERS, _SYSCALLS = "callers", "syscalls"


def wants_of(facts: BinaryFacts, defined: tuple[str, ...] = ()) -> dict[str, Any]:
    """The wants to ask for a binary's needs, for `read_deep`. `defined`: functions in it whose users are wanted too."""
    wants: dict[str, Any] = {}
    if not isinstance(facts.imports, Unknown) and (facts.imports or defined):
        wants[_CALLERS] = {"defined": defined}
    if facts.goos in ("linux", "android"):
        wants[_SYSCALLS] = {"wrappers": wrapper_packages()}
    return wants | instruction_set_wants(facts)


class _Leading(Place, frozen=True, kw_only=True):
    via: tuple[str, ...] | None = None


class _Use(Place, frozen=True, kw_only=True):
    call: bool
    ways: tuple[_Leading, ...] = msgspec.field(name="from", default=())


class _Name(msgspec.Struct, frozen=True):
    count: int
    uses: tuple[_Use, ...]
    data: int


class _Callers(msgspec.Struct, frozen=True):
    names: dict[str, _Name]


class _Site(Place, frozen=True, kw_only=True):
    through: str
    callers: tuple[Place, ...] | None = None


class _Call(msgspec.Struct, frozen=True):
    number: int
    count: int
    places: tuple[_Site, ...]


class _Calls(msgspec.Struct, frozen=True):
    calls: tuple[_Call, ...]
    unresolved: _Call
    entries: tuple[str, ...]


def symbols_of(facts: BinaryFacts, deep: Deep) -> tuple[SymbolNeed, ...] | Unknown:
    """The imported symbols with the functions that use them; those asked for that the binary has itself come last."""
    if isinstance(facts.imports, Unknown):
        return facts.imports
    answer = deep.part(_CALLERS, _Callers) if _asked(deep, _CALLERS) else _Callers({})
    if isinstance(answer, Unknown):
        return answer
    owners = Owners(facts)
    imported = {symbol.name for symbol in facts.imports}
    own = tuple(NeededSymbol(name) for name in sorted(answer.names) if name not in imported)
    nothing = _Name(0, (), 0)
    return tuple(_symbol(one, answer.names.get(one.name, nothing), owners) for one in facts.imports + own)


def _asked(deep: Deep, want: str) -> bool:
    return isinstance(deep.parts, Unknown) or want in deep.parts


def _symbol(symbol: NeededSymbol, told: _Name, owners: Owners) -> SymbolNeed:
    users = tuple(
        User(
            owners.owner(use),
            use.c,
            use.call,
            tuple(Way(owners.owner(way), way.via or ()) for way in use.ways),
        )
        for use in told.uses
    )
    return SymbolNeed(symbol.name, symbol.version, symbol.library, symbol.weak, told.count, users, told.data)


def system_calls_of(facts: BinaryFacts, deep: Deep) -> SystemCalls | Unknown:
    """The system calls that stand in the code, named, each place with what is known of a kernel without the call."""
    if not _asked(deep, _SYSCALLS):
        return Unknown("system calls are read of Linux programs only")
    answer = deep.part(_SYSCALLS, _Calls)
    if isinstance(answer, Unknown):
        return answer
    assert isinstance(facts.goarch, str)  # the reader answers for architectures that it knows
    table = system_calls(facts.goarch)
    owners = Owners(facts)
    release = facts.go.version if isinstance(facts.go, GoBuildInfo) else ""
    calls = []
    for call in answer.calls:
        row = table.get(call.number) or SystemCall(f"#{call.number}", call.number, "", "")
        sites = tuple(_site(row.name, site, owners, release) for site in call.places)
        calls.append(Call(call.number, row.name, row.since, row.source, call.count, sites))
    unresolved = tuple(_site("", site, owners, release) for site in answer.unresolved.places)
    return SystemCalls(tuple(calls), answer.unresolved.count, unresolved, answer.entries)


def _site(call: str, site: _Site, owners: Owners, release: str) -> CallSite:
    callers = site.callers or ()
    rows = [fallback_for(call, site.function, release)]
    if rows[0] is None and callers:
        rows = [fallback_for(call, caller.function, release) for caller in callers]
    known = [row for row in rows if row is not None]
    without, source = None, ""
    if len(known) == len(rows):
        without = message(f"needs.{known[0].kind}", en=known[0].en, zh=known[0].zh)
        source = known[0].source
    return CallSite(
        owners.owner(site),
        site.c,
        site.through,
        tuple(owners.owner(caller) for caller in callers),
        without,
        source,
    )

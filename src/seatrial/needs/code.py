"""What needs are asked of the reader: its wants with their arguments; its answer about system calls with owners."""

from typing import Any

import msgspec

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, GoBuildInfo
from seatrial.model.insight import Deep
from seatrial.model.needs import Call, CallSite, SystemCalls
from seatrial.needs.callers import caller_wants
from seatrial.needs.instruction_sets import instruction_set_wants
from seatrial.needs.owners import Owners, Place
from seatrial.tables.go_fallbacks import fallback_for, wrapper_packages
from seatrial.tables.messages import message
from seatrial.tables.system_calls import SystemCall, system_calls

__all__ = ["system_calls_of", "wants_of"]

_SYSCALLS = "syscalls"


def wants_of(facts: BinaryFacts, defined: tuple[str, ...] = ()) -> dict[str, Any]:
    """The wants to ask for a binary's needs, for `read_deep`. `defined`: functions in it whose users are wanted too."""
    wants = caller_wants(facts, defined)
    if facts.goos in ("linux", "android"):
        wants[_SYSCALLS] = {"wrappers": wrapper_packages()}
    return wants | instruction_set_wants(facts)


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


def system_calls_of(facts: BinaryFacts, deep: Deep) -> SystemCalls | Unknown:
    """The system calls that stand in the code, named, each place with what is known of a kernel without the call."""
    if not isinstance(deep.parts, Unknown) and _SYSCALLS not in deep.parts:
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

"""`seatrial inspect --why`: who in a binary asks for something, as indented lines."""

from collections.abc import Iterable

from seatrial.cli.inspect_embedded import OBJECT, RELOCATION, why_object, why_relocation
from seatrial.cli.inspect_owners import SHOWN, Lines, near, owner_words, user_lines
from seatrial.errors import CouldNotCheck, SeatrialError, UsageError
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts
from seatrial.model.needs import (
    Call,
    CallSite,
    Cause,
    FeatureUse,
    FloorKind,
    Needs,
    Standing,
    SymbolNeed,
)

__all__ = ["why"]

_SYSCALL = "syscall:"


def why(facts: BinaryFacts, needs: Needs, asked: str) -> Lines:
    """Who asks for a symbol, symbol version, library, CPU feature, system call, kind of relocation or C object.

    Raises UsageError for what the binary does not ask for, naming what comes near; CouldNotCheck where the code could
    not be read.
    """
    for prefix, told in _KINDS.items():
        if asked.startswith(prefix):
            yield from told(needs, asked.removeprefix(prefix))
            return
    if isinstance(needs.symbols, Unknown):
        symbols: tuple[SymbolNeed, ...] = ()
        unread = needs.symbols.unknown
    else:
        symbols, unread = needs.symbols, ""
    libraries = () if isinstance(facts.libraries, Unknown) else facts.libraries
    uses = () if isinstance(needs.instructions, Unknown) else needs.instructions
    features = [use for use in uses if use.feature == asked]
    settings = [
        reason for reason in needs.floor(FloorKind.CPU).because(Cause.SETTING) if asked in reason.minimum.split()
    ]
    found = [symbol for symbol in symbols if asked in (symbol.name, symbol.version, symbol.library)]
    if asked in libraries and not any(symbol.library == asked for symbol in found):
        yield from _library(asked, symbols)
    elif found:
        yield 0, _headline(asked, found)
        for symbol in found:
            yield from _symbol(symbol)
    elif features or settings:
        for reason in settings:
            yield 0, reason.message.text
        yield from _feature(asked, features)
    else:
        raise _nothing(asked, facts, symbols, libraries, needs, unread)


def _headline(asked: str, found: list[SymbolNeed]) -> str:
    libraries = sorted({symbol.library for symbol in found if symbol.library})
    of = f" of {', '.join(libraries)}" if libraries and libraries != [asked] else ""
    return f"{asked}{of}: {len(found)} symbol{'s' if len(found) > 1 else ''}"


def _library(asked: str, symbols: tuple[SymbolNeed, ...]) -> Lines:
    """A library of which no symbol is said to be: ELF names a library for versioned symbols only."""
    open_ones = [symbol for symbol in symbols if not symbol.library]
    yield 0, f"{asked}: the file asks for it by name and does not say which symbols it takes from it"
    if open_ones:
        yield 1, f"{len(open_ones)} symbols are of no library that the file names:"
        for symbol in open_ones[:SHOWN]:
            yield from ((depth + 1, line) for depth, line in _symbol(symbol))
        if len(open_ones) > SHOWN:
            yield 2, f"and {len(open_ones) - SHOWN} more"


def _symbol(symbol: SymbolNeed) -> Lines:
    version = f"@{symbol.version}" if symbol.version else ""
    yield 1, f"{symbol.name}{version}{' (weak)' if symbol.weak else ''}"
    for user in symbol.users[:SHOWN]:
        yield from ((depth + 2, line) for depth, line in user_lines(user))
    if len(symbol.users) > SHOWN:
        yield 2, f"and {len(symbol.users) - SHOWN} more functions"
    if not symbol.users:
        in_data = f"{symbol.in_data} words of data hold its address" if symbol.in_data else ""
        yield 2, in_data or "no function was seen to use it"


def _feature(asked: str, uses: list[FeatureUse]) -> Lines:
    """Where instructions of a feature stand, those first that nothing guards."""
    for standing in reversed(Standing):
        found = [use for use in uses if use.standing is standing]
        if not found:
            continue
        yield 0, f"{asked}, {standing.value}: {len(found)} function{'s' if len(found) > 1 else ''}"
        for use in found:
            count = f"{use.count} instruction{'s' if use.count != 1 else ''}"
            yield 1, f"{owner_words(use.owner)}{' (C)' if use.is_c else ''}: {count} from {use.owner.address:#x} on"
            yield 2, use.why.text
            if use.way:
                yield 2, f"called by {', by '.join(owner_words(owner) for owner in use.way)}"


def _system_call(needs: Needs, name: str) -> Lines:
    calls = needs.system_calls
    if isinstance(calls, Unknown):
        raise CouldNotCheck(f"The system calls could not be read: {calls.unknown.removesuffix('.')}.")
    found = next((call for call in calls.calls if name in (call.name, str(call.number))), None)
    if found is None:
        names = [call.name for call in calls.calls]
        raise UsageError(
            f"The code does not make the system call {name!r}.",
            near(name, names, _SYSCALL) or f"It makes {len(names)}; --json lists them.",
        )
    yield from _call(found)
    if calls.unresolved:
        yield 0, f"calls whose number is not a constant, and which may be this one: {calls.unresolved}"


def _call(call: Call) -> Lines:
    since = f"Linux {call.since}" if call.since else "no kernel that is known here"
    yield 0, f"{call.name}, number {call.number}, of {since}: {call.places} place{'s' if call.places != 1 else ''}"
    for site in call.sites:
        yield from _site(site)


def _site(site: CallSite) -> Lines:
    through = f" through {site.through}" if site.through else ""
    yield 1, f"{owner_words(site.owner)} at {site.owner.address:#x}{through}{' (C)' if site.is_c else ''}"
    for caller in site.callers[:SHOWN]:
        yield 2, f"called by {owner_words(caller)}"
    if len(site.callers) > SHOWN:
        yield 2, f"and by {len(site.callers) - SHOWN} more"
    yield 2, f"{site.without.text} ({site.source})" if site.without else "no way around it is known"


def _nothing(
    asked: str, facts: BinaryFacts, symbols: tuple[SymbolNeed, ...], libraries: Iterable[str], needs: Needs, unread: str
) -> SeatrialError:
    if unread:
        return CouldNotCheck(f"Who asks for {asked!r} could not be read: {unread.removesuffix('.')}.")
    names = {name for symbol in symbols for name in (symbol.name, symbol.version, symbol.library) if name}
    features = {name for reason in needs.floor(FloorKind.CPU).reasons for name in reason.minimum.split()}
    if not isinstance(needs.instructions, Unknown):
        features |= {use.feature for use in needs.instructions}
    return UsageError(
        f"{facts.path} does not ask for {asked!r}.",
        near(asked, sorted(names | set(libraries) | features))
        or "Ask for a symbol, a symbol version, a library, a CPU feature, syscall:<name>, relocation:<kind> or"
        " object:<file>.",
    )


_KINDS = {_SYSCALL: _system_call, RELOCATION: why_relocation, OBJECT: why_object}

"""`seatrial inspect --why`: who in a binary asks for something, as indented lines."""

from collections.abc import Iterable

from seatrial.cli.inspect_embedded import OBJECT, RELOCATION, why_object, why_relocation
from seatrial.cli.inspect_owners import SHOWN, Lines, near, owner_words, user_lines
from seatrial.cli.inspect_words import Words
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
    Owner,
    Standing,
    SymbolNeed,
)

__all__ = ["why"]

_SYSCALL = "syscall:"


def why(facts: BinaryFacts, needs: Needs, asked: str, words: Words) -> Lines:
    """Who asks for a symbol, symbol version, library, CPU feature, system call, kind of relocation or C object.

    Raises UsageError for what the binary does not ask for, naming what comes near; CouldNotCheck where the code could
    not be read.
    """
    for prefix, told in _KINDS.items():
        if asked.startswith(prefix):
            yield from told(needs, asked.removeprefix(prefix), words)
            return
    if isinstance(needs.symbols, Unknown):
        symbols: tuple[SymbolNeed, ...] = ()
        unread = needs.symbols.unknown
    else:
        symbols, unread = needs.symbols, ""
    libraries = () if isinstance(facts.libraries, Unknown) else facts.libraries
    uses = () if isinstance(needs.instructions, Unknown) else needs.instructions
    features = [use for use in uses if use.feature == asked]
    settings = [  # of the build, or of the port; code that uses it is in `features`
        reason
        for reason in needs.floor(FloorKind.CPU).reasons
        if reason.cause is not Cause.INSTRUCTIONS and asked in reason.minimum.split()
    ]
    found = [symbol for symbol in symbols if asked in (symbol.name, symbol.version, symbol.library)]
    if asked in libraries and not any(symbol.library == asked for symbol in found):
        yield from _library(asked, symbols, words)
    elif found:
        yield 0, _headline(asked, found, words)
        for symbol in found:
            yield from _symbol(symbol, words)
    elif features or settings:
        for reason in settings:
            yield 0, words.message(reason.message)
        yield from _feature(asked, features, words)
    else:
        raise _nothing(asked, facts, symbols, libraries, needs, unread)


def _headline(asked: str, found: list[SymbolNeed], words: Words) -> str:
    libraries = sorted({symbol.library for symbol in found if symbol.library})
    count = words.counted("symbol", len(found))
    if libraries and libraries != [asked]:
        return words("symbols-of", asked=asked, libraries=", ".join(libraries), symbols=count)
    return words("value", what=asked, value=count)


def _library(asked: str, symbols: tuple[SymbolNeed, ...], words: Words) -> Lines:
    """A library of which no symbol is said to be: ELF names a library for versioned symbols only."""
    open_ones = [symbol for symbol in symbols if not symbol.library]
    yield 0, words("by-name-only", library=asked)
    if open_ones:
        yield 1, words("of-no-library", count=len(open_ones))
        for symbol in open_ones[:SHOWN]:
            yield from ((depth + 1, line) for depth, line in _symbol(symbol, words))
        if len(open_ones) > SHOWN:
            yield 2, words("more", count=len(open_ones) - SHOWN)


def _symbol(symbol: SymbolNeed, words: Words) -> Lines:
    name = f"{symbol.name}@{symbol.version}" if symbol.version else symbol.name
    yield 1, words("weak", name=name) if symbol.weak else name
    for user in symbol.users[:SHOWN]:
        yield from ((depth + 2, line) for depth, line in user_lines(user, words))
    if len(symbol.users) > SHOWN:
        yield 2, words.counted("more-functions", len(symbol.users) - SHOWN)
    if not symbol.users:
        yield 2, words("words-of-data", count=symbol.in_data) if symbol.in_data else words("nobody-uses")


def _feature(asked: str, uses: list[FeatureUse], words: Words) -> Lines:
    """Where instructions of a feature stand, those first that nothing guards."""
    for standing in reversed(Standing):
        found = [use for use in uses if use.standing is standing]
        if not found:
            continue
        functions = words.counted("function", len(found))
        told = words(f"standing-{standing.name.lower()}")
        yield 0, words("feature-standing", feature=asked, standing=told, functions=functions)
        for use in found:
            function = owner_words(use.owner)
            if use.is_c:
                function = words("is-c", function=function)
            count = words.counted("instruction", use.count)
            told = words("from-on", function=function, instructions=count, address=f"{use.owner.address:#x}")
            yield 1, told if use.count else function  # none is reached
            yield 2, words.message(use.why)
            if use.way:
                yield 2, _way(use.way, words)


def _way(owners: tuple[Owner, ...], words: Words) -> str:
    told = words("called-by", function=owner_words(owners[0]))
    for owner in owners[1:]:
        told = words("called-by-next", ways=told, function=owner_words(owner))
    return told


def _system_call(needs: Needs, name: str, words: Words) -> Lines:
    calls = needs.system_calls
    if isinstance(calls, Unknown):
        raise CouldNotCheck(f"The system calls could not be read: {calls.unknown.removesuffix('.')}.")
    found = next((call for call in calls.calls if name in (call.name, str(call.number))), None)
    if found is None:
        names = [call.name for call in calls.calls]
        raise UsageError(
            f"No place in the code is seen to make the system call {name!r}; places whose number is not a constant:"
            f" {calls.unresolved}.",
            near(name, names, _SYSCALL) or f"It makes {len(names)}; --json lists them.",
        )
    yield from _call(found, words)
    if calls.unresolved:
        yield 0, words("may-be-this", count=calls.unresolved)


def _call(call: Call, words: Words) -> Lines:
    since = f"Linux {call.since}" if call.since else words("no-kernel")
    places = words.counted("place", call.places)
    yield 0, words("call", call=call.name, number=call.number, since=since, places=places)
    for site in call.sites:
        yield from _site(site, words)


def _site(site: CallSite, words: Words) -> Lines:
    name = "site-through" if site.through else "site"
    told = words(name, function=owner_words(site.owner), address=f"{site.owner.address:#x}", through=site.through)
    yield 1, words("is-c", function=told) if site.is_c else told
    for caller in site.callers[:SHOWN]:
        yield 2, words("called-by", function=owner_words(caller))
    if len(site.callers) > SHOWN:
        yield 2, words("more-callers", count=len(site.callers) - SHOWN)
    if site.without:
        yield 2, words("sourced", told=words.message(site.without), source=site.source)
    else:
        yield 2, words("no-way-around")


def _nothing(
    asked: str, facts: BinaryFacts, symbols: tuple[SymbolNeed, ...], libraries: Iterable[str], needs: Needs, unread: str
) -> SeatrialError:
    calls = () if isinstance(needs.system_calls, Unknown) else needs.system_calls.calls
    if asked in [call.name for call in calls]:
        return UsageError(f"{asked!r} is a system call.", f"Ask for {_SYSCALL}{asked}.")
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

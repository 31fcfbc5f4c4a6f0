"""The way from the source's words to the file that is loaded, for each library of a binary."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import msgspec

from seatrial.errors import UsageError
from seatrial.formats import read_binary
from seatrial.linking.directives import Directives, named_libraries, names_library, word_for
from seatrial.linking.locate import Locator
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat
from seatrial.model.comparison import Chain, Directive, DirectiveKind, Home, ImportedSymbol, Loaded, Slot
from seatrial.model.message import Message
from seatrial.model.needs import Needs, SymbolNeed
from seatrial.tables.messages import message

__all__ = ["Slots", "chains_of", "leading_packages"]

_FILES = 64
"""Libraries that are read for the names that they define."""


class _NamedSlot(Slot, frozen=True, kw_only=True):
    name: str


class Slots(msgspec.Struct, frozen=True):
    """The reader's answer to the want `slots`."""

    slots: tuple[_NamedSlot, ...]


def chains_of(
    facts: BinaryFacts, needs: Needs, slots: Slots | Unknown, directives: Directives, locator: Locator
) -> tuple[tuple[Chain, ...], tuple[Directive, ...]]:
    """A chain for each library, in the file's order, then one for symbols of no library that is known.

    The second: the words that name a library which the binary does not ask for.
    """
    libraries = facts.libraries if isinstance(facts.libraries, tuple) else ()
    imports = facts.imports if isinstance(facts.imports, tuple) else ()
    imported = {symbol.name for symbol in imports}
    if isinstance(needs.symbols, tuple):
        symbols = tuple(symbol for symbol in needs.symbols if symbol.name in imported)
    else:  # without the code: what the file itself says
        symbols = tuple(SymbolNeed(one.name, one.version, one.library, one.weak) for one in imports)
    loaded = {library: locator.find(library) for library in libraries}
    open_names = {symbol.name for symbol in symbols if not symbol.library}
    homes = _homes(open_names, loaded, locator) if facts.format is BinaryFormat.ELF else _flat(open_names, directives)
    by_library: dict[str, list[tuple[SymbolNeed, Home]]] = {library: [] for library in libraries}
    for symbol in symbols:
        library, home = (symbol.library, Home.NAMED) if symbol.library else homes.get(symbol.name, ("", Home.NOWHERE))
        by_library.setdefault(library, []).append((symbol, home))
    chains = []
    for library, mine in by_library.items():
        if not library:
            where = Loaded(Unknown(message("comparison.of-no-library").text), "")
        else:
            where = loaded[library] if library in loaded else locator.find(library)
        chains.append(_chain(facts, library, mine, slots, directives, where))
    # Those of no library come last.
    chains.sort(key=lambda chain: not chain.library)
    return tuple(chains), tuple(_unasked(directives.found, by_library))


def _unasked(directives: Iterable[Directive], libraries: Collection[str]) -> Iterator[Directive]:
    for directive in directives:
        named = () if directive.kind is DirectiveKind.IMPORT else named_libraries(directive)
        rest = [name for name in named if not any(names_library(name, library) for library in libraries)]
        if rest:
            yield msgspec.structs.replace(directive, words=tuple(map(word_for, rest)))


def leading_packages(symbols: Iterable[SymbolNeed]) -> tuple[str, ...]:
    """The Go packages whose functions use the symbols, or lead to C that does."""
    found = set()
    for symbol in symbols:
        for user in symbol.users:
            if not user.is_c and user.owner.package:
                found.add(user.owner.package)
            found.update(way.owner.package for way in user.ways if way.owner.package)
    return tuple(sorted(found))


def _chain(
    facts: BinaryFacts,
    library: str,
    symbols: list[tuple[SymbolNeed, Home]],
    slots: Slots | Unknown,
    directives: Directives,
    loaded: Loaded,
) -> Chain:
    packages = leading_packages(symbol for symbol, _ in symbols)
    naming = tuple(
        directive
        for directive in directives.found
        if any(names_library(name, library) for name in named_libraries(directive))
    )
    return Chain(
        library,
        library in facts.optional_libraries,
        naming,
        () if naming else tuple(_no_words(facts, directives, packages)),
        packages,
        tuple(_symbol(symbol, home, slots) for symbol, home in symbols),
        loaded,
    )


def _no_words(facts: BinaryFacts, directives: Directives, packages: tuple[str, ...]) -> Iterator[Message]:
    """Why no words of the source are shown for a library."""
    unknown = {reason.text: reason for reason in directives.not_known.values()}
    yield from unknown.values()
    listed = [directive for directive in directives.found if directive.kind is DirectiveKind.PKG_CONFIG]
    for directive in listed:
        yield message("comparison.pkg-config", names=" ".join(directive.words), package=directive.package)
    if unknown or listed:
        return
    cgo = not isinstance(facts.go, Unknown) and facts.go.settings.get("CGO_ENABLED") == "1"
    yield message("comparison.compiler-adds" if cgo else "comparison.nobody")


def _symbol(symbol: SymbolNeed, home: Home, slots: Slots | Unknown) -> ImportedSymbol:
    mine: tuple[Slot, ...] | Unknown
    if isinstance(slots, Unknown):
        mine = slots
    else:
        mine = tuple(Slot(one.address, one.section, one.stubs) for one in slots.slots if one.name == symbol.name)
    users = tuple(user.owner for user in symbol.users)
    return ImportedSymbol(symbol.name, symbol.version, symbol.weak, mine, users, home)


def _flat(names: set[str], directives: Directives) -> dict[str, tuple[str, Home]]:
    """Symbols that Go's own linker leaves to a search of all libraries (Mach-O), by what the source says."""
    imports = directives.imports
    found = {name: imports.get(name.removeprefix("_"), "") for name in names}
    return {name: (library, Home.SOURCE) for name, library in found.items() if library}


def _homes(names: set[str], loaded: dict[str, Loaded], locator: Locator) -> dict[str, tuple[str, Home]]:
    """Symbol to the library that the loader binds it to: the first that defines it, breadth first (gABI chapter 5)."""
    homes: dict[str, tuple[str, Home]] = {}
    queue, seen, unread = list(loaded.items()), set(loaded), []
    while queue and len(homes) < len(names):
        library, where = queue.pop(0)
        found = _read(where)
        if found is None or isinstance(found.exports, Unknown):
            unread.append(library)
            continue
        for name in names.intersection(found.exports):
            homes.setdefault(name, (library, Home.DEFINED))
        for needed in found.libraries if isinstance(found.libraries, tuple) else ():
            if needed not in seen and len(seen) < _FILES:
                seen.add(needed)
                queue.append((needed, locator.find(needed, found, Path(found.path).resolve().parent)))
    if len(unread) == 1 and len(seen) < _FILES:
        for name in names - homes.keys():
            homes[name] = (unread[0], Home.LEFT)
    return homes


def _read(loaded: Loaded) -> BinaryFacts | None:
    if isinstance(loaded.path, Unknown):
        return None
    try:
        return read_binary(Path(loaded.path))
    except UsageError:
        return None

"""`seatrial inspect --compare`: two binaries side by side, as a page for people."""

import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from seatrial.cli.inspect_floors import headline
from seatrial.cli.inspect_words import Words, padded
from seatrial.model.absence import Unknown
from seatrial.model.comparison import Chain, Comparison, Directive, Home, ImportedSymbol, Only, Side, Slot
from seatrial.model.needs import Floor, FloorKind

__all__ = ["SCHEMA", "compare_binaries"]

SCHEMA = "seatrial/inspect-compare/1"

_SHOWN = 8
"""Lines of one kind, beyond which they are counted; --json has all."""
_SECTIONS = 16
_WIDEST = 44
_LABEL = 20

Page = Iterator[tuple[str, list[str]]]


def compare_binaries(
    path: Path, other: Path, source: Path | None, sysroot: Path | None, json_to: str | None, lang: str, go: str
) -> None:
    """Compare two binaries and print what was found, or write it as JSON. Raises UsageError for what is no binary."""
    from seatrial.cli.json_output import written
    from seatrial.comparison import compare
    from seatrial.errors import CouldNotCheck
    from seatrial.store import Store, default_root
    from seatrial.toolchains import GoToolchain, find_go
    from seatrial.toolchains.reader import deep_reader

    store = Store(default_root())
    toolchain: GoToolchain | Unknown
    try:
        toolchain = find_go(go, store)
    except CouldNotCheck as error:
        toolchain = Unknown(error.message)
    found = compare(path, other, deep_reader(store, go), toolchain, source, sysroot)
    if not written(SCHEMA, {"comparison": found}, json_to):
        _print(found, Words(lang))


def _print(found: Comparison, words: Words) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, emoji=False)
    console.print(Text(words("both", first=found.first.path, second=found.second.path), style="bold"), soft_wrap=True)
    if found.same_bytes or found.same_program is False:
        told = words("same-bytes" if found.same_bytes else "other-program")
        console.print(Text(told, style="yellow"), soft_wrap=True)
    for title, lines in _page(found, words):
        console.print(Text(f"\n{title}", style="bold cyan"), soft_wrap=True)
        for line in lines:
            console.print(Text(f"  {line}"), soft_wrap=True)


def _page(found: Comparison, words: Words) -> Page:
    """Titles with their lines; what does not differ and says nothing is left out."""
    names = _names(found)
    parts = (
        (words("side-by-side"), _side_by_side(found, names, words)),
        (words("cgo-changed" if _cgo_differs(found) else "build-differs"), _settings(found, words)),
        (words("what-it-means"), _effects(found, names, words)),
        *((words("only-in", name=name), _only(found, side, words)) for side, name in enumerate(names)),
        (words("sections"), _sections(found, words)),
        *((words("source-to-library", name=name), _chains(found, side, words)) for side, name in enumerate(names)),
        (words("not-known"), _not_known(found, words)),
    )
    for title, lines in parts:
        shown = list(lines)
        if shown:
            yield title, shown


def _names(found: Comparison) -> tuple[str, str]:
    """The files' names; their paths where those are the same."""
    names = [side.path.rpartition("/")[2] for side in (found.first, found.second)]
    return (names[0], names[1]) if names[0] != names[1] else (found.first.path, found.second.path)


def _cgo_differs(found: Comparison) -> bool:
    return {found.first.cgo, found.second.cgo} == {"0", "1"}


def _said(value: object, words: Words) -> str:
    if isinstance(value, Unknown):
        return words("unknown")
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value) or "-"


def _rows(rows: Iterable[tuple[str, object, object]], words: Words) -> Iterator[str]:
    """Lines of a label and two values under each other; long values take a line of their own."""
    told = [(name, _said(first, words), _said(second, words)) for name, first, second in rows]
    width = max((len(first) for _, first, _ in told if len(first) <= _WIDEST), default=0)
    for name, first, second in told:
        if len(first) > _WIDEST:
            yield f"{padded(name + ' ', _LABEL)}{first}"
            yield f"{'':{_LABEL}}{'':{width}}  {second}"
        else:
            yield f"{padded(name + ' ', _LABEL)}{padded(first, width)}  {second}".rstrip()


def _side_by_side(found: Comparison, names: tuple[str, str], words: Words) -> Iterator[str]:
    rows: list[tuple[str, object, object]] = [("", *names)]
    rows.append((words("platform"), _platform(found.first, words), _platform(found.second, words)))
    rows += [(words(label), get(found.first), get(found.second)) for label, get in _FACTS]
    if not isinstance(found.first.units, Unknown) and not isinstance(found.second.units, Unknown):
        rows.append((words("c-objects"), len(found.first.units), len(found.second.units)))
    rows += [_floor(found, pair.kind, words) for pair in found.floors]
    yield from _rows((row for row in rows if {row[1], row[2]} != {""}), words)


def _platform(side: Side, words: Words) -> str:
    return f"{_said(side.goos, words)}/{_said(side.goarch, words)}"


_FACTS = (
    ("format", lambda side: side.format),
    ("linkage", lambda side: side.linked),
    ("cgo-enabled", lambda side: side.cgo),
    ("loader", lambda side: side.interpreter),
    ("size", lambda side: side.size),
    ("libraries", lambda side: side.libraries if isinstance(side.libraries, Unknown) else len(side.libraries)),
    ("imported-symbols", lambda side: side.symbols),
    ("go-packages", lambda side: side.packages),
    ("go-functions", lambda side: side.functions),
    ("other-functions", lambda side: side.outside),
)


def _floor(found: Comparison, kind: FloorKind, words: Words) -> tuple[str, str, str]:
    floors = [
        next((floor for floor in side.floors if floor.kind is kind), None) for side in (found.first, found.second)
    ]
    label = headline(Floor(kind, ""), words)[0]
    first, second = ("-" if floor is None else headline(floor, words)[1] for floor in floors)
    return label, first, second


def _settings(found: Comparison, words: Words) -> Iterator[str]:
    yield from _rows(((pair.name, pair.first, pair.second) for pair in found.settings), words)


def _effects(found: Comparison, names: tuple[str, str], words: Words) -> Iterator[str]:
    for effect in found.effects:
        yield effect.package
        for name, told in zip(names, (effect.first, effect.second), strict=True):
            yield "  " + words("value", what=name, value=words.message(told))


def _only(found: Comparison, side: int, words: Words) -> Iterator[str]:
    kinds = (
        ("libraries", found.libraries),
        ("symbols", found.symbols),
        ("c-objects", _files(found.units)),
        ("packages", found.packages),
        ("functions", found.functions),
    )
    for label, only in kinds:
        if isinstance(only, Only) and (names := (only.first, only.second)[side]):
            yield f"{padded(words(label), _LABEL)}{len(names):>6,}  {words.some(names, _SHOWN)}"


def _files(units: Only | Unknown) -> Only | Unknown:
    if isinstance(units, Unknown):
        return units
    first, second = (tuple(name.rpartition("/")[2] for name in names) for names in (units.first, units.second))
    return Only(first, second)


def _sections(found: Comparison, words: Words) -> Iterator[str]:
    if isinstance(found.sections, Unknown):
        return
    differing = [pair for pair in found.sections if pair.first != pair.second]
    differing.sort(key=lambda pair: abs((pair.second or 0) - (pair.first or 0)), reverse=True)
    shown = differing[:_SECTIONS]
    width = max((len(pair.name) for pair in shown), default=0) + 2
    for pair in shown:
        change = (pair.second or 0) - (pair.first or 0)
        yield f"{pair.name:{width}}{_said(pair.first, words):>14}{_said(pair.second, words):>14}{change:>+15,}"
    if len(differing) > len(shown):
        yield words("differ-less", count=len(differing) - len(shown))
    if same := len(found.sections) - len(differing):
        yield words("same-size", count=same)


def _chains(found: Comparison, side: int, words: Words) -> Iterator[str]:
    told: set[str] = set()
    for chain in (found.first_chains, found.second_chains)[side]:
        yield from _chain(chain, told, words)
        told.update(reason.text for reason in chain.no_words)
    for directive in (found.first_unasked, found.second_unasked)[side]:
        yield words("asked-in-vain", words=_directive(directive, words))
        yield "  " + words("why-in-vain")


def _chain(chain: Chain, told: Collection[str], words: Words) -> Iterator[str]:
    """The lines of a chain; reasons that were told of another are not repeated."""
    name = chain.library or words("unknown-library")
    yield words("may-be-missing", name=name) if chain.optional else name
    naming = [_directive(directive, words) for directive in chain.directives]
    reasons = [words.message(reason) for reason in chain.no_words if reason.text not in told]
    naming += reasons or ([words("as-above")] if chain.no_words else [])
    yield from _labelled("named-by", naming, words)
    yield from _labelled("for", [words.some(chain.packages, _SHOWN)] if chain.packages else [], words)
    symbols = [_symbol(symbol, words) for symbol in chain.symbols[:_SHOWN]] or [words("none-imported")]
    if len(chain.symbols) > _SHOWN:
        symbols.append(words("and-count-more", count=len(chain.symbols) - _SHOWN))
    yield from _labelled("symbols", symbols, words)
    if isinstance(chain.loaded.path, Unknown):
        loaded = words("not-known-why", why=chain.loaded.path.unknown)
    else:
        loaded = words("loaded-by", path=chain.loaded.path, by=chain.loaded.by)
    passed_over = [words("passed-over", why=words.message(reason)) for reason in chain.loaded.passed_over]
    yield from _labelled("loaded", [loaded, *passed_over], words)


def _labelled(label: str, lines: list[str], words: Words) -> Iterator[str]:
    for index, line in enumerate(lines):
        yield f"  {padded(words(label) if index == 0 else '', 12)}{line}"


def _directive(directive: Directive, words: Words) -> str:
    where = directive.where
    if directive.package:
        where = words("owner-in", package=directive.package, folder=where)
    return f"{words('value', what=directive.kind, value=' '.join(directive.words))}   {where}"


def _symbol(symbol: ImportedSymbol, words: Words) -> str:
    name = f"{symbol.name}@{symbol.version}" if symbol.version else symbol.name
    if isinstance(symbol.slots, Unknown):
        where = words("slots-not-known", why=symbol.slots.unknown)
    else:
        where = "; ".join(_slot(slot, words) for slot in symbol.slots[:2]) or words("no-slot")
    if symbol.weak:
        where = words("weak", name=where)
    if symbol.home is Home.LEFT:
        where = words("others-lack-it", told=where)
    return f"{name:31} {where}"


def _slot(slot: Slot, words: Words) -> str:
    stubs = (words("stub", address=f"{stub.address:#x}", section=stub.section) for stub in slot.stubs[:2])
    told = words("slot", address=f"{slot.address:#x}", section=slot.section)
    return "".join(stub.replace("  ", " ") for stub in stubs) + told.rstrip()


def _not_known(found: Comparison, words: Words) -> Iterator[str]:
    parts = (
        ("packages", found.packages),
        ("c-objects", found.units),
        ("symbols", found.symbols),
        ("libraries", found.libraries),
        ("sections", found.sections),
    )
    for label, value in parts:
        if isinstance(value, Unknown):
            yield f"{padded(words(label), _LABEL)}{value.unknown}"

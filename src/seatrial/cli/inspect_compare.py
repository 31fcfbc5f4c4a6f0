"""`seatrial inspect --compare`: two binaries side by side, as a page for people."""

import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from seatrial.cli.inspect_floors import headline
from seatrial.model.absence import Unknown
from seatrial.model.comparison import Chain, Comparison, Directive, Home, ImportedSymbol, Only, Side
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
    path: Path, other: Path, source: Path | None, sysroot: Path | None, json_to: str | None, go: str
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
        _print(found)


def _print(found: Comparison) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, emoji=False)
    console.print(Text(f"{found.first.path} and {found.second.path}", style="bold"), soft_wrap=True)
    for title, lines in _page(found):
        console.print(Text(f"\n{title}", style="bold cyan"), soft_wrap=True)
        for line in lines:
            console.print(Text(f"  {line}"), soft_wrap=True)


def _page(found: Comparison) -> Page:
    """Titles with their lines; what does not differ and says nothing is left out."""
    names = _names(found)
    parts = (
        ("Side by side", _side_by_side(found, names)),
        ("What CGO_ENABLED changed" if _cgo_differs(found) else "What differs in the build", _settings(found)),
        ("What that means", _effects(found, names)),
        *((f"Only in {name}", _only(found, side)) for side, name in enumerate(names)),
        ("Sections", _sections(found)),
        *((f"From the source to the library: {name}", _chains(found, side)) for side, name in enumerate(names)),
        ("Not known", _not_known(found)),
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


def _said(value: object) -> str:
    if isinstance(value, Unknown):
        return "unknown"
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value) or "-"


def _rows(rows: Iterable[tuple[str, object, object]], label: int = _LABEL) -> Iterator[str]:
    """Lines of a label and two values under each other; long values take a line of their own."""
    told = [(name, _said(first), _said(second)) for name, first, second in rows]
    width = max((len(first) for _, first, _ in told if len(first) <= _WIDEST), default=0)
    for name, first, second in told:
        if len(first) > _WIDEST:
            yield f"{name:{label}}{first}"
            yield f"{'':{label}}{'':{width}}  {second}"
        else:
            yield f"{name:{label}}{first:{width}}  {second}".rstrip()


def _side_by_side(found: Comparison, names: tuple[str, str]) -> Iterator[str]:
    rows: list[tuple[str, object, object]] = [("", *names)]
    rows += [(label, get(found.first), get(found.second)) for label, get in _FACTS]
    if not isinstance(found.first.units, Unknown) and not isinstance(found.second.units, Unknown):
        rows.append(("C objects", len(found.first.units), len(found.second.units)))
    rows += [_floor(found, pair.kind) for pair in found.floors]
    yield from _rows(row for row in rows if {row[1], row[2]} != {""})


def _platform(side: Side) -> str:
    return f"{_said(side.goos)}/{_said(side.goarch)}"


_FACTS = (
    ("platform", _platform),
    ("format", lambda side: side.format),
    ("linkage", lambda side: side.linked),
    ("CGO_ENABLED", lambda side: side.cgo),
    ("loader", lambda side: side.interpreter),
    ("size", lambda side: side.size),
    ("libraries", lambda side: side.libraries if isinstance(side.libraries, Unknown) else len(side.libraries)),
    ("imported symbols", lambda side: side.symbols),
    ("Go packages", lambda side: side.packages),
    ("Go functions", lambda side: side.functions),
    ("other functions", lambda side: side.outside),
)


def _floor(found: Comparison, kind: FloorKind) -> tuple[str, str, str]:
    floors = [
        next((floor for floor in side.floors if floor.kind is kind), None) for side in (found.first, found.second)
    ]
    label = headline(Floor(kind, ""))[0]
    first, second = ("-" if floor is None else headline(floor)[1] for floor in floors)
    return label, first, second


def _settings(found: Comparison) -> Iterator[str]:
    yield from _rows((pair.name, pair.first, pair.second) for pair in found.settings)


def _effects(found: Comparison, names: tuple[str, str]) -> Iterator[str]:
    for effect in found.effects:
        yield effect.package
        yield f"  {names[0]}: {effect.first.text}"
        yield f"  {names[1]}: {effect.second.text}"


def _only(found: Comparison, side: int) -> Iterator[str]:
    kinds = (
        ("libraries", found.libraries),
        ("symbols", found.symbols),
        ("C objects", _files(found.units)),
        ("packages", found.packages),
        ("functions", found.functions),
    )
    for label, only in kinds:
        if isinstance(only, Only) and (names := (only.first, only.second)[side]):
            yield f"{label:{_LABEL}}{len(names):>6,}  {_some(names)}"


def _files(units: Only | Unknown) -> Only | Unknown:
    if isinstance(units, Unknown):
        return units
    first, second = (tuple(name.rpartition("/")[2] for name in names) for names in (units.first, units.second))
    return Only(first, second)


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _sections(found: Comparison) -> Iterator[str]:
    if isinstance(found.sections, Unknown):
        return
    differing = [pair for pair in found.sections if pair.first != pair.second]
    differing.sort(key=lambda pair: abs((pair.second or 0) - (pair.first or 0)), reverse=True)
    shown = differing[:_SECTIONS]
    width = max((len(pair.name) for pair in shown), default=0) + 2
    for pair in shown:
        change = (pair.second or 0) - (pair.first or 0)
        yield f"{pair.name:{width}}{_said(pair.first):>14}{_said(pair.second):>14}{change:>+15,}"
    if len(differing) > len(shown):
        yield f"{len(differing) - len(shown)} that differ less"
    if same := len(found.sections) - len(differing):
        yield f"{same} of the same size in both"


def _chains(found: Comparison, side: int) -> Iterator[str]:
    told: set[str] = set()
    for chain in (found.first_chains, found.second_chains)[side]:
        yield from _chain(chain, told)
        told.update(reason.text for reason in chain.no_words)
    for directive in (found.first_unasked, found.second_unasked)[side]:
        yield f"asked for in vain: {_words(directive)}"
        yield "  linked statically, taken over by another library, or nothing of it is used"


def _chain(chain: Chain, told: Collection[str]) -> Iterator[str]:
    """The lines of a chain; reasons that were told of another are not repeated."""
    yield (chain.library or "no library that is known") + (" (may be missing)" if chain.optional else "")
    for index, directive in enumerate(chain.directives):
        yield f"  {'named by' if not index else '':12}{_words(directive)}"
    reasons = [reason.text for reason in chain.no_words if reason.text not in told]
    for index, text in enumerate(reasons or (["as above"] if chain.no_words else [])):
        yield f"  {'named by' if not index else '':12}{text}"
    if chain.packages:
        yield f"  {'for':12}{_some(chain.packages)}"
    for index, symbol in enumerate(chain.symbols[:_SHOWN]):
        yield f"  {'symbols' if not index else '':12}{_symbol(symbol)}"
    if len(chain.symbols) > _SHOWN:
        yield f"  {'':12}and {len(chain.symbols) - _SHOWN} more"
    if not chain.symbols:
        yield f"  {'symbols':12}none is imported from it"
    if isinstance(chain.loaded.path, Unknown):
        yield f"  {'loaded':12}not known: {chain.loaded.path.unknown}"
    else:
        yield f"  {'loaded':12}{chain.loaded.path} ({chain.loaded.by})"
    for reason in chain.loaded.passed_over:
        yield f"  {'':12}passed over: {reason.text}"


def _words(directive: Directive) -> str:
    owner = f"{directive.package} in " if directive.package else ""
    return f"{directive.kind}: {' '.join(directive.words)}   {owner}{directive.where}"


def _symbol(symbol: ImportedSymbol) -> str:
    name = f"{symbol.name}@{symbol.version}" if symbol.version else symbol.name
    if isinstance(symbol.slots, Unknown):
        where = f"slots not known: {symbol.slots.unknown}"
    elif not symbol.slots:
        where = "no slot"
    else:
        where = "; ".join(
            "".join(f"stub {stub.address:#x} {stub.section} → ".replace("  ", " ") for stub in slot.stubs[:2])
            + f"slot {slot.address:#x} {slot.section}".rstrip()
            for slot in symbol.slots[:2]
        )
    left = "; the other libraries do not have it" if symbol.home is Home.LEFT else ""
    return f"{name:32}{where}{' (weak)' if symbol.weak else ''}{left}"


def _not_known(found: Comparison) -> Iterator[str]:
    parts = (
        ("packages", found.packages),
        ("C objects", found.units),
        ("symbols", found.symbols),
        ("libraries", found.libraries),
        ("sections", found.sections),
    )
    for label, value in parts:
        if isinstance(value, Unknown):
            yield f"{label:{_LABEL}}{value.unknown}"

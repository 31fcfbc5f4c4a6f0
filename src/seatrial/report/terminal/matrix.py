"""The matrix as a table of the terminal: one row a platform, in the widest layout that the terminal has room for."""

from collections.abc import Mapping, Sequence

import msgspec
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from seatrial.model.report import Stage
from seatrial.model.states import Fidelity, StageName, State, group_of
from seatrial.model.states import Group as Counts
from seatrial.report.marks import NOT_PLANNED, marks_for
from seatrial.report.printable import printable
from seatrial.report.words import Words

__all__ = ["Row", "matrix", "state_text"]


class Row(msgspec.Struct, frozen=True):
    """One platform of the matrix."""

    target: str
    stages: Mapping[StageName, Stage | Text]
    """What each planned stage came to, or the text for one that has not ended."""
    state: State | None
    """None while no stage has ended."""
    fidelity: Fidelity | None
    seconds: float


class _Layout(msgspec.Struct, frozen=True):
    """What a matrix has room for. Where a cell has no word, a key below the table gives it."""

    words: frozenset[State]
    """The states that have their word in a cell."""
    codes: bool
    """The short code of fidelity in each cell that ran."""
    fidelity: str
    """The fidelity column: by its `word`, by its `code`, or "" for none."""
    seconds: bool = True
    gap: int = 2


_ALL = frozenset(State)
_LOUD = _ALL - {State.PASS}
_NONE: frozenset[State] = frozenset()
_LAYOUTS = (
    _Layout(_ALL, codes=True, fidelity="word"),
    _Layout(_LOUD, codes=True, fidelity="word"),
    _Layout(_LOUD, codes=True, fidelity="code"),
    _Layout(_LOUD, codes=False, fidelity="code"),
    _Layout(_NONE, codes=True, fidelity="code"),
    _Layout(_NONE, codes=False, fidelity="code"),
    _Layout(_NONE, codes=False, fidelity="code", seconds=False),
    _Layout(_NONE, codes=False, fidelity="code", seconds=False, gap=1),
    _Layout(_NONE, codes=False, fidelity="", seconds=False, gap=1),
)


_STYLES = {Counts.BAD: "bold red", Counts.UNCHECKED: "bold magenta", Counts.GOOD: "green", Counts.NEUTRAL: "dim"}


def _style(state: State) -> str:
    return "yellow" if state is State.WARN else _STYLES[group_of(state)]


def state_text(state: State, words: Words, encoding: str) -> Text:
    """Mark and word of a state."""
    return Text(f"{marks_for(encoding)[state]} {words.state(state)}", style=_style(state))


def matrix(rows: Sequence[Row], stages: Sequence[StageName], console: Console, words: Words) -> RenderableType:
    """The table of the rows in the widest layout that fits the console; the narrowest folds the platforms' names."""
    unlimited = console.options.update(max_width=10_000)
    for layout in _LAYOUTS:
        table = _table(rows, stages, layout, console.encoding, words)
        if Measurement.get(console, unlimited, table).maximum <= console.width:
            break
    used = {cell.state for row in rows for cell in row.stages.values() if isinstance(cell, Stage)}
    unnamed = [state for state in State if state in used - layout.words]
    if not unnamed:
        return table
    key = Text("   ").join(state_text(state, words, console.encoding) for state in unnamed)
    return Group(table, key)


def _table(rows: Sequence[Row], stages: Sequence[StageName], layout: _Layout, encoding: str, words: Words) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, layout.gap, 0, 0), header_style="dim")
    table.add_column(words("platform"), overflow="fold")
    table.add_column(words("state"), no_wrap=True)
    if layout.fidelity:
        table.add_column(words("fidelity") if layout.fidelity == "word" else "", no_wrap=True)
    for stage in stages:
        table.add_column(words.stage(stage), no_wrap=True)
    if layout.seconds:
        table.add_column(words("seconds-head"), no_wrap=True, justify="right")
    for row in rows:
        cells = [Text(printable(row.target)), state_text(row.state, words, encoding) if row.state else Text()]
        if layout.fidelity:
            fidelity = words.fidelity(row.fidelity) if layout.fidelity == "word" else words.short(row.fidelity)
            cells.append(Text(fidelity))
        cells += [_cell(row.stages.get(stage), layout, encoding, words) for stage in stages]
        if layout.seconds:
            cells.append(Text(f"{row.seconds:.1f}"))
        table.add_row(*cells)
    return table


def _cell(stage: Stage | Text | None, layout: _Layout, encoding: str, words: Words) -> Text:
    if stage is None:
        return Text(NOT_PLANNED, style="dim")
    if isinstance(stage, Text):
        return stage
    mark = marks_for(encoding)[stage.state]
    text = Text(mark, style=_style(stage.state))
    if stage.state in layout.words:
        text.append(f" {words.state(stage.state)}")
    if layout.codes and (code := words.code(stage.fidelity)):
        text.append(f" {code}", style="not bold dim default")
    return text

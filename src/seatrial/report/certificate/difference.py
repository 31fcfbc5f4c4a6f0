"""The comparison of two certificates, for people."""

from collections import Counter

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from seatrial.model.conformance import Change, Difference
from seatrial.model.states import State
from seatrial.report.printable import printable
from seatrial.report.terminal.matrix import state_text
from seatrial.report.words import Words

__all__ = ["show"]

_KINDS = ("worse", "better", "other", "only-before", "only-after")


def show(difference: Difference, console: Console, language: str = "en") -> None:
    """Print what changed, the worst first."""
    words = Words(language, "certificate")
    console.print(Text(f"- {printable(difference.before)}"))
    console.print(Text(f"+ {printable(difference.after)}"))
    console.print()
    for change in sorted(difference.changes, key=lambda one: _KINDS.index(one.kind)):
        _change(change, console, words)
    counts = Counter(change.kind for change in difference.changes)
    if not difference.changes:
        console.print(Text(words("diff-same"), style="bold"))
        return
    other = sum(counts[kind] for kind in _KINDS[2:])
    line = words("diff-line", worse=counts["worse"], better=counts["better"], other=other, same=difference.same)
    console.print(Text(line, style="bold"))


def _change(change: Change, console: Console, words: Words) -> None:
    line = Text(f"{printable(change.id)}  ", style="bold")
    line.append_text(_state(change.before, console, words)).append(" → ", style="not bold dim default")
    line.append_text(_state(change.after, console, words))
    console.print(line)
    if change.kind in ("worse", "better") and change.detail:
        console.print(Padding(Text(printable(change.detail.partition("\n")[0])), (0, 0, 0, 2), expand=False))
    if change.values:
        grid = Table.grid(padding=(0, 2, 0, 0))
        for name, (before, after) in change.values.items():
            grid.add_row(Text(printable(name), style="dim"), Text(printable(f"{before} → {after}")))
        console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _state(state: State | None, console: Console, words: Words) -> Text:
    return state_text(state, words, console.encoding) if state else Text("·", style="dim")

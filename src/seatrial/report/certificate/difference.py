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

_KINDS = ("worse", "better", "other")


def show(difference: Difference, console: Console, language: str = "en") -> None:
    """Print what changed, the worst first."""
    words = Words(language, "certificate")
    console.print(Text(f"- {printable(difference.before)}"))
    console.print(Text(f"+ {printable(difference.after)}"))
    console.print()
    for kind in _KINDS:
        for change in difference.changes:
            if change.kind == kind and change.before and change.after:
                _change(change, change.before, change.after, console, words)
    _only("diff-only-before", [each.before for each in difference.changes if not each.after], console, words)
    _only("diff-only-after", [each.after for each in difference.changes if not each.before], console, words)
    if not difference.changes:
        console.print(Text(words("diff-same"), style="bold"))
        return
    counts = Counter(change.kind for change in difference.changes)
    told = {kind: counts[kind] for kind in _KINDS}
    only = len(difference.changes) - sum(told.values())
    line = words("diff-line", same=difference.same, only=only, **told)
    console.print(Text(line, style="bold"))


def _only(label: str, states: list[State | None], console: Console, words: Words) -> None:
    """One line for all the cases that the other certificate has not: half a suite would be hundreds of lines."""
    if states:
        line = Text(f"{words(label)} ")
        for state in State:
            if count := states.count(state):
                line.append_text(state_text(state, words, console.encoding)).append(f" {count}  ")
        line.rstrip()
        console.print(line)


def _change(change: Change, before: State, after: State, console: Console, words: Words) -> None:
    line = Text(f"{printable(change.id)}  ", style="bold")
    line.append_text(state_text(before, words, console.encoding)).append(" → ", style="not bold dim default")
    line.append_text(state_text(after, words, console.encoding))
    console.print(line)
    if change.kind in ("worse", "better") and change.detail:
        console.print(Padding(Text(printable(change.detail.partition("\n")[0])), (0, 0, 0, 2), expand=False))
    if change.values:
        grid = Table.grid(padding=(0, 2, 0, 0))
        for name, (before, after) in change.values.items():
            grid.add_row(Text(printable(name), style="dim"), Text(printable(f"{before} → {after}")))
        console.print(Padding(grid, (0, 0, 0, 2), expand=False))

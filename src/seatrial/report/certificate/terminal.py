"""A certificate in a terminal or a pipe: topics, what does not hold, what could not be decided, the sentence."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from seatrial.model.conformance import CaseVerdict, Certificate
from seatrial.model.states import State
from seatrial.report.certificate.grouping import Alike, alike, seen, topics, why
from seatrial.report.certificate.sentence import asked, sentence
from seatrial.report.printable import printable
from seatrial.report.terminal.matrix import state_text
from seatrial.report.words import Words

__all__ = ["final"]

_MOST_LINES = 12
_MOST_IDS = 8


def final(certificate: Certificate, console: Console, language: str = "en", written: Sequence[Path] = ()) -> None:
    """Print the certificate; `written` are the files in other formats that were written."""
    words = Words(language, "certificate")
    writer = _Writer(console, words)
    writer.head(certificate)
    writer.table(certificate)
    for group in alike(certificate, words):
        writer.group(group)
    writer.proposals(certificate)
    console.print()
    writer.end(certificate)
    for path in written:
        console.print(Text(words("written-to", path=printable(str(path)))), soft_wrap=True)


class _Writer:
    def __init__(self, console: Console, words: Words) -> None:
        self._console = console
        self._words = words

    def head(self, certificate: Certificate) -> None:
        """What was asked, and on what the answers rest."""
        words = self._words
        if not certificate.complete:
            self._console.print(Text(words("incomplete"), style="bold magenta"))
            self._console.print()
        self._console.print(Text(printable(certificate.platform or certificate.title), style="bold"))
        basis = [certificate.title] if certificate.platform else []
        basis += [certificate.port, asked(certificate, words)]
        if certificate.fidelity:
            basis.append(words.fidelity(certificate.fidelity))
        self._console.print(Text(printable(words("comma").join(basis)), style="dim"))
        for each in certificate.substitutes:
            line = words("in-place-of", fact=words.fact(each.fact), value=each.value, platform=each.platform)
            self._console.print(Text(f"  {printable(line)}", style="dim"))
        self._console.print()

    def table(self, certificate: Certificate) -> None:
        """A line a topic."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        for topic in topics(certificate):
            line = Text()
            for state, count in topic.states.items():
                line.append_text(state_text(state, self._words, self._console.encoding)).append(f" {count}  ")
            grid.add_row(topic.name, Text(str(len(topic.cases)), justify="right"), line)
        self._console.print(grid)

    def group(self, group: Alike) -> None:
        """One paragraph for cases that ended alike."""
        words = self._words
        head = state_text(group.state, words, self._console.encoding)
        names = [case.id for case in group.cases]
        shown = words("list-comma").join(names[:_MOST_IDS])
        more = f"{words('list-comma')}+{len(names) - _MOST_IDS}" if len(names) > _MOST_IDS else ""
        head.append(f" {printable(shown)}{more}", style="bold default")
        if rule := group.cases[0].rule:
            head.append(f" ({words('decided-by', rule=printable(rule))})", style="not bold dim default")
        self._console.print()
        self._console.print(head)
        if group.reason:
            self._lines(group.reason)
        if len(group.cases) == 1 and (group.state in (State.FAIL, State.FLAKY) or group.cases[0].witnesses):
            self._case(group.cases[0])

    def _case(self, case: CaseVerdict) -> None:
        words = self._words
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="dim")
        grid.add_column(overflow="fold")
        grid.add_row(words("contract").lower(), Text(printable(case.contract)))
        if case.detail and case.detail != why(case, words):
            grid.add_row(words("seen"), Text(printable(_shortened(seen(case)))))
        grid.add_row(words("breaks"), Text(printable(case.breaks)))
        grid.add_row(words("source"), Text(printable(case.source)))
        for name, value in case.values.items():
            grid.add_row(words("values"), Text(printable(f"{name} = {value}")))
        for witness in case.witnesses:
            line = state_text(witness.state, words, self._console.encoding)
            line.append(f" {printable(witness.place)}", style="default")
            grid.add_row(words("elsewhere"), line)
        self._console.print(Padding(grid, (0, 0, 0, 2), expand=False))
        if case.reproducer:
            command = Text("  $ ", style="dim").append(printable(case.reproducer), style="default")
            self._console.print(command, soft_wrap=True)

    def proposals(self, certificate: Certificate) -> None:
        """Rows that can be pasted."""
        if not certificate.proposals:
            return
        self._console.print()
        self._console.print(Text(self._words("proposals"), style="bold"))
        self._console.print(Text(f"  {self._words('proposals-hint')}", style="dim"))
        for row in certificate.proposals:
            self._console.print()
            self._console.print(Text(printable(row).rstrip("\n")), soft_wrap=True)

    def end(self, certificate: Certificate) -> None:
        """The sentence, and what it took."""
        words = self._words
        self._console.print(Text(sentence(certificate, words), style="bold"))
        if certificate.chosen:
            chosen = words("list-comma").join(certificate.chosen)
            self._console.print(Text(printable(words("only-some", chosen=chosen)), style="dim"))
        took = words("took", time=words.duration(certificate.seconds))
        line = f"{took}{words('comma')}{words('exit-code', code=certificate.exit_code)}"
        self._console.print(Text(line, style="dim"))

    def _lines(self, text: str) -> None:
        self._console.print(Padding(Text(printable(_shortened(text))), (0, 0, 0, 2), expand=False))


def _shortened(text: str) -> str:
    lines = text.strip().split("\n")
    return "\n".join(lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], "..."])

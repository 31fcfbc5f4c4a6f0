"""The text at the end of a job: matrix, findings, stages that are not good, summary."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from seatrial.model.coverage import Coverage
from seatrial.model.finding import Evidence
from seatrial.model.report import Report
from seatrial.model.states import Severity, StageName, State
from seatrial.report.coverage import coverage_rows
from seatrial.report.grouping import FindingGroup, StageGroup, same_findings, same_stages, stages_to_tell
from seatrial.report.long_output import ends_of
from seatrial.report.printable import printable
from seatrial.report.terminal.matrix import Row, matrix, state_text
from seatrial.report.verdict_sentence import cached_sentence, verdict_sentence
from seatrial.report.words import Words

__all__ = ["final"]

_SEVERITY_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "default"}
_MOST_EVIDENCE, _LONGEST_VALUE = 12, 400

_LABEL_WIDTH = 20


def final(report: Report, console: Console, language: str = "en", written: Sequence[Path] = ()) -> None:
    """Print the whole report to the console; `written` are the files in other formats that were written."""
    words = Words(language)
    writer = _Writer(console, words)
    if not report.complete:
        console.print(Text(f"{words('incomplete')} {words('incomplete-resume')}", style="bold magenta"))
        console.print()
    present = {stage.stage for cell in report.cells for stage in cell.stages}
    stages = [stage for stage in StageName if stage in present]
    rows = [
        Row(cell.target, {stage.stage: stage for stage in cell.stages}, cell.state, cell.fidelity, cell.seconds)
        for cell in report.cells
    ]
    if rows:
        console.print(matrix(rows, stages, console, words))
    for finding in same_findings(report.findings):
        writer.finding(finding)
    for stage in same_stages(stages_to_tell(report)):
        writer.stage(stage)
    for cell in report.cells:
        for done in cell.stages:
            if done.coverage is not None:
                writer.coverage(cell.target, done.stage, done.coverage)
    console.print()
    writer.summary(report)
    for path in written:
        console.print(Text(words("written-to", path=printable(str(path)))), soft_wrap=True)


class _Writer:
    """Paragraphs on one console in one language."""

    def __init__(self, console: Console, words: Words) -> None:
        self._console = console
        self._words = words

    def finding(self, group: FindingGroup) -> None:
        """One paragraph for a finding, with all the platforms that have it."""
        words, finding = self._words, group.first
        head = Text(words.severity(finding.severity), style=_SEVERITY_STYLES[finding.severity])
        head.append(f" {printable(finding.rule)} ", style="bold default")
        head.append(printable(words.message(finding.title) or finding.subject), style="bold default")
        head.append(f" ({words.confidence(finding.confidence)})", style="not bold dim default")
        self._paragraph(head, words.message(finding.message))
        rows = self._platforms(group.targets)
        self._details(rows, finding.evidence, words.message(finding.remedy))
        self._command(finding.reproducer)

    def stage(self, group: StageGroup) -> None:
        """One paragraph for stages that ended in the same way, with all the platforms."""
        words, stage = self._words, group.first
        head = state_text(stage.state, words, self._console.encoding)
        head.append(f" {words.stages(group.stages)}", style="bold default")
        basis = [words.fidelity(stage.fidelity)] if stage.fidelity else []
        if stage.rule:
            basis.append(words("decided-by", rule=printable(stage.rule)))
        if basis:
            head.append(f" ({words('comma').join(basis)})", style="not bold dim default")
        self._paragraph(head, words.message(stage.reason))
        if not group.alike and (stage.output or stage.evidence):
            self._console.print(Padding(Text(words("shown-of", target=next(iter(group.targets)))), (0, 0, 0, 2)))
        self._output(stage.output)
        same = len(set(group.targets.values())) == 1
        targets = group.targets if same else [f"{name} ({words.stages(s)})" for name, s in group.targets.items()]
        rows = self._platforms(targets)
        if stage.needs:
            rows.append((words("needs"), words.message(stage.needs)))
        substitutes = [
            words("in-place-of", fact=words.fact(each.fact), value=each.value, platform=each.platform)
            for each in stage.substitutes
        ]
        if substitutes and len(group.targets) == 1:
            rows.append((words("substitutes"), words("list-comma").join(substitutes)))
        self._details(rows, stage.evidence, "")
        self._command(stage.reproducer)

    def coverage(self, target: str, stage: StageName, coverage: Coverage) -> None:
        """The table of what was executed on one platform."""
        words = self._words
        self._paragraph(Text(words("coverage-of", stage=words.stage(stage), target=target), style="bold"), "")
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column(words("coverage-feature"))
        table.add_column(words("coverage-work"))
        for name in ("present", "executed", "translated"):
            table.add_column(words(f"coverage-{name}"), justify="right")
        table.add_column(words("coverage-where"), overflow="fold")
        for row in coverage_rows(coverage, words):
            counts = (f"{number:,}" for number in (row.present, row.executed, row.translated))
            feature = printable(row.feature) or words("coverage-base")
            table.add_row(feature, words(f"work-{row.work}"), *counts, Text(printable(row.where)))
        self._console.print(Padding(table, (0, 0, 0, 2), expand=False))
        programs = words.counted("coverage-programs", coverage.programs)
        self._say(f"  {words('coverage-note', programs=programs, outside=f'{coverage.outside:,}')}", "dim")
        for reason in coverage.unwatched:
            self._say(f"  {reason}", "dim")

    def summary(self, report: Report) -> None:
        """The verdict sentence and the counts."""
        words, counts = self._words, report.summary
        self._say(verdict_sentence(report, words), "bold")
        not_run = counts.states[State.NOT_RUN] + counts.states[State.NA]
        line = Text(words("summary-line", planned=counts.planned, ran=counts.ran, not_run=not_run))
        line.append(words("colon") if counts.planned else "")
        for state in State:
            if counts.states[state]:
                line.append_text(state_text(state, words, self._console.encoding)).append(f" {counts.states[state]}  ")
        line.rstrip()
        self._console.print(line)
        absent = ((cell.target, stage) for cell in report.cells for stage in cell.stages if stage.state is State.NA)
        for group in same_stages(absent):
            head = f"{words.state(State.NA)} {words.stages(group.stages)}{words('colon')}"
            platforms = words.counted("platforms-count", len(group.targets))
            self._say(f"{head}{words.message(group.first.reason)} ({platforms})", "dim")
        if cached := cached_sentence(report, words):
            self._say(cached, "dim")
        if report.not_planned:
            names = [f"{each.target} ({words.stages(each.stages)})" for each in report.not_planned]
            self._say(words("not-planned-line", names=words("list-comma").join(names)), "dim")
        for suppression in report.suppressed:
            platforms = words.counted("platforms-count", len(suppression.targets))
            what = f"{suppression.rule}{words('comma')}{platforms}{words('colon')}{suppression.reason}"
            until = words("suppressed-until", until=suppression.until)
            self._say(f"{until}{words('colon')}{what}", "dim")
        took = words("took", time=words.duration(report.seconds))
        self._say(f"{took}{words('comma')}{words('exit-code', code=report.exit_code)}", "dim")

    def _say(self, sentence: str, style: str) -> None:
        self._console.print(Text(printable(sentence), style=style))

    def _paragraph(self, head: Text, sentence: str) -> None:
        self._console.print()
        self._console.print(head)
        if sentence:
            self._console.print(Padding(Text(printable(sentence)), (0, 0, 0, 2), expand=False))

    def _platforms(self, targets: Iterable[str]) -> list[tuple[str, str]]:
        words = self._words
        return [(words("on-platforms"), words("list-comma").join(targets))]

    def _details(self, rows: list[tuple[str, str]], evidence: Iterable[Evidence], remedy: str) -> None:
        """Labels on the left, what was seen on the right; where it is too much for a terminal, how much is left out."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="dim", overflow="fold", max_width=_LABEL_WIDTH)
        table.add_column(overflow="fold")
        for label, text in rows:
            table.add_row(label, Text(printable(text)))
        seen = list(evidence)
        for each in seen[:_MOST_EVIDENCE]:
            table.add_row(Text(printable(each.kind)), self._value(each))
        if len(seen) > _MOST_EVIDENCE:
            table.add_row("", Text(self._words("left-out-evidence", count=len(seen) - _MOST_EVIDENCE), style="dim"))
        if remedy:
            table.add_row(self._words("remedy"), Text(printable(remedy)))
        self._console.print(Padding(table, (0, 0, 0, 2), expand=False))

    def _value(self, evidence: Evidence) -> Text:
        value = printable(evidence.value)
        text = Text(value[:_LONGEST_VALUE])
        if len(value) > _LONGEST_VALUE:
            text.append(self._words("left-out-text", count=len(value) - _LONGEST_VALUE), style="dim")
        if evidence.where:
            text.append(f"  {printable(evidence.where)}", style="dim")
        return text

    def _output(self, output: str) -> None:
        for line in ends_of(printable(output), self._words):
            self._console.print(Text(f"  | {line}"), soft_wrap=True)

    def _command(self, command: str) -> None:
        """Unfolded, so that it can be pasted."""
        if command:
            self._console.print(Text("  $ ", style="dim").append(printable(command), style="default"), soft_wrap=True)

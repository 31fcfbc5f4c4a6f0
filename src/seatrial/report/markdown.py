"""The report as GitHub-flavoured Markdown, short enough for the summary of a CI run: verdict, matrix, what failed."""

import re
from collections.abc import Iterable

from seatrial.model.finding import Evidence
from seatrial.model.report import Cell, Report
from seatrial.model.states import Severity, StageName, State
from seatrial.report.grouping import FindingGroup, StageGroup, same_findings, same_stages, stages_to_tell
from seatrial.report.long_output import ends_of
from seatrial.report.marks import MARKS, NOT_PLANNED
from seatrial.report.printable import printable
from seatrial.report.verdict_sentence import cached_sentence, verdict_sentence
from seatrial.report.words import Words

__all__ = ["render"]


def render(report: Report, language: str = "en") -> bytes:
    """The summary as UTF-8."""
    words = Words(language)
    parts = [f"## {_text(report.program.name)}{words('colon')}{verdict_sentence(report, words)}"]
    if not report.complete:
        parts.append(f"**{words('incomplete')}** {words('incomplete-resume')}")
    if report.cells:
        parts.append(_matrix(report, words))
    parts.append(_counts(report, words))
    findings = same_findings(finding for finding in report.findings if finding.severity is not Severity.NOTE)
    parts += [_finding(finding, words) for finding in findings]
    parts += [_stage(stage, words) for stage in same_stages(stages_to_tell(report)) if stage.first.state != State.WARN]
    return "\n\n".join(parts).encode() + b"\n"


def _matrix(report: Report, words: Words) -> str:
    stages = [name for name in StageName if any(cell.stage(name) for cell in report.cells)]
    heads = [words("platform"), words("state"), words("fidelity"), *(words.stage(name) for name in stages)]
    lines = [_row(heads), _row(["---"] * len(heads))]
    ranks = {state: rank for rank, state in enumerate(State)}
    for cell in sorted(report.cells, key=lambda cell: (ranks[cell.state], cell.target)):
        shown = [_code(cell.target), f"{MARKS[cell.state]} {words.state(cell.state)}", words.fidelity(cell.fidelity)]
        lines.append(_row(shown + [_cell(cell, name, words) for name in stages]))
    return "\n".join(lines)


def _cell(cell: Cell, name: StageName, words: Words) -> str:
    stage = cell.stage(name)
    if stage is None:
        return NOT_PLANNED
    if stage.state is State.PASS:
        return MARKS[stage.state]
    return f"{MARKS[stage.state]} **{words.state(stage.state)}**"


def _row(cells: Iterable[str]) -> str:
    # A table's bar ends a cell even inside code.
    return "| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in cells) + " |"


def _counts(report: Report, words: Words) -> str:
    counts = report.summary
    not_run = counts.states[State.NOT_RUN] + counts.states[State.NA]
    lines = [words("summary-line", planned=counts.planned, ran=counts.ran, not_run=not_run) + words("verdict-end")]
    lines.append(words("took", time=words.duration(report.seconds)) + words("verdict-end"))
    if cached := cached_sentence(report, words):
        lines.append(cached + words("verdict-end"))
    if report.not_planned:
        names = (f"{_code(each.target)} ({words.stages(each.stages)})" for each in report.not_planned)
        lines.append(words("not-planned-line", names=words("list-comma").join(names)) + words("verdict-end"))
    return "  \n".join(lines)


def _finding(group: FindingGroup, words: Words) -> str:
    finding = group.first
    title = words.message(finding.title) or finding.subject
    head = f"<b>{words.severity(finding.severity)} {_html(finding.rule)}</b> {_html(title)}"
    body = [_text(words.message(finding.message)), _facts(group.targets, finding.evidence, words)]
    if finding.remedy:
        body.append(f"{words('remedy')}{words('colon')}{_text(words.message(finding.remedy))}")
    if finding.reproducer:
        body.append(_block(finding.reproducer, "sh"))
    return _details(head, len(group.targets), body, words)


def _stage(group: StageGroup, words: Words) -> str:
    stage = group.first
    head = f"<b>{MARKS[stage.state]} {words.state(stage.state)} {words.stages(group.stages)}</b>"
    body = [_text(words.message(stage.reason)), _facts(group.targets, stage.evidence, words)]
    if stage.needs:
        body.append(f"{words('needs')}{words('colon')}{_text(words.message(stage.needs))}")
    if lines := ends_of(stage.output, words):
        body.append(_block("\n".join(lines)))
    if stage.reproducer:
        body.append(_block(stage.reproducer, "sh"))
    return _details(head, len(group.targets), body, words)


def _details(head: str, platforms: int, body: list[str], words: Words) -> str:
    summary = f"<summary>{head} ({words.counted('platforms-count', platforms)})</summary>"
    return "\n\n".join([f"<details>{summary}", *(part for part in body if part), "</details>"])


def _facts(targets: Iterable[str], evidence: Iterable[Evidence], words: Words) -> str:
    lines = [f"- {words('on-platforms')}{words('colon')}{words('list-comma').join(_code(each) for each in targets)}"]
    for each in evidence:
        where = f" {_text(each.where)}" if each.where else ""
        lines.append(f"- {_text(each.kind)}{words('colon')}{_code(each.value)}{where}")
    return "\n".join(lines)


def _html(text: str) -> str:
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")


def _text(text: str) -> str:
    """Text in which nothing is markup."""
    return re.sub(r"([\\`*_{}\[\]()#+!|~@-])", r"\\\1", _html(text))


def _code(text: str) -> str:
    """An inline code span, fenced with more backticks than the text has in a row (CommonMark 6.1)."""
    plain = printable(text).replace("\n", " ")
    fence = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    return f"{fence} {plain} {fence}" if len(fence) > 1 else f"`{plain}`"


def _block(text: str, kind: str = "") -> str:
    """A fenced code block (CommonMark 4.5)."""
    plain = printable(text)
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    return f"{fence}{kind}\n{plain}\n{fence}"

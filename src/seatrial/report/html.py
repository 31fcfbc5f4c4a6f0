"""The report as one HTML file that loads nothing (design: report.md, which binds its look and what must stay true).

The page is `template/report.html` with `report.css` and `report.js` put inside; this module prepares what it shows.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from seatrial.model.finding import Evidence
from seatrial.model.report import Cell, Report, Stage
from seatrial.model.states import Fidelity, Group, StageName, State, group_of
from seatrial.report.coverage import coverage_rows
from seatrial.report.grouping import findings_by_rule, same_findings
from seatrial.report.printable import printable
from seatrial.report.verdict_sentence import PlatformCounts, cached_sentence, count_platforms, verdict_sentence
from seatrial.report.words import Words

__all__ = ["render"]

_TEMPLATE = Path(__file__).parent / "template"
_FACTS = ("cpu", "kernel", "libc", "page size", "cgroup")
_EARLY_SCRIPT = "document.documentElement.className='js'"
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E"
    "%3Cpath fill='%23{colour}' d='M0 0h8v8H0z'/%3E%3C/svg%3E"
)
_STATES = {state: rank for rank, state in enumerate(State)}
_LEVELS = {fidelity: level for level, fidelity in enumerate(Fidelity, start=1)}
_CSS = {Group.GOOD: "good", Group.BAD: "bad", Group.UNCHECKED: "open", Group.NEUTRAL: "none"}
_LABELS = {Group.GOOD: "good", Group.BAD: "bad", Group.UNCHECKED: "could-not-check", Group.NEUTRAL: "does-not-apply"}
_FOOTER = {"good": Group.GOOD, "bad": Group.BAD, "unchecked": Group.UNCHECKED, "neutral": Group.NEUTRAL}
_ICONS = {Group.GOOD: "17703f", Group.BAD: "b3251b", Group.UNCHECKED: "474ab0", Group.NEUTRAL: "55606b"}
_VERDICT_MARKS = {
    Group.GOOD: State.PASS,
    Group.BAD: State.FAIL,
    Group.UNCHECKED: State.UNKNOWN,
    Group.NEUTRAL: State.NA,
}


class _Part(msgspec.Struct, frozen=True):
    """One group of states in the strip and in its bar; `start` and `width` in per cent."""

    css: str
    label: str
    count: int
    states: str
    platforms: str
    start: float
    width: float


class _Place(msgspec.Struct, frozen=True):
    """One place where stages of a platform ran: `=` for a fact that is the platform's own, else its substitute."""

    fidelity: Fidelity
    stages: tuple[StageName, ...]
    """Named only where a platform has more than one place."""
    facts: tuple[str, ...]


def render(report: Report, language: str = "en") -> bytes:
    """The page, in a language of `tables.messages.LANGUAGES`, as UTF-8."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE),
        autoescape=True,
        trim_blocks=True,
        undefined=StrictUndefined,
        finalize=_shown,
    )
    words = Words(language)
    page = environment.get_template("report.html").render(_context(report, words))
    return page.lstrip().encode("utf-8")


def _shown(value: object) -> object:
    """Text without control characters; markup of our own as it is."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _context(report: Report, words: Words) -> dict[str, object]:
    counts = count_platforms(report)
    columns = [name for name in StageName if any(cell.stage(name) for cell in report.cells)]
    columns_wide = max(len(columns), 4)
    rules = findings_by_rule(same_findings(report.findings))
    strip = _strip(report, words)
    style = (_TEMPLATE / "report.css").read_text("utf-8")
    script = (_TEMPLATE / "report.js").read_text("utf-8")
    titles = {finding.rule: words.message(finding.title) for finding in report.findings if finding.suppressed}
    return {
        "report": report,
        "words": words,
        "lang": {"zh": "zh-CN"}.get(words.language, words.language),
        "title": _title(report, counts, words),
        "policy": _policy(style, _EARLY_SCRIPT, script),
        "icon": _ICON.format(colour=_ICONS[counts.verdict]),
        "style": Markup(style),
        "early_script": Markup(_EARLY_SCRIPT),
        "script": Markup(script),
        "sentence": verdict_sentence(report, words),
        "verdict_class": _CSS[counts.verdict],
        "verdict_mark": _VERDICT_MARKS[counts.verdict],
        "started": _readable(report.started),
        "tools": words("list-comma").join(
            [f"seatrial {report.tool.version}", *(f"{tool.name} {tool.version}" for tool in report.tool.outside)]
        ),
        "strip": strip,
        "share_run": f"{100 * report.summary.ran / report.summary.planned:.0f} %" if report.summary.planned else "",
        "bar_label": words("list-comma").join(f"{words(part.label)} {part.count}" for part in strip),
        "cached": cached_sentence(report, words),
        "states": tuple(State),
        "fidelities": tuple(Fidelity),
        "architectures": _counted(cell.platform.arch for cell in report.cells),
        "systems": _counted(cell.platform.system for cell in report.cells),
        "columns": columns,
        "filler": columns_wide - len(columns),
        "cells": sorted(report.cells, key=lambda cell: (_STATES[cell.state], cell.target)),
        "known": {cell.target for cell in report.cells},
        "facts": _FACTS,
        "rules": rules,
        "rule_ids": {rule.rule for rule in rules},
        "footer_sum": words(
            "footer-count",
            planned=report.summary.planned,
            **{name: _stages_in(report, group) for name, group in _FOOTER.items()},
        ),
        "css": lambda state: "na" if state == State.NA else str(state),
        "rank": _STATES.__getitem__,
        "level": lambda fidelity: _LEVELS.get(fidelity, 0),
        "group_of": group_of,
        "fragment": lambda id_: quote(printable(id_), safe="/"),
        "span": lambda fact: _span(fact, columns_wide),
        "platform_facts": _platform_facts,
        "places": _places,
        "basis": lambda stage: _basis(stage, words),
        "coverage_rows": lambda coverage: coverage_rows(coverage, words),
        "all_evidence": lambda cell, stage: _evidence(cell, stage, words),
        "suppressed_title": lambda rule: titles.get(rule, ""),
    }


def _title(report: Report, counts: PlatformCounts, words: Words) -> str:
    """What a tab of the browser shows: how many are bad, or where none is, how many are good."""
    bad, good = counts.groups[Group.BAD], counts.groups[Group.GOOD]
    if bad:
        return words("page-title", program=report.program.name, bad=bad, all=counts.all)
    return words("page-title-good", program=report.program.name, good=good, all=counts.all)


def _policy(style: str, *scripts: str) -> str:
    """A Content-Security-Policy under which nothing is loaded, and nothing runs but our own style and scripts."""
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, *scripts)]
    style_source, *script_sources = (f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; style-src {style_source}; script-src {' '.join(script_sources)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _readable(started: str) -> str:
    """`2026-11-20 09:14:07 +08:00` of an RFC 3339 time; what is none stands for itself."""
    try:
        time = datetime.fromisoformat(started)
    except ValueError:
        return started
    return f"{time:%Y-%m-%d %H:%M:%S} {started[19:]}".strip() if len(started) > 19 else started


def _counted(values: Iterable[str]) -> list[tuple[str, int]]:
    """Each value with its count, the commonest first."""
    return sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))


def _stages_in(report: Report, group: Group) -> int:
    return sum(count for state, count in report.summary.states.items() if group_of(State(state)) is group)


def _strip(report: Report, words: Words) -> list[_Part]:
    platforms = count_platforms(report)
    parts = []
    start = 0.0
    for group in (Group.GOOD, Group.BAD, Group.UNCHECKED, Group.NEUTRAL):
        count = _stages_in(report, group)
        states = [
            f"{report.summary.states[state]}\u00a0{words.state(state)}"
            for state in (reversed(State) if group is Group.GOOD else State)
            if group_of(state) is group and report.summary.states[state]
        ]
        told = words.counted("platforms-count", platforms.groups[group]) if platforms.groups[group] else ""
        if group is Group.GOOD and platforms.static_only:
            told += words("comma") + words("static-only", count=platforms.static_only)
        width = round(100 * count / max(report.summary.planned, 1), 2)
        parts.append(
            _Part(
                _CSS[group if count else Group.NEUTRAL],
                _LABELS[group],
                count,
                words("list-comma").join(states),
                told,
                round(start, 2),
                width,
            )
        )
        start += width
    return parts


def _span(fact: int, columns: int) -> Markup:
    """The `colspan` of a fact: five facts over Arch, State, Fidelity, the stages (four at least) and Seconds."""
    first = 3 if columns == 4 else 4
    wide = {0: first, len(_FACTS) - 1: columns + 4 - first - 3}.get(fact, 1)
    return Markup(f' colspan="{wide}"') if wide > 1 else Markup()


def _platform_facts(cell: Cell) -> tuple[str, ...]:
    platform = cell.platform
    return (platform.cpu, platform.kernel, platform.libc, platform.page_size, platform.cgroup)


def _places(cell: Cell) -> list[_Place]:
    """Where the stages of a cell ran, lowest fidelity first; the static stage ran nowhere."""
    found: dict[tuple[Fidelity, tuple[str, ...]], list[StageName]] = {}
    for stage in cell.stages:
        if stage.fidelity not in (None, Fidelity.STATIC):
            values = dict.fromkeys(stage.same, "=") | {each.fact: each.value for each in stage.substitutes}
            facts = tuple(values.get(fact, "–") for fact in _FACTS)
            found.setdefault((stage.fidelity, facts), []).append(stage.stage)
    ordered = sorted(found.items(), key=lambda item: _LEVELS[item[0][0]])
    return [_Place(key[0], tuple(stages) if len(found) > 1 else (), key[1]) for key, stages in ordered]


def _basis(stage: Stage, words: Words) -> str:
    """Fidelity, runner, time, and whether it was taken from an earlier run."""
    parts = [words.fidelity(stage.fidelity)] if stage.fidelity else []
    if stage.runner:
        parts.append(stage.runner)
    if stage.seconds:
        parts.append(words.duration(stage.seconds))
    if stage.cached:
        parts.append(words("from-earlier-run"))
    return words("comma").join(parts)


def _evidence(cell: Cell, stage: Stage, words: Words) -> tuple[Evidence, ...]:
    """The stage's evidence; for the build also what was built."""
    if stage.stage is not StageName.BUILD or cell.artifact is None:
        return stage.evidence
    artifact = cell.artifact
    size = words("size", mebibytes=f"{artifact.size / 2**20:.1f}")
    return (*stage.evidence, Evidence(words("artifact"), f"sha256:{artifact.sha256}", f"{cell.go_target}, {size}"))

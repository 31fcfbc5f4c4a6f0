"""A certificate as one HTML file that loads nothing, in the look of the report (design: report.md)."""

import base64
import hashlib
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from seatrial.model.conformance import CaseVerdict, Certificate
from seatrial.model.states import Fidelity, Group, State, group_of
from seatrial.report.certificate.grouping import seen, topics, why
from seatrial.report.certificate.sentence import asked, count_groups, sentence, verdict
from seatrial.report.printable import printable
from seatrial.report.words import Words

__all__ = ["render"]

_TEMPLATE = Path(__file__).parents[1] / "template"
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E"
    "%3Cpath fill='%23{colour}' d='M0 0h8v8H0z'/%3E%3C/svg%3E"
)
_ICONS = {Group.GOOD: "17703f", Group.BAD: "b3251b", Group.UNCHECKED: "474ab0", Group.NEUTRAL: "55606b"}
_CSS = {Group.GOOD: "good", Group.BAD: "bad", Group.UNCHECKED: "open", Group.NEUTRAL: "none"}
_LABELS = {
    Group.GOOD: "good",
    Group.BAD: "bad",
    Group.UNCHECKED: "could-not-check",
    Group.NEUTRAL: "does-not-apply",
}
_MARKS = {Group.GOOD: State.PASS, Group.BAD: State.FAIL, Group.UNCHECKED: State.UNKNOWN, Group.NEUTRAL: State.NA}
_LEVELS = {fidelity: level for level, fidelity in enumerate(Fidelity, start=1)}


class _Part(msgspec.Struct, frozen=True):
    """One group of states in the strip and in its bar; `start` and `width` in per cent."""

    css: str
    label: str
    count: int
    states: str
    start: float
    width: float


def render(certificate: Certificate, language: str = "en") -> bytes:
    """The page, in a language of `tables.messages.LANGUAGES`, as UTF-8."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE),
        autoescape=True,
        trim_blocks=True,
        undefined=StrictUndefined,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    words = Words(language, "certificate")
    page = environment.get_template("certificate.html").render(_context(certificate, words))
    return page.lstrip().encode("utf-8", "backslashreplace")


def _context(certificate: Certificate, words: Words) -> dict[str, object]:
    style = "\n".join((_TEMPLATE / name).read_text("utf-8") for name in ("report.css", "certificate.css"))
    groups = count_groups(certificate)
    name = certificate.platform or certificate.title
    counted = {"title": name, "all": len(certificate.cases), "bad": groups[Group.BAD], "good": groups[Group.GOOD]}
    shown = verdict(certificate)
    telling = sorted(filter(_telling, certificate.cases), key=lambda case: list(State).index(case.state))
    return {
        "certificate": certificate,
        "words": words,
        "lang": {"zh": "zh-CN"}.get(words.language, words.language),
        "name": name,
        "title": words("page-title" if groups[Group.BAD] else "page-title-good", **counted),
        "policy": _policy(style),
        "icon": _ICON.format(colour=_ICONS[shown]),
        "style": Markup(style),
        "sentence": sentence(certificate, words),
        "asked": asked(certificate, words),
        "verdict_class": _CSS[shown],
        "verdict_mark": _MARKS[shown],
        "started": _readable(certificate.started),
        "strip": _strip(certificate, words),
        "topics": topics(certificate),
        "states": [state for state in State if certificate.states.get(state)],
        "css": lambda state: "na" if state == State.NA else str(state),
        "level": lambda fidelity: _LEVELS.get(fidelity, 0),
        "seen": seen,
        "why": lambda case: _why(case, words),
        "fragment": lambda id_: quote(printable(id_), safe="/"),
        "loud": lambda case: group_of(case.state) is Group.BAD,
        "telling": _telling,
        "telling_cases": telling,
        "telling_ids": {case.id for case in telling},
        "show": lambda value: value if isinstance(value, str) else msgspec.json.encode(value).decode(),
    }


def _telling(case: CaseVerdict) -> bool:
    """Whether a reader has to be told of it: it does not hold, or could not be decided."""
    return group_of(case.state) in (Group.BAD, Group.UNCHECKED)


def _why(case: CaseVerdict, words: Words) -> str:
    """The first line of the reason: the rest is in the record."""
    return why(case, words).partition("\n")[0]


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def _readable(started: str) -> str:
    try:
        time = datetime.fromisoformat(started)
    except ValueError:
        return started
    return f"{time:%Y-%m-%d %H:%M:%S} {started[19:]}".strip()


def _strip(certificate: Certificate, words: Words) -> list[_Part]:
    groups = count_groups(certificate)
    parts = []
    start = 0.0
    for group in (Group.GOOD, Group.BAD, Group.UNCHECKED, Group.NEUTRAL):
        states = [
            f"{certificate.states[state]}\u00a0{words.state(state)}"
            for state in State
            if group_of(state) is group and certificate.states.get(state)
        ]
        width = round(100 * groups[group] / max(len(certificate.cases), 1), 2)
        parts.append(
            _Part(
                _CSS[group if groups[group] else Group.NEUTRAL],
                _LABELS[group],
                groups[group],
                words("list-comma").join(states),
                round(start, 2),
                width,
            )
        )
        start += width
    return parts

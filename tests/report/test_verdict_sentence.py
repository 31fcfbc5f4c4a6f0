"""The sentence counts platforms, and says what the good ones rest on."""

from collections.abc import Sequence

import msgspec
import pytest

from seatrial.model.message import Message
from seatrial.model.report import Cell, PlatformSummary, Report, Stage, summarize
from seatrial.model.states import Fidelity, StageName, State
from seatrial.report.verdict_sentence import verdict_sentence
from seatrial.report.words import Words

PLATFORM = PlatformSummary("x", "linux", "amd64", "glibc", "x", "x", "x", "x", "x")


def report_with(empty: Report, states: Sequence[str]) -> Report:
    """A platform for each state; `static` is a pass on static judgement alone."""
    cells = []
    for number, state in enumerate(states):
        fidelity = Fidelity.STATIC if state == "static" else Fidelity.HOST
        outcome = State.PASS if state == "static" else State(state)
        stage = Stage(StageName.STATIC, outcome, Message("x.y", "x"), fidelity=fidelity)
        cells.append(Cell(f"os/{number}", "linux_amd64", PLATFORM, (stage,)))
    return msgspec.structs.replace(empty, cells=tuple(cells), summary=summarize(tuple(cells)))


@pytest.mark.parametrize(
    ("states", "english", "chinese"),
    [
        ([], "Nothing was planned.", "没有计划任何检查。"),
        (["pass"], "The one platform is good.", "唯一的平台合格。"),
        (["static"], "The one platform is good (by static judgement alone).", "唯一的平台合格（仅凭静态判断）。"),
        (["fail"], "The one platform is bad.", "唯一的平台有问题。"),
        (["not-run"], "The one platform could not be checked.", "唯一的平台未能检查。"),
        (["n/a"], "No check applies to the one platform.", "唯一的平台没有适用的检查。"),
        (["pass"] * 3, "All 3 platforms are good.", "3 个平台全部合格。"),
        (["pass", "warn"], "2 of 2 platforms are good.", "2 个平台中 2 个合格。"),
        (
            ["pass", "static", "static"],
            "All 3 platforms are good (2 by static judgement alone).",
            "3 个平台全部合格（其中 2 个仅凭静态判断）。",
        ),
        (["fail", "pass"], "1 of 2 platforms is bad, 1 is good.", "2 个平台中 1 个有问题，1 个合格。"),
        (
            ["fail", "flaky", "unknown", "n/a", "static", "static"],
            "2 of 6 platforms are bad, 1 could not be checked, 2 are good (by static judgement alone), "
            "1 without a check that applies.",
            "6 个平台中 2 个有问题，1 个未能检查，2 个合格（仅凭静态判断），1 个没有适用的检查。",
        ),
        (
            ["emulator", "pass", "pass"],
            "1 of 3 platforms could not be checked, 2 are good.",
            "3 个平台中 1 个未能检查，2 个合格。",
        ),
        (["pass", "n/a"], "1 of 2 platforms is good, 1 without a check that applies.", None),
    ],
)
def test_sentence(empty_report: Report, states: list[str], english: str, chinese: str | None) -> None:
    report = report_with(empty_report, states)
    assert verdict_sentence(report, Words("en")) == english
    if chinese:
        assert verdict_sentence(report, Words("zh")) == chinese

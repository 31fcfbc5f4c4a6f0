"""Markdown: the verdict first, a table that stays a table, and nothing of what was recorded becomes markup."""

import re

import pytest

from seatrial.model.report import Report
from seatrial.report.markdown import render


def test_the_verdict_comes_first(rich_report: Report) -> None:
    first = render(rich_report).decode().splitlines()[0]
    assert first == (
        "## lighthouse: 4 of 11 platforms are bad, 3 could not be checked, 4 are good (1 by static judgement alone)."
    )


@pytest.mark.parametrize("name", ["rich_report", "hostile_report", "good_report"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_is_a_table(name: str, language: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    rows = [line for line in render(report, language).decode().splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + len(report.cells)
    columns = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert len(columns) == 1


def test_worst_first_and_quiet_pass(rich_report: Report) -> None:
    rows = [line for line in render(rich_report).decode().splitlines() if line.startswith("| `")]
    assert rows[0] == "| `anolis-8/amd64` | ✗ fail | host | ✓ | ✗ **fail** | ✓ | · | · |"
    assert rows[-1] == "| `windows-10/amd64` | ✓ pass | api | ✓ | ✓ | ✓ | · | – **n/a** |"


def test_failures_are_told_in_details(rich_report: Report) -> None:
    text = render(rich_report).decode()
    assert text.count("<details>") == text.count("</details>") > 5
    assert "The binary needs a newer glibc than the platform has (2 platforms)</summary>" in text
    assert "- Platforms: `centos-7/amd64`, `anolis-8/amd64`" in text
    assert "```sh\nseatrial verify ./lighthouse -t debian-12/armv7 --stage build\n```" in text
    assert "RT-SKIP-001" not in text  # a note
    assert "ST-CGRP-001" not in text  # suppressed


def test_a_long_output_keeps_its_ends(rich_report: Report) -> None:
    text = render(rich_report).decode()
    assert "goroutine 19 [running]:" in text
    assert "goroutine 99 [running]:" in text
    assert "goroutine 50 [running]:" not in text
    assert "… 60 lines left out here" in text


def test_nothing_recorded_becomes_markup(hostile_report: Report) -> None:
    text = render(hostile_report).decode()
    outside = re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", text)  # code blocks
    outside = re.sub(r"(?s)(`+)(?!`).*?(?<!`)\1(?!`)", "", outside.replace("\\`", ""))  # code spans
    assert "<script" not in outside
    assert "<b>&quot;" not in outside
    assert "\x1b" not in text


def test_an_interrupted_or_empty_run_says_so(hostile_report: Report, empty_report: Report) -> None:
    assert "**This run was interrupted" in render(hostile_report).decode()
    assert "Nothing was planned." in render(empty_report).decode()

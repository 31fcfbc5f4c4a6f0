"""The terminal: nothing lost at any width, no escape codes in a pipe, the same thing told once."""

import io
import re
import threading
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seatrial.model.events import Event, Note, StageEnded
from seatrial.model.finding import Evidence
from seatrial.model.report import Report, summarize
from seatrial.model.states import State
from seatrial.report.terminal import LiveMatrix, PlainLines, console_on, final


def told(report: Report, width: int = 120, language: str = "en", terminal: bool = False) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, highlight=False, force_terminal=terminal, color_system="auto" if terminal else None
    )
    final(report, console, language, [Path("out/report.html")])
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 100, 132, 200])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_width_loses_a_platform(rich_report: Report, width: int, language: str) -> None:
    text = told(rich_report, width, language)
    matrix = text.split("\n\n")[0]
    for cell in rich_report.cells:
        assert re.search(rf"^{re.escape(cell.target)} ", matrix, re.MULTILINE), matrix
    assert "…" not in matrix
    for line in matrix.splitlines():
        assert cell_len(line) <= width


def test_each_state_has_its_word_at_any_width(rich_report: Report) -> None:
    for width in (80, 200):
        matrix = told(rich_report, width).split("\n\n")[0]
        for state in State:
            assert state.value in matrix


def test_the_same_finding_is_told_once(rich_report: Report) -> None:
    text = told(rich_report)
    assert text.count("error ST-LIBC-001") == 1
    assert "Platforms  centos-7/amd64, anolis-8/amd64" in text
    assert text.count("Blocked by build.") == 1
    assert "not-run static, smoke, tests" in text


def test_evidence_remedy_and_command_are_there(rich_report: Report) -> None:
    text = told(rich_report)
    assert re.search(r"symbol +fcntl64@GLIBC_2.28 +.gnu.version_r, libc.so.6", text)
    assert "Remedy     Build against glibc 2.17." in text
    assert "$ seatrial verify ./lighthouse -t debian-12/armv7 --stage build" in text
    assert "wal.c:41:1: error: no" in text
    assert "Needs      A build that works." in text


def test_summary(rich_report: Report) -> None:
    text = told(rich_report, 200)
    assert "4 of 11 platforms are bad, 3 could not be checked, 4 are good (1 by static judgement alone)." in text
    assert "planned 35, ran 31, not run 4: " in text
    assert "n/a tests: Every test package is built for linux only. (1 platform)" in text
    assert "not planned here: macos-13/arm64 (smoke, tests)" in text
    assert "Suppressed until 2027-03-31: ST-CGRP-001" in text
    assert "ST-CGRP-001 The binary" not in text
    assert "Report: out/report.html" in text
    assert "1 of 35 stages taken from an earlier run\n" in text


def test_an_unchanged_run_says_so(good_report: Report) -> None:
    assert "unchanged: 6 of 6 stages taken from an earlier run, nothing was built or run" in told(good_report)
    fresh = tuple(msgspec.structs.replace(stage, cached=False) for stage in good_report.cells[1].stages)
    cells = (good_report.cells[0], msgspec.structs.replace(good_report.cells[1], stages=fresh))
    partly = msgspec.structs.replace(good_report, cells=cells, summary=summarize(cells))
    assert "nothing was built" not in told(partly)
    assert "3 of 6 stages taken from an earlier run" in told(partly)


def test_an_interrupted_run_says_so_first(hostile_report: Report) -> None:
    assert told(hostile_report).startswith("This run was interrupted")


def test_nothing_planned(empty_report: Report) -> None:
    assert "Nothing was planned." in told(empty_report)


def test_recorded_text_cannot_drive_the_terminal(hostile_report: Report) -> None:
    text = told(hostile_report)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert "\\x1b[31mred" in text
    assert "[red]markup[/red]" in text


def test_colour_only_where_it_is_wanted(rich_report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    assert re.search("\x1b\\[[0-9;]*3[0-9]", told(rich_report, terminal=True))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search("\x1b\\[[0-9;]*3[0-9]", told(rich_report, terminal=True))
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b" not in told(rich_report)


def test_lines_in_a_pipe_have_no_blanks_at_their_ends(rich_report: Report) -> None:
    stream = io.StringIO()
    console = console_on(stream)
    final(rich_report, console)
    console.print(Table.grid("a  ", "b   "), Text("c  "), end="  \n")
    lines = stream.getvalue().split("\n")
    assert len(lines) > 10 and lines == [line.rstrip(" ") for line in lines]


def test_an_encoding_without_the_marks_gets_ascii_ones(rich_report: Report) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="gbk")
    final(rich_report, console_on(stream), "zh")
    stream.flush()
    assert "x 失败" in raw.getvalue().decode("gbk")


def test_what_an_encoding_lacks_does_not_end_the_job(hostile_report: Report) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    final(hostile_report, console_on(stream), "zh")
    stream.flush()
    assert b"\\u9e92" in raw.getvalue()


def test_a_long_output_keeps_its_ends(rich_report: Report) -> None:
    text = told(rich_report)
    assert "goroutine 19 [running]" in text
    assert "goroutine 99 [running]" in text
    assert "goroutine 50 [running]" not in text
    assert "… 60 lines left out here" in text


def test_much_evidence_and_long_values_are_counted(rich_report: Report) -> None:
    evidence = tuple(Evidence("failed", f"Test{number}" + "x" * (500 if number == 0 else 0)) for number in range(20))
    cell = rich_report.cells[3]
    stage = msgspec.structs.replace(cell.stages[3], evidence=evidence)
    changed = msgspec.structs.replace(cell, stages=(*cell.stages[:3], stage))
    text = " ".join(told(msgspec.structs.replace(rich_report, cells=(changed,))).split())
    assert "Test11" in text
    assert "Test12" not in text
    assert "… 8 more, in the JSON and HTML reports" in text
    assert "… 105 more characters" in text


def test_the_same_reason_with_other_output_is_told_once(rich_report: Report) -> None:
    cell = rich_report.cells[3]
    other = msgspec.structs.replace(cell.stages[3], output="--- FAIL: TestWatch (0.1s)\nin /tmp/2")
    one = msgspec.structs.replace(cell.stages[3], output="--- FAIL: TestWatch (0.2s)\nin /tmp/1")
    cells = (
        msgspec.structs.replace(cell, stages=(one,)),
        msgspec.structs.replace(cell, target="alpine-3.20/amd64", stages=(other,)),
    )
    text = told(msgspec.structs.replace(rich_report, cells=cells))
    assert text.count("TestWatch passed twice and failed once.") == 1
    assert "Platforms  alpine-3.20/arm64, alpine-3.20/amd64" in text
    assert "Output and evidence are those of alpine-3.20/arm64." in text
    assert "in /tmp/1" in text
    assert "in /tmp/2" not in text
    assert "Output and evidence are those of" not in told(rich_report)


def test_plain_lines(rich_events: tuple[Event, ...]) -> None:
    stream = io.StringIO()
    with PlainLines(stream) as listen:
        for event in rich_events:
            listen(event)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "note: fetching QEMU 10.0.2"
    assert lines[1] == "lighthouse on 11 platforms: 35 stages planned"
    assert lines[2] == "[1/35] centos-7/amd64 build pass 9.1 s"
    assert lines[3] == "[2/35] centos-7/amd64 static fail 0.2 s: ST-LIBC-001 Needs GLIBC_2.28."
    assert len(lines) == 2 + 35


def test_plain_lines_keep_a_hostile_line_one_line(hostile_report: Report) -> None:
    stream = io.StringIO()
    listen = PlainLines(stream, "zh")
    listen(Note("two\nlines \x1b[2J"))
    listen(StageEnded("a/b", hostile_report.cells[0].stages[1]))
    assert stream.getvalue().count("\n") == 2
    assert "\x1b" not in stream.getvalue()


def live(height: int, language: str = "en") -> tuple[LiveMatrix, Console]:
    console = Console(file=io.StringIO(), width=120, height=height, force_terminal=True, color_system=None)
    return LiveMatrix(console, language), console


def shown(matrix: LiveMatrix) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(matrix.frame(1e9))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_live_shows_what_is_at_work(rich_events: tuple[Event, ...]) -> None:
    matrix, _ = live(60)
    for event in rich_events[:25]:  # ... the static stage of alpine-3.20/arm64 has begun
        matrix(event)
    text = shown(matrix)
    row = next(line for line in text.splitlines() if line.startswith("alpine-3.20/arm64"))
    assert re.search(r"✓ pass +\S \d+s", row)
    assert row.count("pass") == 1  # no state of the platform yet
    assert "11 of 35 stages done" in text
    assert "fetching QEMU 10.0.2" in text


def test_live_in_a_low_terminal_keeps_work_and_trouble(rich_events: tuple[Event, ...]) -> None:
    matrix, _ = live(11)
    for event in rich_events[:25]:
        matrix(event)
    text = shown(matrix)
    assert "alpine-3.20/arm64" in text
    assert "debian-12/armv7" in text
    assert "and 6 more platforms" in text
    assert len(text.splitlines()) <= 11


def test_live_is_called_from_many_threads_and_cleans_up(rich_events: tuple[Event, ...]) -> None:
    matrix, console = live(60, "zh")
    with matrix:
        matrix(rich_events[1])
        workers = [threading.Thread(target=matrix, args=(event,)) for event in rich_events[2:]]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert isinstance(console.file, io.StringIO)
    assert "已完成 35/35 个阶段" in shown(matrix)
    assert console.file.getvalue().rstrip().endswith(("\x1b[2K", "\x1b[?25h"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_live_before_anything_is_planned(language: str) -> None:
    matrix, _ = live(24, language)
    assert shown(matrix)

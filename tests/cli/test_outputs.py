"""What happens to a result whose way out is closed or full: nothing that can be told is lost."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from seatrial.cli.outputs import check_outputs
from seatrial.errors import UsageError
from seatrial.report.certificate import json as certificate_json
from seatrial.report.json import read
from support.certificates import certificate, verdict

SEATRIAL = f"{shlex.quote(sys.executable)} -m seatrial"


@pytest.fixture(scope="module")
def verify(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A line that verifies a good program."""
    place = tmp_path_factory.mktemp("good")
    (place / "go.mod").write_text("module example.test/good\n\ngo 1.27\n")
    (place / "main.go").write_text("package main\n\nfunc main() {}\n")
    return f"{SEATRIAL} verify {place} -t debian-12/amd64 --stage static"


def shell(line: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(line, shell=True, capture_output=True, text=True, timeout=240)


@pytest.mark.go
def test_a_report_that_cannot_be_written_takes_no_other_with_it(verify: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = shell(f"{verify} --json /dev/full --html {page} --junit /dev/full")
    assert done.returncode == 3
    assert "[2/2]" in done.stderr
    assert page.read_text().startswith("<!doctype html>")
    assert "The one platform is good (by static judgement alone)." in done.stdout
    assert f"Report: {page}" in done.stdout
    assert "Report: /dev/full" not in done.stdout
    lost = [line for line in done.stderr.splitlines() if "No space left on device" in line]
    assert [line.partition("--")[2].partition(";")[0] for line in lost] == ["json", "junit"]


def test_a_lost_certificate_does_not_hide_what_fails(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_text(
        '{"plan":["clocks/a"]}\n{"facts":{"goos":"linux","goarch":"arm64"}}\n'
        '{"case":"clocks/a","state":"fail"}\n{"end":true}\n'
    )
    page = tmp_path / "page.html"
    done = shell(f"{SEATRIAL} conformance import {lines} --json /dev/full --html {page}")
    assert done.returncode == 1
    assert "0 of 1 contracts hold, 1 does not." in done.stdout
    assert "Name another place for --json." in done.stderr
    assert page.exists()


def test_what_is_no_file_needs_no_folder_that_can_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any user but root has it with /dev."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    check_outputs({"json": "/dev/null", "html": "-"})
    with pytest.raises(UsageError, match=rf"--json {tmp_path}/a/b\.json: {tmp_path} cannot be written to\."):
        check_outputs({"json": f"{tmp_path}/a/b.json"})
    (tmp_path / "link").symlink_to("/nowhere/report")
    with pytest.raises(UsageError, match=r"/link: / cannot be written to\."):
        check_outputs({"json": f"{tmp_path}/link"})


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(UsageError, match=r"a: File name too long\. Name another place\."):
        check_outputs({"html": "a" * 300})


@pytest.mark.go
@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full"])
def test_talk_that_nobody_takes_changes_nothing(verify: str, closed: str) -> None:
    done = shell(f"{verify} {closed}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "The one platform is good (by static judgement alone)." in done.stdout


@pytest.mark.go
def test_a_closed_stdout_loses_what_is_printed_and_nothing_else(verify: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = shell(f"{verify} --json {report} <&- >&-")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr
    assert read(report.read_bytes()).complete


def test_closed_streams_are_not_taken_for_files(tmp_path: Path) -> None:
    """A file that is opened gets the lowest number that is free: the output must not go there."""
    a = tmp_path / "a.json"
    a.write_bytes(certificate_json.render((certificate(verdict("files/a")),)))
    before = a.read_bytes()
    done = shell(f"{SEATRIAL} conformance diff {a} {a} --json {tmp_path / 'd.json'} <&- >&- 2>&-")
    assert done.returncode == 0
    assert a.read_bytes() == before
    assert (tmp_path / "d.json").read_bytes().endswith(b"}\n")
    assert shell(f"{SEATRIAL} conformance import - <&- 2>&-").returncode == 2


def test_a_full_stdout_is_one_line() -> None:
    done = shell(f"{SEATRIAL} targets >/dev/full")
    assert done.returncode == 3
    assert "the output cannot be written: No space left on device" in done.stderr

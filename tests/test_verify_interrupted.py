"""Nothing is lost: signals leave a partial report and no process, and --resume finishes the run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.model.report import Report
from seatrial.model.states import StageName, State
from seatrial.report.json import read
from support.verification import own_store

pytestmark = [pytest.mark.go, pytest.mark.timeout(600)]

TEST = """package main

import (
	"os"
	"testing"
	"time"
)

func TestWaits(t *testing.T) {
	for {
		if _, err := os.Stat("HOLD"); err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program whose test runs for as long as a file named `hold` is there."""
    place = tmp_path / "program"
    place.mkdir()
    (place / "go.mod").write_text("module example.test/waits\n\ngo 1.27\n")
    (place / "main.go").write_text("package main\n\nfunc main() {}\n")
    (place / "main_test.go").write_text(TEST.replace("HOLD", str(tmp_path / "hold")))
    (tmp_path / "hold").touch()
    own_store(tmp_path / "cache")
    return place


def start(program: Path, *more: str, nohup: bool = False) -> subprocess.Popen[str]:
    root = program.parent
    line = [sys.executable, "-m", "seatrial", "verify", str(program), "-t", "debian-12/amd64", "-t", "debian-12/386"]
    line += ["--json", str(root / "report.json"), "--html", str(root / "report.html"), *more]
    env = os.environ | {"SEATRIAL_CACHE": str(root / "cache")}
    # A job in the background of a shell has SIGINT ignored, and hands that on.
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_IGN if nohup else signal.SIG_DFL),
    }
    try:
        return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def until(what: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    for _ in range(4800):
        if what():
            return
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    pytest.fail(f"it did not come to pass within four minutes: {process.communicate()[0]}")


def waiting_tests(program: Path) -> list[int]:
    """Processes that still are the program's test binary, or started one."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                words = (place / "cmdline").read_bytes()
                where = (place / "cwd").readlink()
            except OSError:
                continue
            if b"waits.test" in words and where == program:
                found.append(int(place.name))
    return found


def report_of(program: Path) -> Report:
    return read((program.parent / "report.json").read_bytes())


def check_partial(program: Path) -> None:
    report = report_of(program)
    assert not report.complete
    assert report.exit_code == 3
    assert report.summary.planned == 8
    states = {(cell.target, stage.stage): stage for cell in report.cells for stage in cell.stages}
    assert states["debian-12/amd64", StageName.SMOKE].state is State.PASS
    waiting = states["debian-12/amd64", StageName.TESTS]
    assert (waiting.state, waiting.reason_code) == (State.NOT_RUN, "interrupted")
    assert "--resume" in str(waiting.needs)
    assert "<html" in (program.parent / "report.html").read_text()


def check_resumed(program: Path) -> None:
    (program.parent / "hold").unlink()
    process = start(program, "--resume")
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 0, output
    report = report_of(program)
    assert report.complete
    assert report.summary.states["pass"] == 8
    smoke = report.cells[0].stage(StageName.SMOKE)
    assert smoke is not None
    assert smoke.cached
    assert "2 results are kept" in output


def at_the_tests(program: Path) -> bool:
    return len(waiting_tests(program)) >= 2


def check_interrupted(program: Path, process: subprocess.Popen[str]) -> None:
    output = process.communicate(timeout=30)[0]
    assert process.returncode == 3, output
    assert "Traceback" not in output
    assert "--resume" in output
    assert waiting_tests(program) == []
    check_partial(program)


def test_ctrl_c(program: Path) -> None:
    process = start(program)
    until(lambda: at_the_tests(program), process)
    process.send_signal(signal.SIGINT)
    check_interrupted(program, process)
    check_resumed(program)


def test_a_terminal_that_is_closed(program: Path) -> None:
    """The shell and the kernel each send SIGHUP."""
    process = start(program)
    until(lambda: at_the_tests(program), process)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.1)
    process.send_signal(signal.SIGHUP)
    check_interrupted(program, process)


def test_sigterm_under_nohup(program: Path) -> None:
    process = start(program, nohup=True)
    until(lambda: at_the_tests(program), process)
    process.send_signal(signal.SIGHUP)
    time.sleep(1.0)
    assert at_the_tests(program)
    process.send_signal(signal.SIGTERM)
    check_interrupted(program, process)


def test_kill_9(program: Path) -> None:
    process = start(program)
    until(lambda: at_the_tests(program), process)
    time.sleep(2.5)  # longer than the time between two writes of the report
    process.kill()
    process.communicate()
    for _ in range(100):
        if waiting_tests(program) == []:
            break
        time.sleep(0.1)
    assert waiting_tests(program) == []
    check_partial(program)
    check_resumed(program)


def test_ctrl_c_before_the_first_result(program: Path) -> None:
    journals = program.parent / "cache" / "runs"
    process = start(program)
    until(lambda: any(journals.glob("*/journal.jsonl")), process)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 3, output
    assert "--resume" in output
    (program.parent / "hold").unlink()
    process = start(program, "--resume")
    output = process.communicate(timeout=240)[0]
    assert process.returncode == 0, output
    assert report_of(program).complete


def test_nothing_to_resume_is_said(program: Path) -> None:
    process = start(program, "--resume")
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 2, output
    assert "no interrupted run" in output

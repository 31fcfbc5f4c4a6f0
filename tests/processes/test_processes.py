"""Outside programs are run for real: a shell, sleep, cat."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from seatrial import processes
from seatrial.processes import OUTPUT_LIMIT, Outcome, run, shell_line, start

PATH = {"PATH": os.environ["PATH"]}


def test_keeps_output_and_exit_code() -> None:
    outcome = run(["sh", "-c", "echo out; echo err >&2; exit 3"], PATH, 10)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (3, "out\n", "err\n")
    assert not outcome.ok
    assert outcome.ending == "exit code 3"


def test_gives_exactly_the_environment() -> None:
    assert run(["/usr/bin/env"], {"ONLY": "this"}, 10).stdout == "ONLY=this\n"


def test_stdin_is_empty_unless_given() -> None:
    assert run(["cat"], PATH, 10).stdout == ""
    assert run(["cat"], PATH, 10, stdin=b"hello").stdout == "hello"


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGTERM])
def test_a_signal_is_told_by_name(number: signal.Signals) -> None:
    outcome = run(["sh", "-c", f"kill -{int(number)} $$"], PATH, 10)
    assert (outcome.exit_code, outcome.signal) == (None, number)
    assert outcome.ending == f"signal {number.name}"


def test_the_time_limit_ends_the_whole_group() -> None:
    began = time.monotonic()
    outcome = run(["sh", "-c", "sleep 60 & echo $!; sleep 60"], PATH, 0.3)
    assert outcome.timed_out
    assert not outcome.ok
    assert time.monotonic() - began < 5
    child = int(outcome.stdout)
    for _ in range(50):
        if not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
            break
        time.sleep(0.02)
    else:
        pytest.fail("the grandchild survived")


def test_on_a_time_out_a_signal_is_tried_first() -> None:
    script = "trap 'echo dump; exit 2' USR1; while :; do sleep 0.05; done"
    outcome = run(["sh", "-c", script], PATH, 2.0, ask_first=signal.SIGUSR1)
    assert outcome.timed_out
    assert outcome.stdout == "dump\n"


def test_a_missing_program_is_an_outcome() -> None:
    outcome = run(["/no/such/program"], PATH, 10)
    assert outcome.error == "/no/such/program: No such file or directory"
    assert outcome.ending == "could not start: /no/such/program: No such file or directory"
    assert not outcome.ok


def test_a_nul_in_an_argument_is_an_outcome() -> None:
    assert "null byte" in run(["echo", "a\0b"], PATH, 10).error


def test_a_flood_of_output_keeps_its_beginning_and_its_end() -> None:
    script = "print('first'); print('x' * 20_000_000); print('last')"
    outcome = run([sys.executable, "-c", script], PATH, 60)
    assert outcome.stdout.startswith("first\n")
    assert outcome.stdout.endswith("last\n")
    assert "bytes left out" in outcome.stdout
    assert len(outcome.stdout) < 2 * OUTPUT_LIMIT


def test_a_grandchild_that_holds_the_pipe_does_not_hang_us() -> None:
    began = time.monotonic()
    outcome = run(["sh", "-c", "setsid sleep 5 & echo done"], PATH, 10)
    assert outcome.stdout == "done\n"
    assert time.monotonic() - began < 4


def test_shell_line_can_be_pasted() -> None:
    line = shell_line(["printf", "%s|", "a b", "it's"], {"X": "1 2"}, "/tmp")
    assert line == """(cd /tmp && X='1 2' printf '%s|' 'a b' 'it'"'"'s')"""
    assert subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout == "a b|it's|"


def test_children_and_theirs_die_with_their_parent() -> None:
    script = (
        "import os, time; from seatrial.processes import start\n"
        "start(['sh', '-c', 'sleep 60 & echo $!; wait'], {'PATH': os.environ['PATH']})\n"
        "child = start(['sh', '-c', 'sleep 60 & echo $!; wait'], {'PATH': os.environ['PATH']})\n"
        "[time.sleep(0.01) for _ in range(500) if not child.output()[0]]; print(child.output()[0], flush=True)\n"
        "time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    for _ in range(100):
        try:
            state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":  # nobody has waited for it yet
            return
        time.sleep(0.02)
    pytest.fail("the child outlived its killed parent")


@pytest.mark.parametrize("ending", ["time.sleep(60)", "sys.exit('raised')"])
def test_a_scratch_folder_goes_with_its_process(tmp_path: Path, ending: str) -> None:
    script = (
        "import os, sys, time; from seatrial.processes import scratch_folder, start\n"
        "with scratch_folder('of-this-test-') as folder:\n"
        "    start(['sh', '-c', f'while :; do : >{folder}/$$.$((n = n + 1)); done'], {'PATH': os.environ['PATH']})\n"
        "    while not list(folder.iterdir()): time.sleep(0.01)\n"
        f"    print(folder, flush=True); {ending}"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    assert parent.stdout.readline().startswith(os.fsencode(tmp_path / "of-this-test-"))
    if "sleep" in ending:
        parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 30
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(tmp_path.iterdir()) == []


def test_interrupt_ends_what_runs_and_refuses_what_comes() -> None:
    running = start(["sleep", "60"], PATH)
    assert not isinstance(running, Outcome)
    with processes.interruptible():
        processes.interrupt()
        assert running.wait(5)
        refused = run(["true"], PATH, 10)
        assert refused.error == "interrupted"
    running.finish()
    assert run(["true"], PATH, 10).ok


def test_a_program_that_was_just_written_can_be_run_while_others_start(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        others = [pool.submit(run, ["true"], PATH, 10) for _ in range(200)]
        for number in range(100):
            program = tmp_path / str(number)
            with processes.writing_executable():
                program.write_text("#!/bin/sh\nexit 0\n")
            program.chmod(0o755)
            assert run([program], PATH, 10).ok
        assert all(other.result().ok for other in others)

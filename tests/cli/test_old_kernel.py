"""`seatrial old-kernel` as a user runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

_SEATRIAL = (sys.executable, "-c", "from seatrial.cli import main; main()", "old-kernel")


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_SEATRIAL, *words], capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.go
def test_the_program_runs_with_its_own_words_streams_and_exit_code() -> None:
    done = _run("--kernel", "3.10", "sh", "-c", 'echo "$0"; echo said >&2; exit 5', "-k")
    assert (done.returncode, done.stdout, done.stderr) == (5, "-k\n", "said\n")


@pytest.mark.go
def test_a_young_call_fails_and_an_old_kernel_can_be_a_platforms(tmp_path: Path) -> None:
    ask = "import os; os.pidfd_open(os.getpid())"
    assert _run("--kernel", "5.3", "--", sys.executable, "-c", ask).returncode == 0
    for words in (("--kernel", "5.2"), ("-t", "kylin-v10-sp1")):
        done = _run(*words, "--", sys.executable, "-c", ask)
        assert done.returncode == 1
        assert "Function not implemented" in done.stderr


def test_the_calls_are_listed() -> None:
    done = _run("--kernel", "5.5", "--list")
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["437", "5.6", "openat2"] in lines
    assert not any(since in ("5.5", "4.11") for _, since, _ in lines)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--kernel", "new", "true"], "'new' is no version of Linux"),
        (["true"], "Give either --kernel or --target"),
        (["--kernel", "3.10", "-t", "centos-7", "true"], "Give either --kernel or --target"),
        (["--kernel", "3.10"], "No program is given"),
        (["-t", "windows-10", "true"], "No version of Linux is known"),
        (["-t", "no-such-system", "true"], "no-such-system"),
    ],
)
def test_mistakes_end_in_one_clear_line(words: list[str], says: str) -> None:
    done = _run(*words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.go
def test_a_kernel_that_is_younger_than_the_hosts_is_said() -> None:
    done = _run("--kernel", "99.0", "true")
    assert done.returncode == 0
    assert "is older than 99.0" in done.stderr

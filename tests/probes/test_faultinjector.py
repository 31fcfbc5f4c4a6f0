"""The fault injector breaks what its rules say, in the whole of a program, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.conformance_probes import injector

pytestmark = pytest.mark.go


def run(folder: Path, program: str, *rules: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
    """A Python program under rules; its file is named `worker`, since rules hold in processes with that argument."""
    (folder / "worker").write_text(f"import os, sys, time, signal, threading, ctypes\n{program}\n")
    (folder / "rules.json").write_text(json.dumps(rules))
    command = [str(injector()), str(folder / "rules.json"), sys.executable, "worker"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def said(folder: Path, program: str, *rules: dict[str, Any]) -> list[str]:
    done = run(folder, program, *rules)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


GETPPID = "print(*[ctypes.CDLL(None).syscall(110) for _ in range(6)])"


def test_without_rules_nothing_changes(tmp_path: Path) -> None:
    done = run(tmp_path, "print(os.getcwd()); sys.exit(7)")
    assert (done.returncode, done.stdout.strip()) == (7, str(tmp_path))


def test_a_signal_ends_the_program(tmp_path: Path) -> None:
    assert run(tmp_path, "os.kill(os.getpid(), 9)", {"syscall": "getppid", "return": 5}).returncode == 128 + 9


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        ({"return": 5}, ["5"] * 6),
        ({"after_return": 5}, ["5"] * 6),
        ({"errno": "ENOENT"}, ["-1"] * 6),
        ({"after_errno": "ENOENT"}, ["-1"] * 6),
        ({"return": 5, "nth": 5}, ["", "", "", "", "5", "5"]),
        ({"return": 5, "every": 3}, ["", "", "5", "", "", "5"]),
        ({"return": 5, "nth": 2, "every": 3}, ["", "5", "", "", "5", ""]),
        ({"return": 5, "times": 2}, ["5", "5", "", "", "", ""]),
    ],
)
def test_results_and_how_often(rule: dict[str, Any], seen: list[str], tmp_path: Path) -> None:
    numbers = said(tmp_path, GETPPID, {"syscall": "getppid", **rule})
    assert [number if want else "" for number, want in zip(numbers, seen, strict=True)] == seen
    assert all(number != "5" for number, want in zip(numbers, seen, strict=True) if not want)


def test_what_is_added_to_a_result(tmp_path: Path) -> None:
    program = "print(*[ctypes.CDLL(None).syscall(110) - os.getppid() for _ in range(2)])"
    assert said(tmp_path, program, {"syscall": "getppid", "every": 2, "after_add": 1000}) == ["-1000", "-1000"]


def test_which_calls(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    program = """
def opens(name):
    try:
        os.close(os.open(name, os.O_RDONLY))
        return 'opened'
    except OSError as error:
        return error.errno
print(opens('a.txt'), opens('worker'), opens(os.getcwd() + '/a.txt'))"""
    rule = {"syscall": ["open", "openat"], "errno": "EIO"}
    assert said(tmp_path, program, {**rule, "path": {"1": "a.*"}}) == ["5", "opened", "opened"]
    assert said(tmp_path, program, {**rule, "path": {"1": "*a.txt"}}) == ["5", "opened", "5"]
    lseek = "f = os.open('worker', 0); print(os.lseek(f, 3, 0), os.lseek(f, 0, 1), os.lseek(f, 0, 2) > 9)"
    assert said(tmp_path, lseek, {"syscall": "lseek", "args": {"2": 1}, "return": 77}) == ["3", "77", "True"]
    assert said(tmp_path, lseek, {"syscall": "lseek", "args": {"1": 3}, "set": {"1": 1}}) == ["1", "1", "True"]


def test_negative_arguments_match_as_32_and_as_64_bits(tmp_path: Path) -> None:
    program = "c = ctypes.CDLL(None); print(c.syscall(62, -5, 0), c.syscall(62, ctypes.c_long(-5), 0))"
    assert said(tmp_path, program, {"syscall": "kill", "args": {"0": -5}, "return": 42}) == ["42", "42"]


def test_memory_after_a_call(tmp_path: Path) -> None:
    program = """
place = (ctypes.c_int64 * 2)()
ctypes.CDLL(None).syscall(229, 1, place)  # clock_getres
print(place[0], place[1])"""
    assert said(tmp_path, program) == ["0", "1"]
    change = {"arg": 1, "offset": 8, "value": 999}
    assert said(tmp_path, program, {"syscall": "clock_getres", "add64": change}) == ["0", "1000"]
    assert said(tmp_path, program, {"syscall": "clock_getres", "add32": change | {"value": -1}}) == ["0", "0"]
    write = {"arg": 1, "offset": 0, "hex": "0a0b"}
    assert said(tmp_path, program, {"syscall": "clock_getres", "write": write}) == [str(0x0B0A), "1"]


def test_the_vdso_is_hidden(tmp_path: Path) -> None:
    rule = {"syscall": "clock_gettime", "args": {"0": 0}, "write": {"arg": 1, "hex": "01"}}
    program = "print(int(time.time()) & 255)"
    seen = {tuple(said(tmp_path, program, {"hide_vdso": True}, rule)) for _ in range(2)}
    assert seen == {("1",)}


def test_signals(tmp_path: Path) -> None:
    program = """
seen = []
for name in ('SIGUSR1', 'SIGUSR2'):
    signal.signal(getattr(signal, name), lambda number, _: seen.append(number))
for _ in range(4):
    os.kill(os.getpid(), signal.SIGUSR1)
print(*seen)"""
    assert said(tmp_path, program, {"drop_signal": "SIGUSR1"}) == []
    assert said(tmp_path, program, {"drop_signal": "SIGUSR1", "every": 2}) == ["10", "10"]
    assert said(tmp_path, program, {"change_signal": "SIGUSR1", "as": "SIGUSR2", "times": 1}) == [
        "12",
        "10",
        "10",
        "10",
    ]


def test_threads_children_and_new_programs_are_followed(tmp_path: Path) -> None:
    program = """
thread = threading.Thread(target=lambda: print(ctypes.CDLL(None).syscall(110), flush=True))
thread.start(); thread.join()
if os.fork() == 0:
    print(os.getppid(), flush=True)
    os.execv(sys.executable, [sys.executable, '-c', 'import os; print(os.getppid())'])
os.wait()"""
    assert said(tmp_path, program, {"syscall": "getppid", "return": 5}) == ["5", "5", "5"]


def test_rules_hold_only_in_workers(tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text(json.dumps([{"syscall": "getppid", "return": 5}]))
    program = "import os; print(os.getppid())"
    command = [str(injector()), str(tmp_path / "rules.json"), sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout != "5\n"


def test_a_stopped_program_can_be_continued(tmp_path: Path) -> None:
    program = """
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(3)
_, status = os.waitpid(child, os.WUNTRACED)
print(os.WIFSTOPPED(status))
os.kill(child, signal.SIGCONT)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"""
    assert said(tmp_path, program, {"syscall": "getppid", "return": 5}) == ["True", "3"]


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ('[{"syscall":"nosuch","return":0}]', "nosuch"),
        ('[{"syscall":"read","errno":"ENOSUCH"}]', "ENOSUCH"),
        ('[{"syscall":"read"}]', "nothing of what to do"),
        ('[{"errno":"EIO"}]', "names no system call"),
        ('[{"syscall":"read","errno":"EIO","after_add":1}]', "not made"),
        ('[{"syscall":"read","errno":"EIO","return":1}]', "both"),
        ('[{"syscall":"read","args":{"7":1},"return":1}]', "no argument"),
        ('[{"syscall":"read","write":{"arg":1,"hex":"xyz"}}]', "hexadecimal"),
        ('[{"drop_signal":"SIGNOSUCH"}]', "SIGNOSUCH"),
        ('[{"change_signal":"SIGUSR1"}]', "wants"),
        ('[{"nonsense":1}]', "nonsense"),
        ("[{}]", "does nothing"),
        ("nothing", "invalid"),
    ],
)
def test_wrong_rules(rules: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text(rules)
    done = subprocess.run(
        [injector(), tmp_path / "rules.json", "/bin/true"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 125
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1

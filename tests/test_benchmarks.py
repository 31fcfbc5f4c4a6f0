"""The benchmarks: their arithmetic, and that each starts. What they measure is printed by them, never asserted."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = ("start_up.py", "inspect_speed.py", "second_run.py", "verify_cost.py", "boot.py", "insight.py")


@pytest.fixture
def stopwatch() -> ModuleType:
    spec = importlib.util.spec_from_file_location("stopwatch", BENCHMARKS / "stopwatch.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("goal", "says"), [(1.3, "ours / bare = 1.20, goal at most 1.3: met"), (1.1, "NOT met")])
def test_the_table_holds_medians_and_ratios(stopwatch: ModuleType, goal: float, says: str) -> None:
    shown = stopwatch.table("Start", {"ours": [9.0, 1.2, 0.6], "bare": [1.0, 0.5, 7.0]}, "bare", goal)
    assert "1.200 s   0.600 s   9.000 s    1.20" in shown
    assert shown.splitlines()[0] == "Start (3 rounds)"
    assert says in shown.splitlines()[-1]


def test_tasks_take_turns(stopwatch: ModuleType) -> None:
    order: list[str] = []

    def task(name: str) -> float:
        order.append(name)
        return float(len(order))

    times = stopwatch.in_turns({"a": lambda: task("a"), "b": lambda: task("b")}, 2)
    assert order == ["a", "b", "a", "b"]
    assert times == {"a": [1.0, 3.0], "b": [2.0, 4.0]}


@pytest.mark.parametrize(("goal", "verdict"), [(0.5, "met"), (0.4, "NOT met"), (0.2, "NOT met")])
def test_goals_are_ratios_of_both_times_and_a_peer_may_be_missing(
    stopwatch: ModuleType, goal: float, verdict: str
) -> None:
    used = stopwatch.Usage
    tasks = {"ours": lambda: used(0.5, 1.0, 5_000_000), "theirs": lambda: used(2.0, 2.0, 1), "none": lambda: None}
    goals = [("ours", "theirs", goal), ("theirs", "ours", 3.0), ("ours", "none", 0.1)]
    shown = stopwatch.compare(tasks, 2, goals, ("ours", 6_000_000))
    assert f"ours / theirs = 0.50 of CPU, 0.25 passed, goal at most {goal}: {verdict}\n" in shown
    assert "theirs / ours = 2.00 of CPU, 4.00 passed, goal at most 3.0: NOT met\n" in shown
    assert "ours: 5 MB, goal at most 6 MB: met" in shown
    assert shown.splitlines()[-1] == "  none is not there"


def test_what_a_command_takes_is_measured_with_its_children(stopwatch: ModuleType) -> None:
    one = stopwatch.usage(["bash", "-c", "[ $(cat) = given ] && bash -c 'for i in {1..20000}; do :; done'"], b"given")
    assert one.cpu > 0 and one.wall > 0 and one.memory > 1_000_000
    with pytest.raises(SystemExit, match="exit code 1 of bash -c"):
        stopwatch.usage(["bash", "-c", "exit 1"])


def test_a_failing_command_ends_the_benchmark_with_its_words(stopwatch: ModuleType) -> None:
    with pytest.raises(SystemExit, match=r"exit code 3 of .*\nno such ship"):
        stopwatch.run(["bash", "-c", "echo no such ship >&2; exit 3"])


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_benchmark_starts_and_make_runs_it(script: str) -> None:
    ended = subprocess.run([sys.executable, BENCHMARKS / script, "--help"], text=True, capture_output=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert "--rounds" in ended.stdout
    assert f"benchmarks/{script}\n" in (BENCHMARKS.parent / "Makefile").read_text()

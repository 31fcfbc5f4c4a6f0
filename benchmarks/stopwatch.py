"""Time outside commands in turns and print their medians.

The commands of one comparison take turns, so that a machine that grows slower or faster meanwhile does so for all.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

__all__ = ["Usage", "compare", "in_turns", "run", "table", "usage"]


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    """Seconds that the command took, its output thrown away; SystemExit with its stderr when it does not end with 0.

    Python keeps its bytecode, as it does for a user, even where PYTHONDONTWRITEBYTECODE says otherwise.
    """
    env = dict(os.environ if environment is None else environment)
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    ended = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    seconds = time.perf_counter() - started
    if ended.returncode != 0:
        message = ended.stderr.decode(errors="replace")[-2000:]
        raise SystemExit(f"exit code {ended.returncode} of {' '.join(command)}\n{message}")
    return seconds


def in_turns(tasks: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Call each task once a round, in the order given; each returns the seconds it took."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            seconds[name].append(task())
    return seconds


def table(title: str, seconds: Mapping[str, Sequence[float]], base: str, goal: float | None = None) -> str:
    """Median, fastest and slowest of each task, and its ratio to the base; `goal` is for the first task's ratio."""
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    rounds = len(next(iter(seconds.values())))
    lines = [f"{title} ({rounds} rounds)", f"  {'':<32}{'median':>10}{'fastest':>10}{'slowest':>10}{'ratio':>8}"]
    for name, values in seconds.items():
        numbers = (medians[name], min(values), max(values))
        times = "".join(f"{value:>8.3f} s" for value in numbers)
        lines.append(f"  {name:<32}{times}{medians[name] / medians[base]:>8.2f}")
    if goal is not None:
        name = next(iter(seconds))
        ratio = medians[name] / medians[base]
        lines.append(f"  {name} / {base} = {ratio:.2f}, goal at most {goal}: {'met' if ratio <= goal else 'NOT met'}")
    return "\n".join(lines)


class Usage(NamedTuple):
    """What a command took: seconds that passed, seconds of CPU, the largest resident set of one process in bytes."""

    wall: float
    cpu: float
    memory: int


# Started by a process that is small itself: the largest resident set of a child counts from its parent's.
_LAUNCHER = """
import os, resource, sys, time
started = time.perf_counter()
null = os.open(os.devnull, os.O_WRONLY)
quiet = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
_, status = os.waitpid(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet), 0)
wall, used = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
print(os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def usage(command: Sequence[str], stdin: bytes = b"") -> Usage:
    """Run a command and its children, its output thrown away; SystemExit when it does not end with 0.

    Python keeps its bytecode, as it does for a user.
    """
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command]
    said = subprocess.run(launcher, input=stdin, stdout=subprocess.PIPE, env=env, check=True).stdout.split()
    if said[0] != b"0":
        raise SystemExit(f"exit code {int(said[0])} of {' '.join(command[:3])}")
    return Usage(float(said[1]), float(said[2]), int(said[3]) * 1024)


def compare(
    tasks: Mapping[str, Callable[[], Usage | None]],
    rounds: int,
    goals: Sequence[tuple[str, str, float]],
    memory: tuple[str, int],
) -> str:
    """Medians of each task, and whether the ratios of both times are at most their goals; None: it is not there.

    `memory`: a task and the bytes that it may take.
    """
    measured: dict[str, list[Usage]] = {}
    missing: dict[str, None] = {}
    for _ in range(rounds):
        for name, task in tasks.items():
            if name in missing:
                continue
            if (one := task()) is None:
                missing[name] = None
            else:
                measured.setdefault(name, []).append(one)
    middle = {name: Usage(*map(statistics.median, zip(*rows, strict=True))) for name, rows in measured.items()}
    lines = [f"  {'median of ' + str(rounds):<32}{'CPU':>10}{'passed':>10}{'memory':>10}"]
    for name, row in middle.items():
        lines.append(f"  {name:<32}{row.cpu:>8.2f} s{row.wall:>8.2f} s{row.memory / 1e6:>7.0f} MB")
    for name, base, goal in goals:
        if name in middle and base in middle:
            cpu, wall = middle[name].cpu / middle[base].cpu, middle[name].wall / middle[base].wall
            verdict = "met" if max(cpu, wall) <= goal else "NOT met"
            lines.append(f"  {name} / {base} = {cpu:.2f} of CPU, {wall:.2f} passed, goal at most {goal}: {verdict}")
    name, most = memory
    verdict = "met" if middle[name].memory <= most else "NOT met"
    lines.append(f"  {name}: {middle[name].memory / 1e6:.0f} MB, goal at most {most / 1e6:.0f} MB: {verdict}")
    lines += [f"  {name} is not there" for name in missing]
    return "\n".join(lines)

"""Time outside commands in turns and print their medians.

The commands of one comparison take turns, so that a machine that grows slower or faster meanwhile does so for all.
"""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

__all__ = ["in_turns", "run", "table"]


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

"""The system calls that a run of a program really makes, as QEMU's user emulation logs them (`-d strace`)."""

import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck
from seatrial.processes import run
from seatrial.runners.emulators import Emulator
from seatrial.runners.launcher import environment
from seatrial.tables.system_calls import SystemCall, system_calls

__all__ = ["CalledCalls", "calls_of_run"]

_CALL = re.compile(rb"\d+ (?:Unknown syscall (\d+)|([a-z_]\w*)\()")
"""Threads write into each other's lines: a call is known by the thread's number before it, not by the line."""

_PIECE = 1 << 20


class CalledCalls(msgspec.Struct, frozen=True):
    """What one run called. Programs that it starts are not followed."""

    calls: dict[str, int]
    """The kernel's name, or "#<number>" for a call that no kernel known here has, to how often."""
    emulator: str
    ending: str
    """How the run ended: "exit 0", "time limit", "SIGSEGV"."""
    seconds: float


def calls_of_run(
    emulator: Emulator, goarch: str, program: Path, words: Sequence[str], timeout: float = 60.0
) -> CalledCalls:
    """Run the program under an emulator for its machine, at most `timeout` seconds.

    Raises CouldNotCheck for a program that the emulator does not start.
    """
    with tempfile.NamedTemporaryFile(prefix="seatrial-calls-") as log:
        outcome = run(
            [emulator.path, "-d", "strace", "-D", log.name, program.absolute(), *words], environment(), timeout
        )
        counts = _counted(Path(log.name), goarch)
    if not counts:
        said = outcome.stderr.strip().splitlines()
        raise CouldNotCheck(
            f"{emulator.name} did not start {program.name}: {said[-1] if said else outcome.ending}.",
            "Run it where its loader and libraries are, or build it without cgo.",
        )
    return CalledCalls(dict(sorted(counts.items())), emulator.name, outcome.ending, outcome.seconds)


def _counted(log: Path, goarch: str) -> Counter[str]:
    names = system_calls(goarch)
    counts: Counter[str] = Counter()
    with log.open("rb") as file:
        rest = b""
        while piece := file.read(_PIECE):
            whole, _, rest = (rest + piece).rpartition(b"\n")
            counts.update(_named(found, names) for found in _CALL.findall(whole))
        counts.update(_named(found, names) for found in _CALL.findall(rest))
    return counts


def _named(found: tuple[bytes, bytes], names: Mapping[int, SystemCall]) -> str:
    """The name, also of a call that this emulator knows by its number only."""
    number, name = found
    if not number:
        return name.decode()
    row = names.get(int(number))
    return row.name if row else f"#{int(number)}"

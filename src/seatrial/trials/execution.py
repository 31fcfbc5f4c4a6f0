"""How a program is started through an offer: prefix, scrubbed environment, perturbation, end of time."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from seatrial.machines.session_client import CARRY
from seatrial.model.finding import Evidence
from seatrial.model.runner import Offer
from seatrial.model.trial import Perturbation
from seatrial.processes import Outcome, Running, shell_line

__all__ = ["DUMP_SECONDS", "Command", "compose", "dump_evidence", "loader_evidence", "quit_group"]

DUMP_SECONDS = 2.0
"""What a program gets to print its goroutines after SIGQUIT, before SIGKILL."""


class Command(msgspec.Struct, frozen=True):
    """A command line and its environment, ready to be started."""

    argv: tuple[str, ...]
    additions: Mapping[str, str]
    """What is set besides the scrubbed environment: what a person needs to run it again."""
    env: Mapping[str, str]
    shown: tuple[str, ...]
    """The command as a person starts it."""
    internal: Mapping[str, str]
    """The part of `env` that the prefix itself needs."""

    @property
    def line(self) -> str:
        """For a shell."""
        return shell_line(self.shown, self.additions)


def compose(
    offer: Offer,
    argv: Sequence[str | Path],
    folder: Path,
    env: Mapping[str, str] | None = None,
    perturbation: Perturbation | None = None,
    carry: Sequence[Path] = (),
) -> Command:
    """The command that runs `argv` through the offer, with HOME and TMPDIR in `folder`.

    `carry` is what a machine with files of its own needs besides the program.
    """
    additions = {**offer.environment, **(env or {})}
    prefix, shown, door = offer.prefix, offer.words, offer.door
    match perturbation:
        case Perturbation.NO_ASYNC_PREEMPTION:
            additions["GODEBUG"] = ",".join(filter(None, (additions.get("GODEBUG"), "asyncpreemptoff=1")))
        case Perturbation.ONE_PROC:
            additions["GOMAXPROCS"] = "1"
        case Perturbation.ONE_CPU if door:
            prefix, shown = door.one_cpu, (*shown, "--cpuset", "0")
        case Perturbation.ONE_CPU:
            prefix = shown = (*_pin(), *prefix)
    scrubbed = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }
    words = tuple(map(str, argv))
    internal = {}
    if door:
        internal = {CARRY: os.pathsep.join(map(str, carry))} if carry else {}
        shown = (*shown, *(word for path in carry for word in ("--carry", str(path))), "--")
    return Command((*prefix, *words), additions, {**scrubbed, **additions, **internal}, (*shown, *words), internal)


def _pin() -> tuple[str, ...]:
    cpu = min(os.sched_getaffinity(0))
    return (sys.executable, "-I", str(Path(__file__).with_name("pin.py")), str(cpu))


def quit_group(running: Running) -> None:
    """SIGQUIT to the whole group, because a prefix may wait for the program, and time to print the goroutines."""
    running.signal(signal.SIGQUIT, group=True)
    running.wait(DUMP_SECONDS)


def dump_evidence(outcome: Outcome) -> tuple[Evidence, ...]:
    """The goroutines that a program printed when its time was over."""
    start = outcome.stderr.find("SIGQUIT: quit")
    if start < 0:
        return ()
    return (Evidence("goroutine dump", outcome.stderr[start:].rstrip(), "stderr, after SIGQUIT"),)


def loader_evidence(offer: Offer, dynamic: bool) -> tuple[Evidence, ...]:
    """The loader and the libc that a dynamic program used here."""
    return (Evidence("loader", offer.loader, offer.implementation),) if dynamic and offer.loader else ()

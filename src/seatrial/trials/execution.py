"""How a program is started through an offer: prefix, scrubbed environment, perturbation, end of time."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

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

    @property
    def line(self) -> str:
        """For a shell."""
        return shell_line(self.argv, self.additions)


def compose(
    offer: Offer,
    argv: Sequence[str | Path],
    folder: Path,
    env: Mapping[str, str] | None = None,
    perturbation: Perturbation | None = None,
) -> Command:
    """The command that runs `argv` through the offer, with HOME and TMPDIR in `folder`."""
    additions = {**offer.environment, **(env or {})}
    prefix = offer.prefix
    match perturbation:
        case Perturbation.NO_ASYNC_PREEMPTION:
            additions["GODEBUG"] = ",".join(filter(None, (additions.get("GODEBUG"), "asyncpreemptoff=1")))
        case Perturbation.ONE_PROC:
            additions["GOMAXPROCS"] = "1"
        case Perturbation.ONE_CPU:
            prefix = (*_pin(), *prefix)
    scrubbed = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }
    return Command((*prefix, *map(str, argv)), additions, {**scrubbed, **additions})


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

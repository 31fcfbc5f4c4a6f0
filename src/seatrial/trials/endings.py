"""Tells a program that ended by itself from one that crashed, or never reached its own code."""

import re
from pathlib import Path

import msgspec

from seatrial.model.message import Message
from seatrial.model.runner import Offer
from seatrial.model.trial import Layer, MachineTrouble
from seatrial.processes import Outcome
from seatrial.tables.messages import message
from seatrial.tables.program_endings import known_ending
from seatrial.trials.machine_words import reason_of, trouble_of

__all__ = ["Breakdown", "breakdown"]


class Breakdown(msgspec.Struct, frozen=True):
    """A program that did not end by its own decision."""

    layer: Layer
    signature: str
    reason: Message
    subject: str = ""


def breakdown(outcome: Outcome, offer: Offer, artifact: Path, dynamic: bool) -> Breakdown | None:
    """What broke the program; None when it ended by itself, with whatever exit code, or was ended by us.

    A Go panic, a fatal error of the runtime and a signal are crashes; a plain exit code, such as 2 after a usage
    text, is the program's own decision.
    """
    if (trouble := trouble_of(offer, outcome.stderr)) is not None:
        return _of_machine(trouble, dynamic)
    if outcome.error:
        if not offer.prefix and dynamic and artifact.exists() and "No such file" in outcome.error:
            return Breakdown(
                Layer.LOADER_INTERPRETER, "no interpreter", message("run.no-interpreter"), subject="interpreter"
            )
        return Breakdown(Layer.RUNNER, "not started", message("run.not-started", error=outcome.error))
    if outcome.timed_out:
        return None
    if outcome.signal:
        layer = Layer.CPU if outcome.ending == "signal SIGILL" else Layer.PROGRAM
        reason = "run.cpu" if layer == Layer.CPU else "run.crashed"
        return Breakdown(layer, outcome.ending, message(reason, how=outcome.ending))
    found = known_ending(outcome.exit_code, outcome.stderr, dynamic)
    if found is None:
        return None
    row, subject = found
    how = f"{outcome.ending}: {subject}"
    kind = {
        Layer.LOADER_INTERPRETER: "run.no-interpreter",
        Layer.LOADER_LIBRARY: "run.no-library",
        Layer.LOADER_SYMBOL: "run.no-symbol",
        Layer.CPU: "run.cpu",
        Layer.CPU_LEVEL: "run.cpu",
    }.get(row.layer, "run.crashed")
    # Addresses and counters differ from run to run, and the way of failing does not.
    way = subject if row.of_loader else re.sub(r"\b(0x[0-9a-f]+|\d+)\b", "N", subject)
    return Breakdown(row.layer, f"{outcome.ending}: {way}", message(kind, how=how, subject=subject), subject)


def _of_machine(trouble: MachineTrouble, dynamic: bool) -> Breakdown:
    if trouble.code == "not-started" and dynamic and "no such file" in trouble.text:
        return Breakdown(
            Layer.LOADER_INTERPRETER, "no interpreter", message("run.no-interpreter"), subject="interpreter"
        )
    if trouble.code == "not-started":
        return Breakdown(Layer.RUNNER, "not started", reason_of(trouble))
    return Breakdown(Layer.MACHINE, f"{trouble.code} {trouble.text}".strip(), reason_of(trouble), trouble.code)

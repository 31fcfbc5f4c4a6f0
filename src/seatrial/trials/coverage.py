"""Instruction coverage of a trial: the same trial again, with each program's log read while it runs.

QEMU's user emulation logs which blocks of code it translates and begins (`-d in_asm,exec`); `covering.py` stands in
front of the emulator, makes a FIFO for the log, and lets our reader count what is read from it.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.model.absence import Unknown
from seatrial.model.coverage import Coverage, CoveredExtension, CoveredFunction, CoveredWork
from seatrial.model.runner import Offer
from seatrial.model.trial import Observation
from seatrial.processes import scratch_folder

__all__ = ["WATCHED", "Unwatched", "beyond", "covered", "merge"]

WATCHED = "qemu-user"
"""The runner whose log can be read."""

_SLOWER = 6.0
"""How much longer a logged run takes: 5 to 20 times were measured for a busy program, most programs wait."""


class Unwatched(msgspec.Struct):
    """What `covering.py` leaves of a program that it could not watch."""

    because: str = ""


def covered(
    offer: Offer, reader: Path | Unknown, trial: Callable[[Offer], Observation]
) -> tuple[Observation | None, Coverage | Unknown]:
    """What a trial shows when it is watched, and what its programs executed. Without a reader nothing is run."""
    if isinstance(reader, Unknown):
        return None, reader
    if offer.runner != WATCHED:
        return None, Unknown(f"{offer.implementation} has no log of what it executes")
    with scratch_folder("seatrial-coverage-") as folder:
        script = str(Path(__file__).with_name("covering.py"))
        front = (sys.executable, "-I", script, str(folder), str(reader), str(len(offer.prefix)))
        watched = msgspec.structs.replace(
            offer, prefix=(*front, *offer.prefix), time_factor=offer.time_factor * _SLOWER
        )
        seen = trial(watched)
        parts: list[Coverage] = []
        unwatched: list[str] = []
        for file in sorted(folder.glob("*.json")):
            raw = file.read_bytes()
            if reason := msgspec.json.decode(raw, type=ready(Unwatched)).because:
                unwatched.append(reason)
            else:
                parts.append(msgspec.json.decode(raw, type=ready(Coverage)))
    if not parts:
        return seen, Unknown("; ".join(dict.fromkeys(unwatched)) or "no program was started")
    return seen, msgspec.structs.replace(merge(parts), unwatched=tuple(dict.fromkeys(unwatched)))


def merge(parts: Iterable[Coverage]) -> Coverage:
    """The sum over several programs; a function that is in many of them counts as where it was covered best."""
    every = tuple(parts)
    functions: dict[str, dict[tuple[str, str], CoveredFunction]] = {}
    for extension in (one for part in every for one in part.extensions):
        known = functions.setdefault(extension.feature, {})
        for function in extension.functions:
            key = (function.package, function.name)
            if key not in known or function.executed > known[key].executed:
                known[key] = function
    return Coverage(
        traces=sum(part.traces for part in every),
        outside=sum(part.outside for part in every),
        odd=sum(part.odd for part in every),
        undecoded=sum(part.undecoded for part in every),
        extensions=tuple(
            CoveredExtension(feature, tuple(sorted(known.values(), key=lambda one: (one.package, one.name))))
            for feature, known in sorted(functions.items())
        ),
        classes=_summed(row for part in every for row in part.classes),
        programs=sum(part.programs for part in every),
    )


def beyond(coverage: Coverage, base: frozenset[str]) -> Coverage:
    """The same without the features that every CPU of the architecture has: they count as the base, ""."""
    return msgspec.structs.replace(
        coverage,
        extensions=tuple(one for one in coverage.extensions if one.feature not in base),
        classes=_summed(
            msgspec.structs.replace(row, feature="") if row.feature in base else row for row in coverage.classes
        ),
    )


def _summed(rows: Iterable[CoveredWork]) -> tuple[CoveredWork, ...]:
    """One row for each feature and kind of work."""
    kinds: dict[tuple[str, str], list[CoveredWork]] = {}
    for row in rows:
        kinds.setdefault((row.feature, row.work), []).append(row)
    return tuple(
        CoveredWork(
            feature,
            kind,
            sum(row.present for row in same),
            sum(row.executed for row in same),
            sum(row.translated for row in same),
        )
        for (feature, kind), same in sorted(kinds.items())
    )

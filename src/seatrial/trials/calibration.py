"""Runs the calibration program (`probes/calibration`): which instructions does this runner execute, and which trap?

An instruction is asked, not CPUID: a machine may execute what it does not announce, and under KVM it does.
"""

import contextlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.model.runner import Offer
from seatrial.model.trial import Calibration
from seatrial.processes import run, scratch_folder
from seatrial.tables.calibration import instructions
from seatrial.trials.execution import compose

__all__ = ["CALIBRATION_SOURCE", "Differences", "calibrate", "differences"]

CALIBRATION_SOURCE = Path(__file__).parents[1] / "probes" / "calibration"
"""The Go module; `seatrial.toolchains.compile.compile_probe` builds it for Linux on amd64 and arm64."""

_SECONDS = 20.0
_SIGILL = 4


class _Line(msgspec.Struct):
    instruction: str = ""
    signal: int = 0
    end: int = -1


class Differences(msgspec.Struct, frozen=True):
    """How a machine's instructions differ from those of a platform's CPU: features, in the kernel's names."""

    lacks: tuple[str, ...] = ()
    """The platform's CPU has them, and their instruction trapped."""
    adds: tuple[str, ...] = ()
    """The platform's CPU is not known to have them, and their instruction was executed: a use of one passes here and
    dies on the metal."""


def differences(found: Calibration, goarch: str, features: Iterable[str] | None) -> Differences:
    """Compare what was found with the features of a platform's CPU; None where nobody knows those."""
    if features is None:
        return Differences()
    known = frozenset(features)
    feature = {row.name: row.feature for row in instructions(goarch)}
    lacks = {feature[name] for name in found.trapped} & known
    adds = {feature[name] for name in found.executed} - known
    return Differences(tuple(sorted(lacks)), tuple(sorted(adds)))


def calibrate(offer: Offer, program: Path, goarch: str) -> Calibration:
    """What the offer executes and what traps there."""
    rows = {row.name: row for row in instructions(goarch)}
    arguments = [f"{row.name}={row.encoding}" for row in rows.values()]
    with scratch_folder("seatrial-calibration-") as folder:
        command = compose(offer, [program, *arguments], folder)
        outcome = run(command.argv, command.env, _SECONDS * offer.time_factor, str(folder))
    seen: dict[str, int] = {}
    ended = False
    for text in outcome.stdout.splitlines():
        with contextlib.suppress(msgspec.MsgspecError):
            line = msgspec.json.decode(text, type=ready(_Line))
            ended = ended or line.end == len(rows)
            if line.instruction in rows:
                seen[line.instruction] = line.signal
    if not outcome.ok or not ended or len(seen) != len(rows):
        last = outcome.stderr.strip().rpartition("\n")[2]
        return Calibration(trouble=last or outcome.ending, reproducer=command.line)
    return Calibration(
        executed=tuple(name for name, signal in seen.items() if not signal),
        trapped=tuple(name for name, signal in seen.items() if signal == _SIGILL),
        odd=tuple(f"{name}: signal {signal}" for name, signal in seen.items() if signal not in (0, _SIGILL)),
        reproducer=command.line,
    )

"""Runs the calibration program (`probes/calibration`): which instructions does this runner execute, and which trap?

An instruction is asked, not CPUID: a machine may execute what it does not announce, and under KVM it does.
"""

import contextlib
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from seatrial.model.runner import Offer
from seatrial.model.trial import Calibration
from seatrial.processes import run
from seatrial.tables.calibration import instructions
from seatrial.trials.execution import compose

__all__ = ["CALIBRATION_SOURCE", "calibrate"]

CALIBRATION_SOURCE = Path(__file__).parents[1] / "probes" / "calibration"
"""The Go module; `seatrial.toolchains.compile.compile_probe` builds it for Linux on amd64 and arm64."""

_SECONDS = 20.0
_SIGILL = 4


class _Line(msgspec.Struct):
    instruction: str = ""
    signal: int = 0
    end: int = -1


def calibrate(offer: Offer, program: Path, goarch: str, features: Iterable[str] | None) -> Calibration:
    """What the offer executes, compared with the features of the platform's CPU; None where nobody knows those."""
    rows = {row.name: row for row in instructions(goarch)}
    arguments = [f"{row.name}={row.encoding}" for row in rows.values()]
    with tempfile.TemporaryDirectory(prefix="seatrial-calibration-", ignore_cleanup_errors=True) as name:
        command = compose(offer, [program, *arguments], Path(name))
        outcome = run(command.argv, command.env, _SECONDS * offer.time_factor, name)
    seen: dict[str, int] = {}
    ended = False
    for text in outcome.stdout.splitlines():
        with contextlib.suppress(msgspec.MsgspecError):
            line = msgspec.json.decode(text, type=_Line)
            ended = ended or line.end == len(rows)
            if line.instruction in rows:
                seen[line.instruction] = line.signal
    if not outcome.ok or not ended or len(seen) != len(rows):
        last = outcome.stderr.strip().rpartition("\n")[2]
        return Calibration(trouble=last or outcome.ending, reproducer=command.line)
    traps = {name for name, signal in seen.items() if signal == _SIGILL}
    known = None if features is None else frozenset(features)
    return Calibration(
        executed=tuple(name for name, signal in seen.items() if not signal),
        trapped=tuple(name for name in rows if name in traps),
        odd=tuple(f"{name}: signal {signal}" for name, signal in seen.items() if signal not in (0, _SIGILL)),
        lacks=_features(rows[name].feature for name in traps if known and rows[name].feature in known),
        adds=_features(
            rows[name].feature
            for name, signal in seen.items()
            if not signal and known is not None and rows[name].feature not in known
        ),
        reproducer=command.line,
    )


def _features(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))

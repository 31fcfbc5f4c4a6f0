"""Runs the canary (`probes/canary`): does this runner run a Go program with known answers?"""

import contextlib
import signal
from pathlib import Path
from typing import Any

import msgspec

from seatrial.decoding import ready
from seatrial.model.finding import Evidence
from seatrial.model.runner import Offer
from seatrial.model.trial import CanaryResult
from seatrial.processes import run, scratch_folder
from seatrial.trials.execution import compose
from seatrial.trials.machine_words import evidence_of, trouble_of, without_words

__all__ = ["CANARY_SECONDS", "CANARY_SOURCE", "read_canary", "run_canary"]

CANARY_SOURCE = Path(__file__).parents[1] / "probes" / "canary"
"""The Go module; `seatrial.toolchains.compile.compile_probe` builds it."""

CANARY_SECONDS = 20.0
"""Natively it takes about 0.2 s; a busy machine may be far slower and is no broken runner."""


_NO_END = "no end marker"


class _Case(msgspec.Struct):
    case: str
    ok: bool
    detail: str = ""
    capability: bool = False


def run_canary(offer: Offer, canary: Path, limit: float = CANARY_SECONDS) -> CanaryResult:
    """Run the canary, built for the offer's platform, at most `limit` seconds times the offer's time factor.

    One that does not come to its end is run once more, and that is told: under QEMU's user emulation a fork among
    threads may now and then never return. A runner that has lost it twice is not sound.
    """
    first = _run_once(offer, canary, limit)
    if first.passed or first.trouble or not first.cases or _NO_END not in first.failed:
        return first
    told = Evidence("canary", f"run twice: at first it did not come to its end ({first.ending})", offer.implementation)
    again = _run_once(offer, canary, limit)
    return msgspec.structs.replace(again, evidence=(*again.evidence, told))


def _run_once(offer: Offer, canary: Path, limit: float) -> CanaryResult:
    with scratch_folder("seatrial-canary-") as folder:
        command = compose(offer, [canary], folder)
        outcome = run(command.argv, command.env, limit * offer.time_factor, str(folder), ask_first=signal.SIGQUIT)
    result = read_canary(outcome.stdout)
    trouble = trouble_of(offer, outcome.stderr)
    return msgspec.structs.replace(
        result,
        passed=result.passed and outcome.ok,
        evidence=evidence_of(offer, outcome.stderr),
        trouble=trouble,
        ending=outcome.ending,
        output="" if result.passed and outcome.ok else outcome.stdout + without_words(offer, outcome.stderr),
        reproducer=command.line,
        seconds=outcome.seconds,
    )


def read_canary(stdout: str) -> CanaryResult:
    """What the canary's lines say. Passed only with the end marker, every planned case reported and none failed."""
    plan: list[str] = []
    cases: dict[str, _Case] = {}
    facts: dict[str, str] = {}
    end: dict[str, int] | None = None
    for line in stdout.splitlines():
        with contextlib.suppress(msgspec.MsgspecError):
            entry = msgspec.json.decode(line, type=dict[str, Any])
            if "case" in entry:
                case = msgspec.convert(entry, ready(_Case))
                cases[case.case] = case
            elif "plan" in entry:
                plan = msgspec.convert(entry["plan"], list[str])
            elif "facts" in entry:
                facts = {key: str(value) for key, value in msgspec.convert(entry["facts"], dict[str, Any]).items()}
            elif "end" in entry:
                end = msgspec.convert(entry["end"], dict[str, int])
    failed = [f"{case.case}: {case.detail}" for case in cases.values() if not case.ok and not case.capability]
    failed += [f"{name}: never reported" for name in plan if name not in cases]
    if end is None:
        failed.append(_NO_END)
    return CanaryResult(
        passed=bool(plan) and not failed and end is not None and end.get("cases") == len(plan),
        cases=len(cases),
        failed=tuple(failed),
        self_exec=any(case.capability and case.ok for case in cases.values()),
        facts=facts,
    )

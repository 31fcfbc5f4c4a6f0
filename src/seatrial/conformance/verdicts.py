"""Whose fault are the failed cases of a probe? Attribution's experiments, made for all that fail at once.

A case asks a platform, and under an emulator the platform is not there: what attribution leaves as a failure is one
of the platform only where the platform itself, or at least this host's kernel and CPU, was asked. Elsewhere it is
`unknown`, told with what the other places show, until a row of the table of emulator faults explains it.
"""

from collections.abc import Iterable

import msgspec

from seatrial.attribution import next_step
from seatrial.conformance.part import Part, observation
from seatrial.model.attribution import Experiment, Look, Step, Tried, Verdict
from seatrial.model.conformance import CaseOutcome, Witness
from seatrial.model.runner import Offer
from seatrial.model.states import Fidelity, State
from seatrial.model.trial import Observation, Perturbation
from seatrial.tables.messages import message
from seatrial.trials.conformance import ProbeRun

__all__ = ["Attributed", "attribute", "is_real", "place_of"]

_REAL = (Fidelity.HOST, Fidelity.HARDWARE)
_PINNED_RUNS = 3


class Attributed(msgspec.Struct, frozen=True):
    """What became of a case that failed."""

    verdict: Verdict
    witnesses: tuple[Witness, ...] = ()


def is_real(offer: Offer) -> bool:
    """Whether a failure there may be one of a platform."""
    return offer.fidelity in _REAL


def place_of(offer: Offer, goos: str, goarch: str) -> str:
    """For people: "qemu-user 10.0.2, linux/arm64"."""
    return f"{offer.implementation}, {goos}/{goarch}"


def attribute(part: Part, used: int, run: ProbeRun) -> dict[str, Attributed]:
    """The verdict on each case that failed, or that was never reported, in `run` under the offer `used`."""
    failed = [id_ for id_, outcome in run.cases.items() if outcome.state is State.FAIL] + list(run.missing)
    pinned = _memory_order(part, used, failed)
    histories: dict[str, tuple[Tried, ...]] = {}
    before = tuple(Tried(Experiment(i, Step.CANARY, canary=True), part.canary(i)) for i in range(used + 1))
    for id_ in failed:
        if id_ not in pinned:
            first = observation(id_, run.cases.get(id_), run)
            histories[id_] = (*before, Tried(Experiment(used, Step.STAGE), first))
    verdicts = _settle(part, histories)
    found = {
        id_: Attributed(_weighed(part, verdict), _witnesses(part, used, histories[id_]))
        for id_, verdict in verdicts.items()
    }
    return found | {id_: Attributed(verdict) for id_, verdict in pinned.items()}


def _settle(part: Part, histories: dict[str, tuple[Tried, ...]]) -> dict[str, Verdict]:
    """Ask attribution for each case until it has a verdict; equal experiments are made once for all that want them."""
    verdicts: dict[str, Verdict] = {}
    while len(verdicts) < len(histories):
        wanted: dict[Experiment, list[str]] = {}
        undecided = False
        for id_, history in histories.items():
            if id_ not in verdicts:
                step = next_step(part.subject, part.offers, history, part.ways.more)
                if isinstance(step, Verdict):
                    verdicts[id_] = step
                elif isinstance(step, Look):
                    undecided = True
                else:
                    wanted.setdefault(step, []).append(id_)
        if undecided and not wanted:
            part.ways.another()
        for experiment, ids in wanted.items():
            if experiment.canary:
                result = part.canary(experiment.offer)
                for id_ in ids:
                    histories[id_] += (Tried(experiment, result),)
            else:
                for id_, seen in part.repeat(ids, experiment).items():
                    histories[id_] += (Tried(experiment, seen),)
    return verdicts


def _weighed(part: Part, verdict: Verdict) -> Verdict:
    """A failure, or a mixture, under an emulator is nothing that is known of the platform."""
    offer = part.offers[verdict.offer]
    if is_real(offer) or verdict.state not in (State.FAIL, State.FLAKY):
        return verdict
    others = ", ".join(one.implementation for i, one in enumerate(part.offers) if i != verdict.offer)
    if verdict.state is State.FLAKY:
        why = message("conformance.mixed-there", runner=offer.implementation)
    elif others:
        why = message("conformance.fails-there-too", runner=offer.implementation, others=others)
    else:
        why = message("conformance.fails-there", runner=offer.implementation)
    return msgspec.structs.replace(verdict, state=State.UNKNOWN, reason=why, reason_code="only-emulated")


def _memory_order(part: Part, used: int, failed: Iterable[str]) -> dict[str, Verdict]:
    """Forbidden outcomes of memory order under an emulator that go away on one CPU are the emulator's.

    QEMU on x86 has shown outcomes that arm64 forbids; no verdict on memory order is taken from an emulator.
    """
    offer = part.offers[used]
    asked = [id_ for id_ in failed if "weak-memory" in part.infos[id_].needs]
    if is_real(offer) or not asked:
        return {}
    held = dict.fromkeys(asked, 0)
    for _ in range(_PINNED_RUNS):
        seen = part.run(asked, used, Perturbation.ONE_CPU)
        for id_ in asked:
            outcome: CaseOutcome | None = seen.cases.get(id_)
            held[id_] += outcome is not None and outcome.state is not State.FAIL
    why = message("conformance.memory-order", runner=offer.implementation, times=_PINNED_RUNS)
    return {
        id_: Verdict(State.EMULATOR, why, used, Step.PERTURB, "memory-order")
        for id_, times in held.items()
        if times == _PINNED_RUNS
    }


def _witnesses(part: Part, used: int, history: tuple[Tried, ...]) -> tuple[Witness, ...]:
    """What the other offers showed of the case."""
    found = []
    for index, offer in enumerate(part.offers):
        there = [
            tried.result
            for tried in history
            if tried.experiment.offer == index != used and isinstance(tried.result, Observation)
        ]
        if there:
            bad = next((seen for seen in there if not seen.good), None)
            state = State.PASS if bad is None else State.FLAKY if any(seen.good for seen in there) else State.FAIL
            place = place_of(offer, part.platform.goos, part.platform.goarch)
            found.append(Witness(place, state, bad.output if bad else "", len(there)))
    return tuple(found)

"""One probe on one platform: built, the ways to run it, and the experiments that attribution asks for."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from seatrial.formats import read_binary
from seatrial.model.attribution import Experiment, Subject
from seatrial.model.conformance import CaseInfo, CaseOutcome
from seatrial.model.message import Message
from seatrial.model.platform import Platform
from seatrial.model.runner import Offer, Workload
from seatrial.model.states import State
from seatrial.model.trial import CanaryResult, Layer, MachineTrouble, Observation, Perturbation
from seatrial.runners import Ways
from seatrial.running import subject_of
from seatrial.tables.messages import message
from seatrial.trials.conformance import ProbeRun, Told, lacks, run_probe
from seatrial.trials.machine_words import reason_of

__all__ = ["Canaries", "Part", "Place", "Search", "observation"]

Search = Callable[[Platform, Workload], Ways]
Canaries = Callable[[Platform, Offer], CanaryResult]


class Place(msgspec.Struct, frozen=True):
    """The host, as far as probes that run on it are concerned."""

    goarch: str
    kernel: str


class Part:
    """A built probe. Its cases run under the first offer whose canary is sound; the others give second opinions."""

    def __init__(
        self,
        platform: Platform,
        probe: Path,
        infos: Iterable[CaseInfo],
        here: Place,
        search: Search,
        canaries: Canaries,
        libraries: Path | None = None,
        replaceable: bool = True,
    ) -> None:
        facts = read_binary(probe)
        self.platform = platform
        self.probe = probe
        self.infos: Mapping[str, CaseInfo] = {info.id: info for info in infos}
        self.ways = search(platform, Workload(platform.goos, platform.goarch, facts.interpreter, facts.libc))
        self.ways.look(1)
        subject = subject_of(platform, facts, here.goarch, here.kernel, replaceable)
        # What fails under an emulator ends as `unknown` with a suspicion and without one.
        self.subject: Subject = msgspec.structs.replace(subject, perturbed=False)
        self._here = here
        self._canaries = canaries
        self._libraries = libraries

    @property
    def offers(self) -> tuple[Offer, ...]:
        """Those that were looked for so far."""
        return self.ways.offers

    def canary(self, offer: int) -> CanaryResult:
        """What the canary shows under an offer."""
        return self._canaries(self.platform, self.offers[offer])

    def run(
        self,
        ids: Iterable[str],
        offer: int,
        perturbation: Perturbation | None = None,
        told: Told | None = None,
    ) -> ProbeRun:
        """Run some of the cases once."""
        chosen = self.offers[offer]
        infos = [self.infos[id_] for id_ in ids]
        return run_probe(
            chosen,
            self.probe,
            infos,
            without=lacks(chosen, self._here.goarch, self._no_self_exec(offer)),
            libraries=self._libraries,
            perturbation=perturbation,
            told=told,
        )

    def repeat(self, ids: Iterable[str], experiment: Experiment) -> dict[str, Observation]:
        """What attribution asked for, for some of the cases at once."""
        wanted = tuple(ids)
        seen = self.run(wanted, experiment.offer, experiment.perturbation)
        return {id_: observation(id_, seen.cases.get(id_), seen) for id_ in wanted}

    def _no_self_exec(self, offer: int) -> str:
        if self.canary(offer).self_exec:
            return ""
        told = [limit for limit in self.offers[offer].limits if "start themselves" in limit]
        return told[0] if told else "the canary could not start itself"


def observation(id_: str, outcome: CaseOutcome | None, run: ProbeRun) -> Observation:
    """A case's outcome in attribution's words. What was never reported is the runner's affair."""
    if outcome is None and run.trouble:
        signature = f"{id_}: {run.trouble.code} {run.trouble.text}"
        why = reason_of(run.trouble)
        return Observation(State.FAIL, why, Layer.MACHINE, signature, subject=run.trouble.code, output=run.output)
    if outcome is None:
        why = message("conformance.not-reported", ending=run.ending)
        return Observation(State.FAIL, why, Layer.RUNNER, signature=f"{id_}: {run.ending}", output=run.output)
    first = outcome.detail.partition("\n")[0]
    illegal = "illegal instruction" in outcome.ended or "SIGILL" in outcome.detail
    lost = outcome.ended == "vm-lost"
    return Observation(
        State.PASS if outcome.state is not State.FAIL else State.FAIL,
        reason_of(MachineTrouble("vm-lost", first)) if lost else _reason(id_, first),
        layer=Layer.MACHINE if lost else Layer.CPU if illegal else Layer.PROGRAM,
        subject="vm-lost" if lost else "",
        signature=f"{id_}: {first}",
        failed=(id_,) if outcome.state is State.FAIL else (),
        timed_out=outcome.ended == "time limit",
        output=outcome.detail,
        reproducer=run.reproducer,
        seconds=outcome.seconds,
    )


def _reason(id_: str, detail: str) -> Message:
    return message("conformance.does-not-hold", case=id_, detail=detail)

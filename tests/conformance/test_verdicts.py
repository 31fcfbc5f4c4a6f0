"""Who is to blame for a failed case, by what the other places show."""

from collections.abc import Callable, Iterable, Mapping

import pytest

from seatrial.conformance.part import Part, observation
from seatrial.conformance.verdicts import attribute
from seatrial.model.attribution import Experiment, Subject
from seatrial.model.conformance import CaseInfo, CaseOutcome
from seatrial.model.runner import Offer
from seatrial.model.states import Fidelity, State
from seatrial.model.trial import CanaryResult, Observation, Perturbation
from seatrial.platforms import load
from seatrial.runners import Ways
from seatrial.trials.conformance import ProbeRun

NATIVE = Offer("native", "Linux 6.18", Fidelity.HARDWARE)
QEMU_10 = Offer("qemu-user", "qemu-user 10.0.2", Fidelity.USER_EMULATION)
QEMU_7 = Offer("qemu-user", "qemu-user 7.2.22", Fidelity.USER_EMULATION)
OK, BAD = CaseOutcome(State.PASS), CaseOutcome(State.FAIL, "seen 1, want 2")

Answer = Callable[[str, int, Perturbation | None], CaseOutcome | None]


class FakePart(Part):
    """A part whose cases answer as the test says. It counts its runs."""

    def __init__(self, offers: tuple[Offer, ...], infos: Iterable[CaseInfo], answer: Answer) -> None:
        self.platform = load().platform("debian-12/arm64")
        self.infos: Mapping[str, CaseInfo] = {info.id: info for info in infos}
        self.ways = Ways(offers)
        self.ways.look(1)
        self.subject = Subject(goos="linux", goarch="arm64", host_arch="amd64", host_kernel="6.18", perturbed=False)
        self.answer = answer
        self.runs: list[tuple[int, Perturbation | None]] = []

    def canary(self, offer: int) -> CanaryResult:
        return CanaryResult(True, facts={"goos": "linux", "goarch": "arm64"})

    def run(
        self, ids: Iterable[str], offer: int, perturbation: Perturbation | None = None, told: object = None
    ) -> ProbeRun:
        self.runs.append((offer, perturbation))
        wanted = tuple(ids)
        found = {id_: self.answer(id_, offer, perturbation) for id_ in wanted}
        cases = {id_: outcome for id_, outcome in found.items() if outcome is not None}
        return ProbeRun(cases, tuple(id_ for id_ in wanted if id_ not in cases), ending="signal SIGKILL")

    def repeat(self, ids: Iterable[str], experiment: Experiment) -> dict[str, Observation]:
        seen = self.run(ids, experiment.offer, experiment.perturbation)
        return {id_: observation(id_, seen.cases.get(id_), seen) for id_ in (*seen.cases, *seen.missing)}


def info(id_: str = "files/a", needs: tuple[str, ...] = ()) -> CaseInfo:
    return CaseInfo(id_, "It holds.", "x(2)", "Much.", needs)


def verdicts(part: FakePart) -> dict[str, tuple[State, str]]:
    found = attribute(part, 0, part.run(part.infos, 0))
    return {id_: (one.verdict.state, one.verdict.reason.id) for id_, one in found.items()}


def test_what_holds_needs_no_verdict() -> None:
    part = FakePart((QEMU_10,), [info()], lambda *_: OK)
    assert verdicts(part) == {}
    assert len(part.runs) == 1


def test_a_failure_on_the_platform_itself() -> None:
    part = FakePart((NATIVE,), [info()], lambda *_: BAD)
    assert verdicts(part) == {"files/a": (State.FAIL, "conformance.does-not-hold")}


def test_a_mixture_on_the_platform_itself() -> None:
    outcomes = iter([BAD, OK, BAD, BAD])
    part = FakePart((NATIVE,), [info()], lambda *_: next(outcomes))
    assert verdicts(part) == {"files/a": (State.FLAKY, "run.flaky")}


def test_another_emulator_disagrees() -> None:
    part = FakePart((QEMU_10, QEMU_7), [info()], lambda _, offer, __: OK if offer else BAD)
    found = attribute(part, 0, part.run(part.infos, 0))["files/a"]
    assert found.verdict.state is State.EMULATOR
    assert [(one.place, one.state) for one in found.witnesses] == [("qemu-user 7.2.22, linux/arm64", State.PASS)]


@pytest.mark.parametrize(
    ("offers", "reason"),
    [((QEMU_10,), "conformance.fails-there"), ((QEMU_10, QEMU_7), "conformance.fails-there-too")],
)
def test_emulators_alone_never_speak_for_the_platform(offers: tuple[Offer, ...], reason: str) -> None:
    assert verdicts(FakePart(offers, [info()], lambda *_: BAD)) == {"files/a": (State.UNKNOWN, reason)}


def test_nothing_is_perturbed_where_a_suspicion_would_change_nothing() -> None:
    part = FakePart((QEMU_10, QEMU_7), [info()], lambda *_: BAD)
    verdicts(part)
    assert part.runs == [(0, None)] * 4 + [(1, None)] * 3


def test_a_mixture_under_an_emulator() -> None:
    outcomes = iter([BAD, OK, BAD, BAD])
    part = FakePart((QEMU_10,), [info()], lambda *_: next(outcomes))
    assert verdicts(part) == {"files/a": (State.UNKNOWN, "conformance.mixed-there")}


def test_what_the_probe_never_reported_is_the_runners_affair() -> None:
    part = FakePart((NATIVE,), [info(), info("files/b")], lambda id_, *_: OK if id_ == "files/a" else None)
    assert verdicts(part) == {"files/b": (State.ENVIRONMENT, "conformance.not-reported")}


def test_failures_are_tried_again_together() -> None:
    part = FakePart((NATIVE,), [info(f"files/{name}") for name in "abcdef"], lambda *_: BAD)
    assert len(verdicts(part)) == 6
    assert len(part.runs) == 4  # the first and three repeats, for all of them at once


def forbidden(_: str, __: int, perturbation: Perturbation | None) -> CaseOutcome:
    return OK if perturbation is Perturbation.ONE_CPU else BAD


def test_a_forbidden_outcome_that_pinning_takes_away_is_the_emulators() -> None:
    case = info("atomics/message-passing", ("weak-memory",))
    assert verdicts(FakePart((QEMU_10, QEMU_7), [case], forbidden)) == {
        case.id: (State.EMULATOR, "conformance.memory-order")
    }
    # One that stays is not explained by it, and one on the metal is the platform's.
    assert verdicts(FakePart((QEMU_10,), [case], lambda *_: BAD))[case.id][0] is State.UNKNOWN
    assert verdicts(FakePart((NATIVE,), [case], forbidden))[case.id][0] is State.FAIL

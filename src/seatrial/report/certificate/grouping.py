"""Cases by topic, and those together that are not decided for the same reason."""

import msgspec

from seatrial.model.conformance import CaseVerdict, Certificate
from seatrial.model.states import Group, State, group_of
from seatrial.report.words import Words

__all__ = ["Alike", "TopicCount", "alike", "seen", "topics", "why"]


class TopicCount(msgspec.Struct, frozen=True):
    """One topic with how its cases ended."""

    name: str
    cases: tuple[CaseVerdict, ...]

    @property
    def states(self) -> dict[State, int]:
        """How many ended in each state, worst first, no zeros."""
        return {state: count for state in State if (count := sum(case.state is state for case in self.cases))}


class Alike(msgspec.Struct, frozen=True):
    """Cases that ended in the same state for the same reason."""

    state: State
    reason: str
    cases: tuple[CaseVerdict, ...]


def topics(certificate: Certificate) -> tuple[TopicCount, ...]:
    """The topics in the certificate's own order."""
    found: dict[str, list[CaseVerdict]] = {}
    for case in certificate.cases:
        found.setdefault(case.topic, []).append(case)
    return tuple(TopicCount(name, tuple(cases)) for name, cases in found.items())


def why(case: CaseVerdict, words: Words) -> str:
    """Attribution's sentence, else the probe's own words."""
    return words.message(case.reason) or case.detail


def seen(case: CaseVerdict) -> str:
    """The probe's own words, to stand behind a label that says the same as some begin with."""
    return case.detail.removeprefix("seen: ")


def alike(certificate: Certificate, words: Words) -> tuple[Alike, ...]:
    """The cases that are not good, worst first. Failures stand alone, what could not be decided by its reason."""
    found: dict[tuple[State, str], list[CaseVerdict]] = {}
    for case in certificate.cases:
        group = group_of(case.state)
        if group is Group.GOOD:
            continue
        told = case.state in (State.FAIL, State.FLAKY) or bool(case.witnesses)
        found.setdefault((case.state, case.id if told else why(case, words)), []).append(case)
    rank = list(State)
    ordered = sorted(found.items(), key=lambda item: rank.index(item[0][0]))
    return tuple(Alike(state, why(cases[0], words), tuple(cases)) for (state, _), cases in ordered)

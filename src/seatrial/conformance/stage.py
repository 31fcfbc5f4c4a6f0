"""A certificate as the conformance stage of a cell."""

from collections import Counter
from collections.abc import Iterator

from seatrial.model.conformance import CaseVerdict, Certificate
from seatrial.model.finding import Evidence
from seatrial.model.report import Stage
from seatrial.model.states import Group, StageName, State, group_of, worst
from seatrial.tables.messages import message

__all__ = ["as_stage"]

_TOLD = (Group.BAD, Group.UNCHECKED)


def as_stage(certificate: Certificate) -> Stage:
    """The worst case decides. A case that the probe itself could not decide, saying what it takes, spoils nothing."""
    judged = [case for case in certificate.cases if not case.lacking]
    state = worst(case.state for case in judged)
    groups = Counter(group_of(case.state) for case in judged)
    counts = {
        "all": len(certificate.cases),
        "hold": groups[Group.GOOD],
        "lacking": len(certificate.cases) - len(judged),
        "neutral": groups[Group.NEUTRAL],
    }
    first = next((case for case in judged if case.state is state and group_of(state) in _TOLD), None)
    if first is None:
        reason = message("conformance.stage-holds", **counts)
    else:
        undecided = {"bad": groups[Group.BAD], "open": groups[Group.UNCHECKED]}
        reason = message("conformance.stage-told", **counts, **undecided, first=first.id)
    return Stage(
        StageName.CONFORMANCE,
        state,
        reason,
        runner=certificate.runner,
        fidelity=certificate.fidelity,
        substitutes=certificate.substitutes,
        same=certificate.same,
        rule=first.rule if first else "",
        evidence=tuple(_evidence(certificate)),
        seconds=certificate.seconds,
    )


def _evidence(certificate: Certificate) -> Iterator[Evidence]:
    """What does not hold, one by one; what could not be decided for one reason, together."""
    rank = list(State)
    told = sorted(
        (case for case in certificate.cases if group_of(case.state) in _TOLD), key=lambda case: rank.index(case.state)
    )
    alike: dict[tuple[State, str], list[str]] = {}
    for case in told:
        alike.setdefault((case.state, _words(case)), []).append(case.id)
    for (state, words), ids in alike.items():
        yield Evidence(state, words, ", ".join(ids))


def _words(case: CaseVerdict) -> str:
    said = case.detail.partition("\n")[0] or (case.reason.text if case.reason else "")
    return f"{case.contract} {said}" if group_of(case.state) is Group.BAD else said

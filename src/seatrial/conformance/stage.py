"""A certificate as the conformance stage of a cell."""

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
    judged = [case for case in certificate.cases if case.state is not State.UNKNOWN or case.reason]
    state = worst(case.state for case in judged)
    counts = {group: sum(group_of(case.state) is group for case in certificate.cases) for group in Group}
    first = next((case for case in judged if case.state is state and group_of(state) in _TOLD), None)
    if first is None:
        reason = message("conformance.stage-holds", hold=counts[Group.GOOD], all=len(certificate.cases))
    else:
        reason = message(
            "conformance.stage-told",
            hold=counts[Group.GOOD],
            all=len(certificate.cases),
            bad=counts[Group.BAD],
            open=counts[Group.UNCHECKED],
            first=first.id,
        )
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

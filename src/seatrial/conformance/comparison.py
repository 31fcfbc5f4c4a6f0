"""Two certificates side by side: two platforms, or one on two days."""

from collections.abc import Iterator
from typing import Any

from seatrial.model.conformance import CaseVerdict, Certificate, Change, Difference
from seatrial.model.states import Group, State, group_of

__all__ = ["compare"]

_GOODNESS = {Group.BAD: 0, Group.UNCHECKED: 1, Group.NEUTRAL: 2, Group.GOOD: 3}


def compare(before: Certificate, after: Certificate) -> Difference:
    """What changed from the first to the second."""
    changes = tuple(_changes(before, after))
    every = {case.id for case in before.cases} | {case.id for case in after.cases}
    return Difference(
        before=f"{before.title}, {before.started}",
        after=f"{after.title}, {after.started}",
        changes=changes,
        same=len(every) - len(changes),
        exit_code=_exit_code(changes),
    )


def _changes(before: Certificate, after: Certificate) -> Iterator[Change]:
    first, second = ({case.id: case for case in one.cases} for one in (before, after))
    for id_ in dict.fromkeys((*first, *second)):
        one, other = first.get(id_), second.get(id_)
        if one is None:
            assert other is not None  # the id is of one of the two
            yield Change(id_, "only-after", None, other.state, other.detail)
        elif other is None:
            yield Change(id_, "only-before", one.state, None, one.detail)
        else:
            values = _values(one, other)
            if one.state is not other.state or values:
                kind = _kind(one.state, other.state)
                told = one.detail if kind == "better" else other.detail
                yield Change(id_, kind, one.state, other.state, told, values)


def _kind(before: State, after: State) -> str:
    step = _GOODNESS[group_of(after)] - _GOODNESS[group_of(before)]
    return "worse" if step < 0 else "better" if step > 0 else "other"


def _values(one: CaseVerdict, other: CaseVerdict) -> dict[str, tuple[Any, Any]]:
    return {
        name: (one.values.get(name), other.values.get(name))
        for name in dict.fromkeys((*one.values, *other.values))
        if one.values.get(name) != other.values.get(name)
    }


def _exit_code(changes: tuple[Change, ...]) -> int:
    worse = [change for change in changes if change.kind == "worse" and change.after is not None]
    if any(change.after is not None and group_of(change.after) is Group.BAD for change in worse):
        return 1
    lost = (change.after is not None and group_of(change.after) is Group.UNCHECKED for change in worse)
    return 3 if any(lost) else 0

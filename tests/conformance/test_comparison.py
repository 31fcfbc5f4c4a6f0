"""Two certificates side by side."""

import pytest

from seatrial.conformance import compare
from seatrial.model.states import State
from support.certificates import certificate, verdict


def kinds(before: State, after: State) -> tuple[list[str], int]:
    difference = compare(certificate(verdict("files/a", before)), certificate(verdict("files/a", after)))
    return [change.kind for change in difference.changes], difference.exit_code


@pytest.mark.parametrize(
    ("before", "after", "kind", "code"),
    [
        (State.PASS, State.FAIL, ["worse"], 1),
        (State.UNKNOWN, State.FLAKY, ["worse"], 1),
        (State.NA, State.FAIL, ["worse"], 1),
        (State.PASS, State.UNKNOWN, ["worse"], 3),
        (State.PASS, State.NA, ["worse"], 0),
        (State.FAIL, State.PASS, ["better"], 0),
        (State.FAIL, State.FLAKY, ["other"], 0),
        (State.EMULATOR, State.UNKNOWN, ["other"], 0),
        (State.FAIL, State.FAIL, [], 0),
    ],
)
def test_a_change_of_state(before: State, after: State, kind: list[str], code: int) -> None:
    assert kinds(before, after) == (kind, code)


def test_cases_that_only_one_has_and_values_that_differ() -> None:
    before = certificate(verdict("files/a"), verdict("files/b", values={"n": 1, "same": [1]}))
    after = certificate(verdict("files/b", values={"n": 2, "same": [1], "new": "x"}), verdict("files/c"))
    difference = compare(before, after)
    assert [(change.id, change.kind) for change in difference.changes] == [
        ("files/a", "only-before"),
        ("files/b", "other"),
        ("files/c", "only-after"),
    ]
    assert difference.changes[1].values == {"n": (1, 2), "new": (None, "x")}
    assert difference.same == 0
    assert difference.exit_code == 0

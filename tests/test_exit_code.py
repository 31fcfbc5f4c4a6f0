"""The exit code of a report, for every state and option (design: verdicts.md, "Exit codes")."""

import pytest

from seatrial.model.report import Cell, PlatformSummary, Stage
from seatrial.model.states import StageName, State
from seatrial.tables.messages import message
from seatrial.verify import exit_code

PLATFORM = PlatformSummary("", "linux", "amd64", "glibc", "", "", "", "", "")


def cells(*states: State) -> tuple[Cell, ...]:
    stages = tuple(Stage(StageName.SMOKE, state, message("verify.blocked")) for state in states)
    return (Cell("a/b", "linux_amd64_v1", PLATFORM, stages),)


@pytest.mark.parametrize(
    ("states", "code", "allowed", "strict"),
    [
        ([State.PASS], 0, 0, 0),
        ([], 0, 0, 0),
        ([State.NA], 0, 0, 0),
        ([State.PASS, State.WARN], 0, 0, 1),
        ([State.PASS, State.FAIL], 1, 1, 1),
        ([State.FLAKY], 1, 1, 1),
        ([State.EMULATOR], 3, 0, 3),
        ([State.ENVIRONMENT], 3, 0, 3),
        ([State.UNKNOWN], 3, 0, 3),
        ([State.NOT_RUN], 3, 0, 3),
        ([State.NOT_RUN, State.FAIL], 1, 1, 1),
        ([State.NOT_RUN, State.WARN], 3, 0, 1),
    ],
)
def test_exit_code(states: list[State], code: int, allowed: int, strict: int) -> None:
    assert exit_code(cells(*states), "fail", allow_unchecked=False) == code
    assert exit_code(cells(*states), "fail", allow_unchecked=True) == allowed
    assert exit_code(cells(*states), "warn", allow_unchecked=False) == strict


def test_an_interrupted_run_is_never_good() -> None:
    assert exit_code(cells(State.PASS), "fail", allow_unchecked=True, complete=False) == 3

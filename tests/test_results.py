"""Results are taken up again exactly where their inputs are the same, and only lasting ones by other runs."""

from pathlib import Path

import pytest

from seatrial.errors import UsageError
from seatrial.model.report import Stage
from seatrial.model.states import StageName, State
from seatrial.results import Result, Results
from seatrial.store import Store
from seatrial.tables.messages import message

LASTING = {State.PASS, State.WARN, State.FAIL, State.FLAKY, State.EMULATOR, State.NA}


def result(state: State) -> Result:
    return Result(Stage(StageName.SMOKE, state, message("verify.blocked"), seconds=3.0))


@pytest.mark.parametrize("state", State)
def test_only_lasting_results_serve_another_run(tmp_path: Path, state: State) -> None:
    first = Results(Store(tmp_path), "a" * 64, resume=False)
    first.keep("t", "k" * 64, result(state))
    first.close()
    known = Results(Store(tmp_path), "b" * 64, resume=False).known("t", "k" * 64)
    assert (known is not None) == (state in LASTING)
    if known:
        assert known.stage.cached
        assert known.stage.seconds == 0.0


@pytest.mark.parametrize("state", State)
def test_a_resumed_run_keeps_all_that_the_interrupted_one_had(tmp_path: Path, state: State) -> None:
    first = Results(Store(tmp_path), "a" * 64, resume=False)
    first.keep("t", "k" * 64, result(state))
    first.close()
    resumed = Results(Store(tmp_path), "a" * 64, resume=True)
    assert resumed.resumed == 1
    known = resumed.known("t", "k" * 64)
    assert known is not None
    assert known.stage.state == state
    assert resumed.known("other", "j" * 64) is None


def test_a_new_run_of_the_same_request_starts_a_new_journal(tmp_path: Path) -> None:
    first = Results(Store(tmp_path), "a" * 64, resume=False)
    first.keep("t", "k" * 64, result(State.ENVIRONMENT))
    first.close()
    Results(Store(tmp_path), "a" * 64, resume=False)
    assert Results(Store(tmp_path), "a" * 64, resume=True).resumed == 0


def test_a_run_that_never_was_is_not_resumed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no interrupted run"):
        Results(Store(tmp_path), "a" * 64, resume=True)


def test_a_fresh_run_takes_nothing_from_others(tmp_path: Path) -> None:
    Results(Store(tmp_path), "a" * 64, resume=False).keep("t", "k" * 64, result(State.PASS))
    assert Results(Store(tmp_path), "b" * 64, resume=False, fresh=True).known("t", "k" * 64) is None

"""What the conformance stage of a cell says of a certificate."""

from seatrial.conformance import as_stage
from seatrial.model.states import Fidelity, State
from seatrial.tables.messages import message
from support.certificates import certificate, verdict, with_states


def test_the_worst_case_decides_and_is_named() -> None:
    stage = as_stage(with_states())
    assert stage.state is State.FAIL
    assert stage.fidelity is Fidelity.USER_EMULATION
    assert stage.reason.args["first"] == "syscalls/unknown-call"
    assert stage.rule == "attribution:remainder"
    assert [each.kind for each in stage.evidence][:2] == ["fail", "flaky"]


def test_what_the_probe_could_not_decide_spoils_nothing() -> None:
    needy = verdict("clocks/sleep-lateness", State.UNKNOWN, "needs real-time: it is an emulator")
    told = certificate(verdict("files/a"), needy)
    assert (as_stage(told).state, told.exit_code) == (State.PASS, 0)
    assert str(as_stage(told).reason) == "1 of 2 contracts held, 1 needed what is not there, 0 did not apply."
    why = message("conformance.fails-there", runner="qemu-user 10.0.2")
    undecided = verdict("files/b", State.UNKNOWN, "seen 1", reason=why)
    told = certificate(verdict("files/a"), undecided, needy)
    assert (as_stage(told).state, told.exit_code) == (State.UNKNOWN, 3)
    assert certificate(undecided, verdict("files/c", State.FLAKY)).exit_code == 1


def test_every_case_is_counted() -> None:
    counts = as_stage(with_states()).reason.args
    assert sum(int(counts[name]) for name in ("hold", "bad", "open", "lacking", "neutral")) == int(counts["all"]) == 32


def test_one_reason_is_told_once() -> None:
    why = message("build.no-zig")
    cases = [verdict(f"cgocalls/{name}", State.ENVIRONMENT, reason=why) for name in "abc"]
    stage = as_stage(certificate(*cases))
    assert [each.where for each in stage.evidence] == ["cgocalls/a, cgocalls/b, cgocalls/c"]

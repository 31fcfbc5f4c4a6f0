"""What an exported suite printed elsewhere becomes a certificate."""

import json

import pytest

from seatrial.conformance import read_lines
from seatrial.errors import UsageError
from seatrial.model.states import Fidelity, State
from seatrial.tables.conformance_cases import cases

FACTS = {"goos": "linux", "goarch": "loong64", "os": "Loongnix 25", "cpu": "3A6000", "system": "Linux", "kernel": "6.6"}
PLAN = ["clocks/resolution", "clocks/monotonic-on-one-thread", "nobody/knows-this"]


def lines(*, end: bool = True, results: int = 3) -> str:
    states = (("pass", ""), ("fail", "went back"), ("pass", ""))
    entries: list[dict[str, object]] = [{"plan": PLAN}, {"facts": FACTS}]
    for id_, (state, detail) in list(zip(PLAN, states, strict=True))[:results]:
        entries.append({"case": id_, "state": state, "detail": detail, "values": {}, "seconds": 0.5})
    if end:
        entries.append({"end": {"cases": 3}})
    return "noise\n" + "".join(json.dumps(entry) + "\n" for entry in entries)


def test_it_speaks_for_the_machine_that_printed_it() -> None:
    made = read_lines(lines(), "seatrial conformance import x")
    assert (made.title, made.port, made.runner) == ("Loongnix 25 on 3A6000", "linux/loong64", "Linux 6.6")
    assert made.fidelity is Fidelity.HARDWARE
    assert {case.id: case.state for case in made.cases} == {
        "clocks/resolution": State.PASS,
        "clocks/monotonic-on-one-thread": State.FAIL,
        "nobody/knows-this": State.PASS,
    }
    assert made.cases[0].contract == cases()["clocks/monotonic-on-one-thread"].contract
    assert made.states["fail"] == 1
    assert made.exit_code == 1
    assert made.complete
    assert made.chosen == ("clocks", "nobody")


def test_a_run_that_was_cut_short() -> None:
    made = read_lines(lines(end=False, results=1))
    assert [case.state for case in made.cases] == [State.ENVIRONMENT, State.PASS, State.ENVIRONMENT]
    assert not made.complete
    assert made.exit_code == 3


@pytest.mark.parametrize("text", ["", "hello\n", '{"plan":["a/b"]}\n', '{"facts":{"goos":"linux"}}\n', '{"plan":7}\n'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no output of an exported"):
        read_lines(text)

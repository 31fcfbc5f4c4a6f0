"""The whole conformance suite, under faults and without: nothing is red that should not be, run after run."""

from itertools import groupby
from pathlib import Path

import pytest

from support.conformance_faults import Fault, faults
from support.conformance_probes import cgo_probe, listed, pure_probe, run_probe, run_under

pytestmark = [pytest.mark.go, pytest.mark.zig]

_EACH_TIME = 2
"""Faults of each topic under which the suite is run by `make test`; `make sweep` takes the others."""
_RUNS = 20

_BY_TOPIC = [
    list(group)
    for _, group in groupby(
        (fault for fault in faults() if fault.port == "linux/amd64"), lambda fault: fault.name.partition("-")[0]
    )
]
_FAULTS = [
    *(pytest.param(fault, id=fault.name) for topic in _BY_TOPIC for fault in topic[:_EACH_TIME]),
    *(
        pytest.param(fault, id=fault.name, marks=pytest.mark.sweep)
        for topic in _BY_TOPIC
        for fault in topic[_EACH_TIME:]
    ),
]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", _FAULTS)
def test_a_fault_turns_only_its_own_topic_red_and_those_that_lean_on_it(fault: Fault, tmp_path: Path) -> None:
    """Who reads the certificate must not be sent to the wrong place."""
    make = next(make for make in (pure_probe, cgo_probe) if set(fault.catches) & set(listed(make().path)))
    _, lines, cases = run_under(fault, make(not fault.rule), tmp_path, seconds=850)
    assert "end" in lines[-1]
    red = {name for name, case in cases.items() if case["state"] == "fail"}
    assert red & set(fault.catches)
    expected = {name.partition("/")[0] for name in fault.catches} | set(fault.leans)
    assert {name: cases[name]["detail"] for name in red if name.partition("/")[0] not in expected} == {}


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_natively_each_run_gives_the_same_states() -> None:
    first: dict[str, str] = {}
    for _ in range(_RUNS):
        states: dict[str, str] = {}
        for probe in (pure_probe(), cgo_probe()):
            _, lines, cases = run_probe(probe.path, env=probe.env, seconds=180)
            assert "end" in lines[-1]
            assert {name: case["detail"] for name, case in cases.items() if case["state"] == "fail"} == {}
            states |= {name: case["state"] for name, case in cases.items()}
        first = first or states
        assert states == first

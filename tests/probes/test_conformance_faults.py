"""Each case of the conformance suite can fail: faults are planted, and the cases that should catch them do."""

from pathlib import Path

import pytest

from seatrial.tables.conformance_cases import TOPICS, cases, cases_of
from support.conformance_faults import Fault, faults
from support.conformance_probes import cgo_probe, listed, pure_probe, run_under

pytestmark = [pytest.mark.go, pytest.mark.zig]

_NATIVE = [fault for fault in faults() if fault.port == "linux/amd64"]


@pytest.mark.slow
@pytest.mark.parametrize("fault", _NATIVE, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(fault: Fault, tmp_path: Path) -> None:
    red: set[str] = set()
    seen: dict[str, str] = {}
    for make in (pure_probe, cgo_probe):
        probe = make(not fault.rule)
        if ids := sorted(set(fault.catches) & set(listed(probe.path))):
            _, _, cases = run_under(fault, probe, tmp_path, "--run", ",".join(ids))
            seen |= {name: f"{case['state']} ({case['detail']})" for name, case in cases.items()}
            red |= {
                name
                for name, case in cases.items()
                if case["state"] == "fail" and (fault.hangs or case.get("ended") != "time limit")
            }
    assert set(fault.catches) <= red, {name: seen.get(name, "in no probe") for name in set(fault.catches) - red}


@pytest.mark.parametrize("topic", TOPICS)
def test_every_case_of_every_port_is_caught_by_some_fault(topic: str) -> None:
    """A fault catches cases that its port has: elsewhere it is never run."""
    its = [fault for fault in faults() if fault.name.startswith(f"{topic}-")]
    for fault in its:
        assert set(fault.catches) <= {info.id for info in cases_of(*fault.port.split("/"))}, fault.name
    caught = {name for fault in faults() for name in fault.catches}
    assert {name for name in cases() if name.startswith(f"{topic}/")} - caught == set()
    assert len(its) >= 2

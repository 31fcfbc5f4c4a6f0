"""Each case of the conformance suite can fail: faults are planted, and the cases that should catch them do."""

from pathlib import Path

import msgspec
import pytest

from support.conformance_faults import SUITE, Fault, faults
from support.conformance_probes import cgo_probe, injector, listed, pure_probe, run_probe

pytestmark = [pytest.mark.go, pytest.mark.zig]

_WHOLE_RUNS = 2
"""Faults of each topic under which the whole suite is run."""
_NATIVE = [fault for fault in faults() if fault.port == "linux/amd64"]
_TOPICS = sorted(path.name for path in SUITE.glob("topics/*"))
_WHOLE = [
    fault for topic in _TOPICS for fault in [one for one in _NATIVE if one.name.startswith(f"{topic}-")][:_WHOLE_RUNS]
]


@pytest.mark.slow
@pytest.mark.parametrize("fault", _NATIVE, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(fault: Fault, tmp_path: Path) -> None:
    red: set[str] = set()
    seen: dict[str, str] = {}
    # Some faults need two threads to meet: what one run misses is given two more.
    for make in (pure_probe, cgo_probe) * 3:
        probe = make(not fault.rule)
        if ids := sorted(set(fault.catches).difference(red) & set(listed(probe.path))):
            env = _env(fault) | dict(probe.env)
            _, _, cases = run_probe(*_faulty(fault, probe.path, tmp_path), "--run", ",".join(ids), env=env)
            seen |= {name: f"{case['state']} ({case['detail']})" for name, case in cases.items()}
            red |= {
                name
                for name, case in cases.items()
                if case["state"] == "fail" and (fault.hangs or case.get("ended") != "time limit")
            }
    assert set(fault.catches) <= red, {name: seen.get(name, "in no probe") for name in set(fault.catches) - red}


@pytest.mark.sweep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", _WHOLE, ids=lambda fault: fault.name)
def test_a_fault_turns_only_its_own_topic_red_and_those_that_lean_on_it(fault: Fault, tmp_path: Path) -> None:
    """The whole probe under a fault: who reads the certificate must not be sent to the wrong place."""
    make = next(make for make in (pure_probe, cgo_probe) if set(fault.catches) & set(listed(make().path)))
    probe = make(not fault.rule)
    _, lines, cases = run_probe(*_faulty(fault, probe.path, tmp_path), env=_env(fault) | dict(probe.env), seconds=850)
    assert "end" in lines[-1]
    red = {name for name, case in cases.items() if case["state"] == "fail"}
    assert red & set(fault.catches)
    own = {name.partition("/")[0] for name in fault.catches}
    undeclared = sorted(name for name in red if name.partition("/")[0] not in own | set(fault.leans))
    if undeclared:
        # The injector slows everything down: what holds when it is asked again, alone, was red for want of time.
        command: list[str | Path] = [*_faulty(fault, probe.path, tmp_path), "--run", ",".join(undeclared)]
        _, _, again = run_probe(*command, env=_env(fault) | dict(probe.env), seconds=850)
        undeclared = [name for name in undeclared if again[name]["state"] == "fail"]
    assert {name: cases[name]["detail"] for name in undeclared} == {}


def _faulty(fault: Fault, probe: Path, folder: Path) -> list[Path]:
    if not fault.rule:
        return [probe]
    rules = folder / "rules.json"
    rules.write_bytes(msgspec.json.encode(fault.rule))
    return [injector(), rules, probe]


def _env(fault: Fault) -> dict[str, str]:
    return {"SEATRIAL_FAULT": "" if fault.rule else fault.name, "SEATRIAL_TIME_FACTOR": "1" if fault.hangs else "4"}


@pytest.mark.parametrize("topic", _TOPICS)
def test_every_case_is_caught_by_some_fault(topic: str) -> None:
    probes = (pure_probe(), cgo_probe())
    cases = {name for probe in probes for name in listed(probe.path) if name.startswith(f"{topic}/")}
    caught = {name for fault in faults() for name in fault.catches if name.startswith(f"{topic}/")}
    assert cases - caught == set()
    assert not cases or len([fault for fault in faults() if fault.name.startswith(f"{topic}-")]) >= 2

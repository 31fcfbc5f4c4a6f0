"""The suite in machines of their own: what needs a kernel of the platform's, and, by `make sweep`, all of it."""

import pytest

from seatrial.conformance import Request, conformance
from seatrial.model.conformance import Certificate
from seatrial.model.states import Fidelity, State
from seatrial.platforms import load
from seatrial.store import Store, default_root
from support.machines import machine_spec

pytestmark = [pytest.mark.go, pytest.mark.vm]


def certified(target: str, *cases: str) -> Certificate:
    machine_spec(load().platform(target).goarch)  # skips where there is no kernel
    request = Request(targets=(target,), cases=cases, runner="micro-vm")
    (certificate,) = conformance(request, Store(default_root()), lambda _: None)
    return certificate


def test_cgroups_and_tracing_are_decided_in_a_machine() -> None:
    """Under QEMU's user emulation, and on a host with other control groups, these are `unknown`."""
    asked = ("resources/cgroup-limit-*", "syscalls/sandbox-readable", "names/localhost-needs-no-server")
    made = certified("debian-12/amd64", *asked)
    assert {case.id: case.state for case in made.cases} == {
        "names/localhost-needs-no-server": State.PASS,
        "resources/cgroup-limit-kept": State.PASS,
        "resources/cgroup-limit-seen": State.PASS,
        "syscalls/sandbox-readable": State.PASS,
    }, made.cases
    assert (made.fidelity, made.exit_code) == (Fidelity.SYSTEM_EMULATION, 0)
    assert "cgroup" in made.same
    assert str(made.facts["machine: cgroup"]).startswith("v2: cpuset cpu") and "calibration" in made.facts


def test_a_case_that_the_machine_cannot_show_is_told() -> None:
    made = certified("debian-12/amd64", "clocks/sleep-lateness", "atomics/message-passing")
    assert {case.state for case in made.cases} == {State.UNKNOWN}
    assert "needs real-time" in made.cases[1].detail + made.cases[0].detail


@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    "target", ["kylin-v10-sp3/hygon-c86-3s", "kylin-v10-sp3/ft-2000-4", "debian-13/riscv64", "kylin-v11/3a6000"]
)
def test_the_whole_suite(target: str) -> None:
    """On an idle machine every case holds, is explained by the table of emulator faults, or says what it takes."""
    made = certified(target)
    assert len(made.cases) > 700
    undecided = [case.id for case in made.cases if case.state is State.UNKNOWN and case.reason]
    worse = [
        case.id for case in made.cases if case.state in (State.FAIL, State.FLAKY, State.ENVIRONMENT, State.NOT_RUN)
    ]
    assert (undecided, worse) == ([], [])

"""The suite for real where nothing is the platform itself: complete, attributed, and the same the second time."""

import pytest

from seatrial.conformance import Request, conformance
from seatrial.model.conformance import Certificate
from seatrial.model.states import Fidelity, State
from seatrial.store import Store, default_root
from seatrial.tables.conformance_cases import cases_of

pytestmark = [pytest.mark.go, pytest.mark.zig, pytest.mark.sweep, pytest.mark.timeout(1500)]

QEMU = ("debian-12/arm64", "openeuler-24.03/riscv64", "loongnix-25/loong64", "debian-12/ppc64le", "debian-12/s390x")


def certified(target: str, *topics: str) -> Certificate:
    (made,) = conformance(Request(targets=(target,), topics=topics), Store(default_root()), lambda _: None)
    return made


def check(made: Certificate, fidelity: Fidelity) -> None:
    goos, _, goarch = made.port.partition("/")
    assert {case.id for case in made.cases} == {info.id for info in cases_of(goos, goarch)}
    assert sum(made.states.values()) == len(made.cases)
    assert made.fidelity is fidelity
    for case in made.cases:
        assert case.state is State.PASS or case.detail or case.reason, case.id
        # An emulator's word alone is never a failure, or a mixture, of the platform's.
        assert case.state not in (State.FAIL, State.FLAKY), case.id
    assert made.states["pass"] > len(made.cases) / 2


@pytest.mark.qemu
@pytest.mark.parametrize("target", [*QEMU, "debian-12/arm"])
def test_under_qemu(target: str) -> None:
    check(certified(target), Fidelity.USER_EMULATION)


@pytest.mark.wine
def test_under_wine() -> None:
    check(certified("windows-10/amd64"), Fidelity.API)


@pytest.mark.qemu
def test_a_second_run_agrees() -> None:
    first, second = (certified("debian-12/s390x", "layout", "files", "clocks") for _ in range(2))
    assert {case.id: case.state for case in first.cases} == {case.id: case.state for case in second.cases}
    assert any(case.state is not State.PASS for case in first.cases)  # else nothing was attributed


@pytest.mark.qemu
def test_a_fault_that_is_known_is_told_as_the_emulators() -> None:
    made = certified("debian-12/s390x", "layout")
    by_rule = {case.id: case.rule for case in made.cases if case.state is State.EMULATOR}
    assert "attribution:known-fault" in by_rule.values()

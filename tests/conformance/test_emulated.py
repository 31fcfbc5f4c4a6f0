"""The suite under emulators: complete, every failure attributed to somebody, and a second run agrees.

Whole suites take minutes a port (`make sweep`). The parts in which emulators go wrong most are asked always.
"""

import pytest

from seatrial.conformance import Request, compare, conformance
from seatrial.model.conformance import Certificate
from seatrial.model.states import Fidelity, State
from seatrial.store import Store, default_root
from seatrial.tables.conformance_cases import cases, cases_of

pytestmark = pytest.mark.go

QEMU = (
    "debian-12/arm64",
    "openeuler-24.03/riscv64",
    "loongnix-25/loong64",
    "debian-12/ppc64le",
    "debian-12/s390x",
    "debian-12/arm",
    "debian-12/386",
)
NOBODY = (State.FAIL, State.FLAKY, State.ENVIRONMENT, State.NOT_RUN)
"""An emulator's word alone is no failure of the platform's, and here is every tool."""


def certified(target: str, *ids: str, runner: str = "") -> Certificate:
    request = Request(targets=(target,), cases=ids, runner=runner)
    (made,) = conformance(request, Store(default_root()), lambda _: None)
    return made


def attributed(made: Certificate, fidelity: Fidelity, *ids: str) -> None:
    goos, _, goarch = made.port.partition("/")
    assert {case.id for case in made.cases} == set(ids or (info.id for info in cases_of(goos, goarch)))
    assert made.fidelity is fidelity
    for case in made.cases:
        told = f"{case.id}: {case.state} by {case.rule}: {case.reason or ''} {case.detail}"
        assert case.state not in NOBODY, told
        assert case.state is State.PASS or case.detail or case.reason, told
        # The table explains what QEMU and wine do wrong; what it does not explain would be proposed as a row.
        assert case.state is not State.UNKNOWN or not case.reason, told
        if case.rule == "attribution:perturb":
            assert "weak-memory" in cases()[case.id].needs, told
    assert made.states["pass"] > len(made.cases) / 2


def without_c(goos: str, goarch: str, *topics: str) -> tuple[str, ...]:
    """The cases of these topics that need no C compiler: their probe is built in no time."""
    return tuple(info.id for info in cases_of(goos, goarch) if info.topic in topics and not info.cgo)


def told_as_its_own(made: Certificate, faults: set[str]) -> None:
    found = {case.id: case.rule for case in made.cases if case.state is State.EMULATOR}
    assert faults <= found.keys()
    assert set(found.values()) == {"attribution:known-fault"}


def agree(first: Certificate, second: Certificate) -> None:
    """Case by case. Only whether an emulator shows an order that is forbidden is chance: it may, and is not asked."""
    changed = [change for change in compare(first, second).changes if change.before is not change.after]
    chance = [change for change in changed if "weak-memory" in cases()[change.id].needs and change.kind == "other"]
    assert [change for change in changed if change not in chance] == []


@pytest.mark.sweep
@pytest.mark.zig
@pytest.mark.qemu
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("target", QEMU)
def test_the_whole_suite_under_qemu(target: str) -> None:
    first, second = (certified(target, runner="qemu-user") for _ in range(2))
    for made in (first, second):
        attributed(made, Fidelity.USER_EMULATION)
        assert made.states["emulator"] > 0
    agree(first, second)


@pytest.mark.sweep
@pytest.mark.zig
@pytest.mark.wine
@pytest.mark.timeout(3000)
def test_the_whole_suite_under_wine() -> None:
    first, second = (certified("windows-10/amd64") for _ in range(2))
    for made in (first, second):
        attributed(made, Fidelity.API)
        assert made.states["emulator"] > 0
    agree(first, second)


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("target", "topics", "faults"),
    [
        (
            "debian-12/arm64",
            ("syscalls", "signals", "layout"),
            {
                "syscalls/bad-pointer",
                "signals/fault-beyond-end-of-file",
                "signals/fault-call-of-nothing",
                "signals/fault-illegal-instruction",
                "layout/ip-mreqn",
                "layout/tcp-info",
            },
        ),
        (
            "debian-12/s390x",
            ("layout", "files", "clocks"),
            {"layout/stat", "layout/sockaddr-in6", "files/times-nanoseconds"},
        ),
        ("debian-12/386", ("syscalls", "memory"), {"syscalls/directory-entries", "memory/holes-refused"}),
    ],
)
def test_what_qemu_does_wrong_is_told_as_its_own(target: str, topics: tuple[str, ...], faults: set[str]) -> None:
    ids = without_c("linux", target.partition("/")[2], *topics)
    made = certified(target, *ids, runner="qemu-user")
    attributed(made, Fidelity.USER_EMULATION, *ids)
    told_as_its_own(made, faults)


@pytest.mark.slow
@pytest.mark.wine
@pytest.mark.timeout(900)
def test_what_wine_does_wrong_is_told_as_its_own() -> None:
    ids = without_c("windows", "amd64", "files", "network")
    made = certified("windows-10/amd64", *ids)
    attributed(made, Fidelity.API, *ids)
    told_as_its_own(made, {"files/windows-locked-range-unreadable", "network/tcp-reset", "network/udp-datagrams"})

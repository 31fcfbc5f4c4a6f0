"""Attribution with real emulators: whose fault it is when a Go program fails under QEMU's user emulation."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.formats import read_binary
from seatrial.model.attribution import Subject
from seatrial.model.finding import Evidence
from seatrial.model.report import Stage
from seatrial.model.runner import Offer
from seatrial.model.states import Fidelity, StageName, State
from seatrial.packages import Packages
from seatrial.runners import Ways
from seatrial.runners.emulators import Emulator, emulators
from seatrial.running import run_stage
from seatrial.store import Store, default_root
from seatrial.tables.architectures import architectures
from seatrial.toolchains.compile import REPRODUCIBLE_FLAGS
from seatrial.toolchains.go import find_go
from seatrial.trials.canary import CANARY_SOURCE, run_canary
from seatrial.trials.smoke import smoke

pytestmark = [pytest.mark.go, pytest.mark.qemu, pytest.mark.qemu7, pytest.mark.slow]

NATIVE = Offer("native", "Linux", Fidelity.HOST)

HELLO = 'package main\nfunc main() { println("hello") }\n'
IMITATION = """package main
import ("fmt"; "os")
func main() { fmt.Fprintln(os.Stderr, "fatal: bad g in signal handler"); os.Exit(2) }
"""
OWN_FAULT = """package main
import "runtime"
func main() { var p *int; if runtime.GOARCH == "arm64" { *p = 1 } }
"""
INTERFACES = 'package main\nimport "net"\nfunc main() { if _, err := net.Interfaces(); err != nil { panic(err) } }\n'

Build = Callable[[Path | str, str], Path]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    try:
        go = find_go()
    except CouldNotCheck as error:
        pytest.skip(f"the Go toolchain was missing: {error}")
    built: dict[tuple[str, str], Path] = {}

    def make(source: Path | str, goarch: str) -> Path:
        key = (str(source), goarch)
        if key not in built:
            folder = tmp_path_factory.mktemp("go")
            if isinstance(source, str):
                (folder / "go.mod").write_text("module app\n\ngo 1.21\n")
                (folder / "main.go").write_text(source)
                source = folder
            env = {"GOOS": "linux", "GOARCH": goarch, "CGO_ENABLED": "0", "GOWORK": "off"}
            done = go.run(("build", *REPRODUCIBLE_FLAGS, "-o", str(folder / "app"), "."), env, 300.0, source)
            assert done.ok, done.stderr
            built[key] = folder / "app"
        return built[key]

    return make


def offer_of(goarch: str, index: int) -> Offer:
    store = Store(default_root())
    found = list(emulators(store, Packages(store, lambda _text: None), architectures()[goarch]))[index]
    if not isinstance(found, Emulator):
        pytest.skip(f"QEMU for {goarch} was missing: {found}")
    return Offer("qemu-user", found.name, Fidelity.USER_EMULATION, prefix=(found.path,), time_factor=4.0)


def qemu10(goarch: str) -> Offer:
    return offer_of(goarch, 0)


def qemu7(goarch: str) -> Offer:
    return offer_of(goarch, 1)


def tried(build: Build, source: str, goarch: str, *offers: Offer) -> Stage:
    app, canary = build(source, goarch), build(CANARY_SOURCE, goarch)
    facts = read_binary(app)
    subject = Subject(goos="linux", goarch=goarch, go_version="go1.27.3", host_arch="amd64", host_kernel="6.18")
    return run_stage(
        StageName.SMOKE,
        Ways(offers),
        lambda offer, perturbation: smoke(offer, app, facts, None, perturbation),
        lambda offer: run_canary(offer, canary),
        subject,
    )


def kinds(stage: Stage) -> set[str]:
    return {line.kind for line in stage.evidence}


def test_386_hello_under_qemu_7_is_the_emulators_fault_by_the_canary(build: Build) -> None:
    stage = tried(build, HELLO, "386", qemu7("386"))
    assert (stage.state, stage.rule) == (State.EMULATOR, "attribution:canary"), stage
    assert "trial" not in kinds(stage)


def test_386_hello_runs_natively_and_under_qemu_10(build: Build) -> None:
    assert tried(build, HELLO, "386", NATIVE).state == State.PASS
    stage = tried(build, HELLO, "386", qemu7("386"), qemu10("386"))
    assert (stage.state, stage.runner) == (State.PASS, qemu10("386").implementation)
    assert any(line.kind == "canary" and line.value.startswith("failed") for line in stage.evidence)


@pytest.mark.parametrize("offers", ["native", "qemu"])
def test_a_386_program_that_prints_the_words_of_a_broken_emulator_fails(build: Build, offers: str) -> None:
    chosen = (NATIVE,) if offers == "native" else (qemu10("386"), qemu7("386"))
    stage = tried(build, IMITATION, "386", *chosen)
    assert (stage.state, stage.rule) == (State.FAIL, "attribution:remainder"), stage


def test_a_crash_by_its_own_fault_on_arm64_alone_fails(build: Build) -> None:
    stage = tried(build, OWN_FAULT, "arm64", qemu10("arm64"), qemu7("arm64"))
    assert (stage.state, stage.rule) == (State.FAIL, "attribution:escalate"), stage
    assert Evidence("trial", "0 of 3 passed: the same", qemu7("arm64").implementation) in stage.evidence
    stage = tried(build, OWN_FAULT, "arm64", qemu10("arm64"))
    assert (stage.state, stage.rule) == (State.FAIL, "attribution:remainder"), stage
    assert tried(build, OWN_FAULT, "amd64", NATIVE).state == State.PASS


def test_a_known_fault_of_this_release_is_the_emulators(build: Build) -> None:
    stage = tried(build, INTERFACES, "s390x", qemu10("s390x"))
    assert (stage.state, stage.rule) == (State.EMULATOR, "attribution:known-fault"), stage
    assert "qemu-user-big-endian-netlink" in stage.reason.text


@pytest.mark.parametrize(
    "goarch",
    ["arm64", "arm", "loong64", "riscv64", "ppc64le", "ppc64", "s390x", "mips", "mipsle", "mips64", "mips64le"],
)
def test_the_canary_passes_under_both_releases(build: Build, goarch: str) -> None:
    canary = build(CANARY_SOURCE, goarch)
    for offer in (qemu10(goarch), qemu7(goarch)):
        seen = run_canary(offer, canary)
        assert seen.passed, (offer.implementation, seen)
        assert seen.facts["goarch"] == goarch

"""Instruction coverage: executed, only translated, never reached; of programs that really ran under QEMU."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts
from seatrial.model.coverage import Coverage
from seatrial.model.project import SmokeSpec
from seatrial.model.runner import Offer
from seatrial.model.states import Fidelity, StageName, State
from seatrial.model.trial import Observation
from seatrial.report.html import render
from seatrial.report.terminal import final
from seatrial.store import Store, default_root
from seatrial.toolchains import GoToolchain
from seatrial.toolchains.reader import deep_reader
from seatrial.trials.coverage import covered, merge
from seatrial.trials.smoke import smoke
from support.emulators import qemu
from support.verification import own_store
from support.verification import run as verified

pytestmark = [pytest.mark.go, pytest.mark.qemu]

Build = Callable[..., Path]
Facts = Callable[..., BinaryFacts]

_MAIN = """package main

import (
	"fmt"
	"os"
	"os/exec"
)

func behindFault(p *int)
func executed(p *int)
func never(p *int)

func main() {
	if len(os.Args) > 9 {
		never(nil)
	}
	executed(new(int))
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		behindFault(nil)
	}()
	if os.Getenv("CHILD") == "" {
		child := exec.Command(os.Args[0])
		child.Env = []string{"CHILD=1"}
		out, err := child.CombinedOutput()
		fmt.Printf("child: %s%v\\n", out, err)
	}
}
"""
# In each the vector instruction stands in the same block as a load that may fault.
_ASSEMBLY = {
    "amd64": "MOVQ p+0(FP), AX\n\tMOVQ (AX), BX\n\tVPADDD Y0, Y1, Y2\n\tVZEROUPPER\n\tRET\n",
    "arm64": "MOVD p+0(FP), R0\n\tMOVD (R0), R1\n\tAESE V0.B16, V1.B16\n\tRET\n",
}
_FEATURE = {"amd64": "avx2", "arm64": "aes"}
_SPEC = SmokeSpec(exit_code=0, within=30)
_FUNCTIONS = ("behindFault", "executed", "never")


@pytest.fixture(scope="session")
def program(go: GoToolchain, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    def build(goarch: str, *flags: str) -> Path:
        folder = tmp_path_factory.mktemp(f"covered-{goarch}")
        (folder / "go.mod").write_text("module example.org/covered\n\ngo 1.25\n")
        (folder / "main.go").write_text(_MAIN)
        text = "".join(f"TEXT ·{name}(SB), $0-8\n\t{_ASSEMBLY[goarch]}\n" for name in _FUNCTIONS)
        (folder / f"vector_{goarch}.s").write_text(text)
        settings = {"GOOS": "linux", "GOARCH": goarch, "CGO_ENABLED": "0"}
        outcome = go.run(("build", *flags, "-o", "app", "."), settings, 300.0, folder)
        assert outcome.ok, outcome.stderr
        return folder / "app"

    return build


def offer_of(goarch: str) -> Offer:
    found = qemu(goarch)
    return Offer("qemu-user", found.name, Fidelity.USER_EMULATION, (found.path, "-cpu", "max"), time_factor=8.0)


def functions(coverage: Coverage, feature: str) -> dict[str, tuple[int, int]]:
    (extension,) = (one for one in coverage.extensions if one.feature == feature)
    return {one.name: (one.executed, one.translated) for one in extension.functions if one.package == "main"}


def watch(goarch: str, path: Path, facts: Facts) -> tuple[Observation | None, Coverage]:
    seen, coverage = covered(
        offer_of(goarch), deep_reader(Store(default_root())), lambda offer: smoke(offer, path, facts(), _SPEC)
    )
    assert isinstance(coverage, Coverage), coverage
    return seen, coverage


@pytest.mark.parametrize("goarch", ["amd64", "arm64"])
def test_behind_a_fault_is_translated_not_executed(goarch: str, program: Callable[..., Path], facts: Facts) -> None:
    seen, coverage = watch(goarch, program(goarch), facts)
    assert seen is not None and seen.state is State.PASS
    assert "recovered: runtime error: invalid memory address" in seen.output
    assert goarch != "amd64" or "child: recovered" in seen.output  # an emulator alone cannot start foreign programs
    found = functions(coverage, _FEATURE[goarch])
    assert found["main.executed"] == (1, 0)
    assert found["main.behindFault"] == (0, 1)
    assert "main.never" not in found
    assert (coverage.odd, coverage.undecoded, coverage.programs) == (0, 0, 1)
    (vector,) = (row for row in coverage.classes if row.feature == _FEATURE[goarch] and row.executed)
    assert vector.present > vector.executed + vector.translated


@pytest.mark.parametrize("flags", [("-ldflags=-s -w",), ("-buildmode=pie",)], ids=["stripped", "moved when loaded"])
def test_stripped_and_position_independent_programs_are_told_as_well(
    flags: tuple[str, ...], program: Callable[..., Path], facts: Facts
) -> None:
    if "pie" in flags[0]:
        flags += ("-ldflags=-linkmode=internal",)
    _, coverage = watch("amd64", program("amd64", *flags), facts)
    found = functions(coverage, "avx2")
    assert (found["main.executed"], found["main.behindFault"]) == ((1, 0), (0, 1))


def test_what_cannot_be_watched_is_told(facts: Facts, script: Callable[[str], Path]) -> None:
    reader = deep_reader(Store(default_root()))
    native = Offer("native", "native", Fidelity.HARDWARE)
    assert covered(native, reader, lambda offer: smoke(offer, Path("app"), facts()))[1] == Unknown(
        "native has no log of what it executes"
    )
    assert covered(offer_of("amd64"), Unknown("no Go"), lambda _: pytest.fail("run for nothing"))[1] == Unknown("no Go")
    seen, coverage = covered(offer_of("amd64"), reader, lambda offer: smoke(offer, script("echo hi"), facts()))
    assert isinstance(coverage, Unknown) and "neither ELF" in coverage.unknown
    assert seen is not None


def test_the_sum_of_two_programs(program: Callable[..., Path], facts: Facts) -> None:
    _, coverage = watch("amd64", program("amd64"), facts)
    both = merge([coverage, coverage])
    assert both.extensions == tuple(
        msgspec.structs.replace(one, functions=tuple(sorted(one.functions, key=lambda f: (f.package, f.name))))
        for one in coverage.extensions
    )
    assert (both.programs, both.traces) == (2, 2 * coverage.traces)
    assert sum(row.present for row in both.classes) == 2 * sum(row.present for row in coverage.classes)


def test_verify_shows_what_was_executed(program: Callable[..., Path], tmp_path: Path) -> None:
    path = program("amd64")
    (path.parent / "seatrial.toml").write_text("[smoke]\nexit_code = 0\nwithin = 30\n")
    store = own_store(tmp_path / "cache")
    report = verified(store, path, "kylin-v10-sp3/hygon-7285", stages=("smoke",), coverage=True)
    (stage,) = report.cells[0].stages
    assert (stage.state, stage.runner.partition(" ")[0]) == (State.PASS, "qemu-user")
    assert stage.coverage is not None
    assert functions(stage.coverage, "avx2")["main.executed"] == (1, 0)
    assert not any(one.feature in ("", "sse2", "cmov") for one in stage.coverage.extensions)
    text, page = StringIO(), render(report).decode()
    final(report, Console(file=text, width=120))
    for shown in (text.getvalue(), page):
        assert "avx2" in shown and "main.executed" in shown
    # An unwatched run is another request, and the watched one is remembered.
    again = verified(store, path, "kylin-v10-sp3/hygon-7285", stages=("smoke",), coverage=True)
    assert again.cells[0].stages[0].cached and again.cells[0].stages[0].coverage == stage.coverage
    plain = verified(store, path, "kylin-v10-sp3/hygon-7285", stages=("smoke",))
    assert plain.cells[0].stages[0].coverage is None


def test_a_finding_tells_what_was_executed(program: Callable[..., Path], tmp_path: Path) -> None:
    """The function is never guarded: kx-6000 traps in it, a CPU that has the feature executes it."""
    path = program("amd64")
    (path.parent / "seatrial.toml").write_text("[smoke]\nexit_code = 0\nwithin = 30\n")
    targets = ("kylin-v10-sp3/hygon-7285", "kylin-v10-sp3/kx-6000")
    report = verified(own_store(tmp_path / "cache"), path, *targets, stages=("static", "smoke"), coverage=True)
    (finding,) = (one for one in report.findings if one.rule == "ST-ISA-002")
    assert finding.target == targets[1]
    told = {(one.kind, one.value, one.where) for one in finding.evidence}
    assert ("executed", "AVX2 in main.executed: 1 instructions executed", targets[0]) in told
    assert not any(
        "main.never" in value or "main.behindFault:" in value for kind, value, _ in told if kind == "executed"
    )
    trapped = report.cells[1].stage(StageName.SMOKE)
    assert trapped is not None and trapped.state is State.FAIL

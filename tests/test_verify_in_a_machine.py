"""`verify` in virtual machines: real kernels and CPU models, one boot for all of a platform, and lost machines."""

import json
import shlex
from pathlib import Path

import pytest

from seatrial.host import host
from seatrial.model.events import Event, Note
from seatrial.model.finding import Evidence
from seatrial.model.report import Report, Stage
from seatrial.model.states import Fidelity, StageName, State
from seatrial.store import Store, default_root
from support.verification import run, states

pytestmark = [pytest.mark.go, pytest.mark.vm, pytest.mark.slow]

HYGON = "kylin-v10-sp3/hygon-c86-3s"

_SERVER = """package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
)

func main() {
	listen := flag.String("listen", "", "")
	flag.Parse()
	http.HandleFunc("/where", func(w http.ResponseWriter, _ *http.Request) {
		version, _ := os.ReadFile("/proc/version")
		fmt.Fprintf(w, "%s", version)
	})
	fmt.Fprintln(os.Stderr, "listening")
	fmt.Fprintln(os.Stderr, http.ListenAndServe(*listen, nil))
	os.Exit(1)
}
"""
_TEST = """package {name}

import (
	"os"
	"strings"
	"testing"
)

func TestItsData(t *testing.T) {{
	data, err := os.ReadFile("{file}")
	if err != nil || string(data) != "carried" {{
		t.Fatal(string(data), err)
	}}
}}

func TestItIsTheMachinesOwnKernel(t *testing.T) {{
	version, _ := os.ReadFile("/proc/version")
	if !strings.Contains(string(version), "Debian") {{
		t.Fatal(string(version))
	}}
}}
"""
_MULTIPLY = """package main

import "fmt"

func multiply(a, b uint64) uint64

func main() { fmt.Println(multiply(3, 5)) }
"""
_CRASH = """package a

import (
	"os"
	"testing"
)

func TestIt(t *testing.T) {
	os.WriteFile("/proc/sys/kernel/sysrq", []byte("1"), 0)
	os.WriteFile("/proc/sysrq-trigger", []byte("c"), 0)
}
"""
_QUIET = 'package b\n\nimport "testing"\n\nfunc TestIt(t *testing.T) {}\n'
_TRACED = """package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

func main() {
	runtime.LockOSThread()
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PTRACE, 0, 0, 0); errno != 0 {
		fmt.Fprintln(os.Stderr, "no ptrace:", errno)
		os.Exit(1)
	}
}
"""
_CARRYLESS = """#include "textflag.h"

TEXT ·multiply(SB), NOSPLIT, $0-24
	MOVQ      a+0(FP), X0
	MOVQ      b+8(FP), X1
	PCLMULQDQ $0, X1, X0
	MOVQ      X0, ret+16(FP)
	RET
"""
_AVX2 = """#include "textflag.h"

TEXT ·multiply(SB), NOSPLIT, $0-24
	VPADDD     Y0, Y0, Y0
	VZEROUPPER
	RET
"""


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(default_root())


def module(place: Path, main: str, **files: str) -> Path:
    place.mkdir(exist_ok=True)
    (place / "go.mod").write_text("module example.test/app\n\ngo 1.27\n")
    (place / "main.go").write_text(main)
    for name, text in files.items():
        (place / name.replace("__", ".")).write_text(text)
    return place


def in_machine(store: Store, program: Path, *targets: str, events: list[Event] | None = None, **more: object) -> Report:
    return run(store, program, *targets, events=events, runner="micro-vm", fresh=True, jobs=1, **more)


def stage_of(report: Report, name: StageName, target: str = "") -> Stage:
    return next(
        stage for cell in report.cells if target in ("", cell.target) for stage in cell.stages if stage.stage is name
    )


def values(stage: Stage, kind: str, where: str = "") -> list[str]:
    return [one.value for one in stage.evidence if one.kind == kind and where in ("", one.where)]


def test_a_server_and_its_tests_in_one_boot(store: Store, tmp_path: Path) -> None:
    app = module(tmp_path / "app", _SERVER)
    (app / "seatrial.toml").write_text(
        '[smoke]\nargs = ["-listen", "127.0.0.1:{port}"]\nhttp = "http://127.0.0.1:{port}/where"\n'
        'body = "^Linux version 5.10.*Debian"\nstderr = "listening"\n'
    )
    for name, file in (("near", "testdata/word"), ("far", "../near/testdata/word")):
        (app / name).mkdir()
        (app / name / f"{name}_test.go").write_text(_TEST.format(name=name, file=file))
    (app / "near/testdata").mkdir()
    (app / "near/testdata/word").write_text("carried")
    events: list[Event] = []
    report = in_machine(store, app, HYGON, events=events)
    assert set(states(report).values()) <= {"pass", "warn"}, report
    smoke, tests = stage_of(report, StageName.SMOKE), stage_of(report, StageName.TESTS)
    assert smoke.reason.id == "run.held-and-stopped"
    assert (smoke.fidelity, smoke.runner.split()[0]) == (Fidelity.SYSTEM_EMULATION, "micro-vm")
    assert {one.fact for one in smoke.substitutes} == {"cpu", "kernel"} and "cgroup" in smoke.same
    assert any("4 passed" in text for text in (tests.reason.text,))
    # One boot: both stages tell of the same machine, down to the time that it took.
    assert values(smoke, "machine", "emulator") == values(tests, "machine", "emulator") != []
    assert values(smoke, "machine", "cgroup")[0].startswith("v1: cpuset")
    assert "calibration" in {one.kind for one in smoke.evidence}
    words = shlex.split(smoke.reproducer)
    assert words[words.index("seatrial") :][:6] == ["seatrial", "vm", "run", "-t", HYGON, "--"]
    assert f"--carry {app} --" in tests.reproducer and "SEATRIAL_CARRY" not in tests.reproducer
    assert not [event for event in events if isinstance(event, Note) and "no use" in event.text]


def test_a_level_that_a_cpu_does_not_have(store: Store, tmp_path: Path) -> None:
    app = module(tmp_path / "app", 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n')
    old = "uos-desktop-20/kx-6000"
    report = in_machine(store, app, HYGON, old, build={"variants": {"amd64": "v3"}}, stages=("smoke",))
    assert stage_of(report, StageName.SMOKE, HYGON).state is State.PASS
    stage = stage_of(report, StageName.SMOKE, old)
    assert (stage.state, stage.fidelity) == (State.FAIL, Fidelity.SYSTEM_EMULATION)
    assert "can only be run on AMD64 processors with v3" in stage.output


def test_an_instruction_that_nobody_asked_cpuid_about(store: Store, tmp_path: Path) -> None:
    """It traps where the CPU has it not; and the report says why KVM could not have shown it."""
    app = module(tmp_path / "app", _MULTIPLY, multiply_amd64__s=_CARRYLESS)
    report = in_machine(store, app, HYGON, "kylin-v10-sp3/hygon-dhyana-vm", stages=("smoke",))
    runs, traps = (stage_of(report, StageName.SMOKE, name) for name in (HYGON, "kylin-v10-sp3/hygon-dhyana-vm"))
    assert (runs.state, runs.output) == (State.PASS, "15\n")
    assert traps.state is State.FAIL
    assert "SIGILL: illegal instruction" in traps.output and "main.multiply" in traps.output
    if host().goarch == "amd64" and "pclmulqdq" in host().cpu_features:
        (why,) = values(traps, "accelerator")
        assert "KVM could not show a use of" in why and " pclmulqdq" in why
        assert not [text for text in values(runs, "accelerator") if " pclmulqdq" in text]


def test_what_only_a_kernel_executes_explains_no_illegal_instruction(store: Store, tmp_path: Path) -> None:
    """QEMU cannot give KX-6000's invpcid; what traps is AVX2, which neither the chip nor its model has."""
    app = module(tmp_path / "app", _MULTIPLY, multiply_amd64__s=_AVX2)
    report = in_machine(store, app, "kylin-desktop-v10/kx-6000", stages=("static", "smoke"))
    smoke = stage_of(report, StageName.SMOKE)
    assert "invpcid" in values(smoke, "CPU features lacking")[0]
    assert (smoke.state, smoke.rule) == (State.FAIL, "attribution:remainder")
    (finding,) = (one for one in report.findings if one.rule == "ST-ISA-002")
    (trap,) = (one for one in finding.evidence if one.kind == "reached and trapped")
    place = next(one.where for one in finding.evidence if one.kind == "avx2")
    assert (trap.value, trap.where) == (f"illegal instruction (SIGILL), {place}", "kylin-desktop-v10/kx-6000, smoke")


def test_a_lost_machine_is_the_environments_and_the_rest_goes_on(store: Store, tmp_path: Path) -> None:
    app = module(tmp_path / "app", "package main\n\nfunc main() {}\n")
    for name, text in (("a", _CRASH), ("b", _QUIET)):
        (app / name).mkdir()
        (app / name / f"{name}_test.go").write_text(text)
    report = in_machine(store, app, HYGON)
    tests = stage_of(report, StageName.TESTS)
    assert (tests.state, tests.reason_code) == (State.ENVIRONMENT, "vm-lost")
    assert "stage running: Kernel panic - not syncing: sysrq triggered crash" in tests.reason.text
    assert Evidence("tests", "1 passed, 0 failed, 0 skipped", "example.test/app/b") in tests.evidence
    assert any("Kernel panic" in text for text in values(tests, "guest's console"))
    assert "seatrial-" not in tests.output
    assert stage_of(report, StageName.SMOKE).state is State.PASS
    assert report.exit_code == 3


def test_what_is_not_decided_under_qemu_user_is_asked_in_a_machine(store: Store, tmp_path: Path) -> None:
    """QEMU's user emulation knows no ptrace; its older release has not this CPU. A kernel of its own decides."""
    app = module(tmp_path / "app", _TRACED)
    (app / "seatrial.toml").write_text("[smoke]\nexit_code = 0\n")
    (tmp_path / "own/cpu").mkdir(parents=True)
    (tmp_path / "own/cpu/newer.toml").write_text(
        'title = "A newer CPU"\ngoarch = "arm64"\n'
        '[features]\nvalue = ["fp", "asimd"]\nsource = "a test"\ncertainty = "assumed"\n'
        '[variant]\nvalue = "v8.0"\nsource = "a test"\ncertainty = "assumed"\n'
        '[qemu]\nmodel = "neoverse-n2"\nsource = "a test"\ncertainty = "assumed"\nsince = "8.1"\n'
    )
    report = run(
        store, app, "debian-12/newer", platforms=(str(tmp_path / "own"),), stages=("smoke",), fresh=True, jobs=1
    )
    stage = stage_of(report, StageName.SMOKE)
    assert (stage.state, stage.rule) == (State.EMULATOR, "attribution:escalate"), json.dumps(stage.reason.text)
    assert "micro-vm" in stage.reason.text
    assert any(one.kind == "canary" and one.where.startswith("micro-vm") for one in stage.evidence)


def test_unchanged_nothing_is_booted(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = module(tmp_path / "app", "package main\n\nfunc main() {}\n")
    first = stage_of(run(store, app, HYGON, runner="micro-vm", stages=("smoke",)), StageName.SMOKE)

    def refuse(*_: object) -> None:
        raise AssertionError("a machine was booted")

    monkeypatch.setattr("seatrial.machines.session.boot", refuse)
    again = stage_of(run(store, app, HYGON, runner="micro-vm", stages=("smoke",)), StageName.SMOKE)
    assert (first.state, again.state, again.cached) == (State.PASS, State.PASS, True)

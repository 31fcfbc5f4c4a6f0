"""`go test` itself, with tests that fail in each way."""

from pathlib import Path

import msgspec
import pytest

from seatrial.model.runner import Offer
from seatrial.model.states import State
from seatrial.model.trial import Layer, Perturbation
from seatrial.toolchains.go import GoToolchain
from seatrial.trials.go_test import TestCommand, TestRuns
from support.builds import go_of_anybody

pytestmark = pytest.mark.go

PACKAGES = {
    "good": 'func TestOK(t *testing.T) { t.Run("sub", func(t *testing.T) {}) }',
    "mixed": 'func TestOK(*testing.T) {}\nfunc TestBad(t *testing.T) { t.Run("x", func(t *testing.T) { t.Error() }) }',
    "skips": 'func TestSkip(t *testing.T) { t.Skip("not here") }',
    "panics": 'func TestPanic(t *testing.T) { panic("x") }\nfunc TestAfter(t *testing.T) {}',
    "exits": 'import "os"\nfunc TestExit(t *testing.T) { os.Exit(3) }',
    "killed": 'import ("os"; "syscall")\nfunc TestKill(t *testing.T) { syscall.Kill(os.Getpid(), 9); select {} }',
    "ill": 'import ("os"; "syscall")\nfunc init() { syscall.Kill(os.Getpid(), 4); for {} }\nfunc TestX(*testing.T) {}',
    "unbuilt": "func TestX(t *testing.T) { missing() }",
    "hangs": "func TestHang(t *testing.T) { select {} }\nfunc init() { go func() { for { time.Sleep(time.Hour) } }() }",
    "once": 'import "os"\nfunc TestOnce(t *testing.T) { if os.Getenv("GODEBUG") == "" { t.Fatal("preempted") } }',
}


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("module")
    (folder / "go.mod").write_text("module app\n\ngo 1.21\n")
    for name, body in PACKAGES.items():
        (folder / name).mkdir()
        more = '"time"' if "time." in body else ""
        lines = body.split("\n")
        imports = [line for line in lines if line.startswith("import")]
        rest = [line for line in lines if not line.startswith("import")]
        head = [f"package {name}", f'import ("testing"; {more})', *imports]
        (folder / name / "a_test.go").write_text("\n".join([*head, *rest]))
    (folder / "none").mkdir()
    (folder / "none" / "a.go").write_text("package none\n")
    return folder


@pytest.fixture
def command(go: GoToolchain, module: Path) -> TestCommand:
    shown = {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "0"}
    env = go.environment({**shown, "GOWORK": "off"})
    return TestCommand(go=(go.binary,), env=env, shown=shown, cwd=module, packages=("./good",))


def of(command: TestCommand, *packages: str, **more: float) -> TestRuns:
    paths = tuple(f"./{package}" for package in packages)
    return TestRuns(msgspec.structs.replace(command, packages=paths, **more))


def test_passing(native: Offer, command: TestCommand) -> None:
    seen = of(command, "good", "none")(native)
    assert (seen.state, seen.layer) == (State.PASS, Layer.PROGRAM)
    assert seen.reason.text == "2 passed, 0 skipped; packages with tests: 1."
    assert [(line.where, line.value) for line in seen.evidence] == [("app/good", "2 passed, 0 failed, 0 skipped")]
    assert "GOARCH=amd64" in seen.reproducer and " test -json " in seen.reproducer


def test_nothing_to_run_is_no_pass(native: Offer, command: TestCommand) -> None:
    assert of(command, "none")(native).state == State.NA
    seen = of(command, "skips")(native)
    assert seen.state == State.WARN
    assert [line.value for line in seen.evidence if line.kind == "skipped"] == ["TestSkip"]


@pytest.mark.parametrize(
    ("package", "failed", "says"),
    [
        ("mixed", "app/mixed.TestBad/x", "--- FAIL: TestBad/x"),
        ("panics", "app/panics.TestPanic", "panic: x"),
        ("exits", "app/exits.TestExit", "FAIL\tapp/exits"),
        ("killed", "app/killed.TestKill", "signal: killed"),
    ],
)
def test_failing(native: Offer, command: TestCommand, package: str, failed: str, says: str) -> None:
    seen = of(command, package)(native)
    assert (seen.state, seen.layer, seen.failed) == (State.FAIL, Layer.PROGRAM, (failed,))
    assert seen.signature == f"tests failed: {failed}"
    assert says in seen.output


def test_an_illegal_instruction_is_told_as_such(native: Offer, command: TestCommand) -> None:
    seen = of(command, "ill")(native)
    assert (seen.state, seen.layer, seen.failed) == (State.FAIL, Layer.CPU, ("app/ill",))


def test_tests_that_cannot_be_built(native: Offer, command: TestCommand) -> None:
    seen = of(command, "good", "unbuilt")(native)
    assert (seen.state, seen.layer) == (State.FAIL, Layer.COMPILER)
    assert seen.reason.text == "The tests of app/unbuilt cannot be built for linux/amd64."
    assert "undefined: missing" in seen.output


def test_tests_that_cannot_be_built_here(native: Offer, command: TestCommand, module: Path, tmp_path: Path) -> None:
    (module / "hidden").mkdir()
    go = go_of_anybody(command.go[0], tmp_path)
    (module / "hidden").chmod(0)
    seen = of(msgspec.structs.replace(command, go=(go,)), "...")(native)
    (module / "hidden").rmdir()
    assert (seen.state, seen.layer, seen.signature) == (State.FAIL, Layer.RUNNER, "not-readable")
    assert seen.reason.text.endswith("here: open hidden: permission denied.")


def test_a_go_that_does_not_begin(native: Offer, command: TestCommand, tmp_path: Path) -> None:
    seen = TestRuns(msgspec.structs.replace(command, go=("/no/such/go",)))(native)
    assert (seen.state, seen.layer) == (State.FAIL, Layer.RUNNER)
    seen = TestRuns(msgspec.structs.replace(command, flags=("-mod=nonsense",)))(native)
    assert (seen.state, seen.layer) == (State.FAIL, Layer.RUNNER)


def test_a_flag_of_the_test_binary(native: Offer, command: TestCommand, module: Path) -> None:
    (module / "flagged").mkdir()
    (module / "flagged" / "a_test.go").write_text(
        'package flagged\nimport ("flag"; "testing")\nvar word = flag.String("word", "", "")\n'
        'func TestWord(t *testing.T) { if *word != "here" || flag.NArg() > 0 { t.Fatal(*word, flag.Args()) } }\n'
    )
    given = msgspec.structs.replace(command, build_flags=("-trimpath",), flags=("-word", "here", "-short"))
    assert of(given, "flagged")(native).state is State.PASS


def test_time_limits(native: Offer, command: TestCommand) -> None:
    seen = of(command, "hangs", timeout=0.3)(native)
    assert (seen.state, seen.timed_out, seen.failed) == (State.FAIL, True, ("app/hangs.TestHang",))
    assert "goroutine" in seen.output
    seen = of(command, "hangs", overall=3.0)(native)
    assert (seen.state, seen.timed_out, seen.failed) == (State.FAIL, True, ("app/hangs.TestHang",))
    assert "SIGQUIT: quit" in seen.output


def test_runs_after_the_first_take_the_failed_packages_alone(native: Offer, command: TestCommand) -> None:
    tests = of(command, "good", "once")
    assert tests(native).failed == ("app/once.TestOnce",)
    again = tests(native, Perturbation.NO_ASYNC_PREEMPTION)
    assert again.state == State.PASS
    assert [line.where for line in again.evidence] == ["app/once"]
    assert "env GODEBUG=asyncpreemptoff=1" in again.reproducer


def test_the_prefix_stands_before_each_test_binary(native: Offer, command: TestCommand, tmp_path: Path) -> None:
    prefix = tmp_path / "it is a prefix"
    prefix.write_text('#!/bin/sh\necho "prefix saw $OF_OFFER" >&2\nexec "$@"\n')
    prefix.chmod(0o755)
    offer = msgspec.structs.replace(native, prefix=(str(prefix),), environment={"OF_OFFER": "two words"})
    seen = of(command, "mixed")(offer, Perturbation.ONE_CPU)
    assert "prefix saw two words" in seen.output
    assert seen.failed == ("app/mixed.TestBad/x",)

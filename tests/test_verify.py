"""`verify` as a whole, on real programs: what is told apart, what is planned, what a user sees."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import UsageError
from seatrial.model.events import Event, Planned, StageEnded
from seatrial.model.report import Report
from seatrial.model.states import Fidelity, StageName, State
from seatrial.report.json import read
from seatrial.store import Store, default_root
from support.verification import run, states

pytestmark = pytest.mark.go

FAILURES = Path(__file__).parents[1] / "examples" / "failures"
AMD64, ARM64 = "debian-12/amd64", "debian-12/arm64"


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(default_root())


@pytest.fixture(scope="module")
def hello(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("hello")
    (place / "go.mod").write_text("module example.test/hello\n\ngo 1.27\n")
    (place / "main.go").write_text('package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n')
    return place


def command(*arguments: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "seatrial", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, cwd=cwd, timeout=280, check=False)


# What must be told apart


def running_examples() -> list[Any]:
    found = []
    for file in sorted(FAILURES.glob("*/expect.toml")):
        rows = tomllib.loads(file.read_text())["expect"]
        if any(row["stage"] == "smoke" for row in rows):
            found.append(pytest.param(file.parent, rows, id=file.parent.name))
    return found


@pytest.mark.qemu
@pytest.mark.parametrize(("example", "rows"), running_examples())
def test_an_example_of_a_failure_ends_as_it_says(store: Store, example: Path, rows: list[dict[str, str]]) -> None:
    report = run(store, example)
    found = states(report)
    for row in rows:
        assert found[row["target"], StageName(row["stage"])] == row["state"], row
    assert report.exit_code == 1
    assert not any(state in ("emulator", "flaky") for state in found.values())


@pytest.mark.qemu
def test_a_level_that_the_cpu_lacks_is_refused_there_and_runs_elsewhere(store: Store) -> None:
    report = run(store, FAILURES / "goamd64-v3")
    found = states(report)
    assert found["kylin-v10-sp3/kx-6000", StageName.STATIC] == "fail"
    assert found["kylin-v10-sp3/kx-6000", StageName.SMOKE] == "fail"
    assert found["kylin-v10-sp3/hygon-c86-3s", StageName.STATIC] == "pass"
    assert found["kylin-v10-sp3/hygon-c86-3s", StageName.SMOKE] == "pass"
    smoke = report.cells[0].stage(StageName.SMOKE)
    assert smoke is not None
    assert smoke.fidelity is Fidelity.USER_EMULATION


def test_386_runs_natively_by_default(store: Store, hello: Path) -> None:
    """Under QEMU 7.2 it would crash: tests/test_running_emulated.py."""
    smoke = run(store, hello, "debian-12/386", stages=("smoke",)).cells[0].stages[-1]
    assert (smoke.state, smoke.runner, smoke.fidelity) == (State.PASS, "native", Fidelity.HOST)


# What is planned


def test_without_targets_all_are_judged_and_those_run_that_can_be_run_here(store: Store, hello: Path) -> None:
    events: list[Event] = []
    report = run(store, hello, events=events)
    assert len(report.cells) >= 16
    left = {entry.target for entry in report.not_planned}
    assert {"macos-13/arm64", "freebsd-14/amd64"} <= left
    assert all(StageName.STATIC in {stage.stage for stage in cell.stages} for cell in report.cells)
    assert not any(stage.state is State.NOT_RUN for cell in report.cells for stage in cell.stages)
    assert report.exit_code == 0
    planned = next(event for event in events if isinstance(event, Planned))
    assert sum(len(cell.stages) for cell in planned.cells) == report.summary.planned
    assert sum(isinstance(event, StageEnded) for event in events) == report.summary.planned
    assert sum(report.summary.states.values()) == report.summary.planned


def test_with_a_target_exactly_that_is_planned(store: Store, hello: Path) -> None:
    report = run(store, hello, "macos-13/arm64")
    assert states(report)["macos-13/arm64", StageName.SMOKE] == "not-run"
    assert report.exit_code == 3
    assert run(store, hello, "macos-13/arm64", allow_unchecked=True).exit_code == 0
    only = run(store, hello, "macos-13/arm64", stages=("static",))
    assert set(states(only).values()) == {"pass"}
    assert only.exit_code == 0


def test_macos_12_has_one_finding_that_names_the_last_release(store: Store, hello: Path) -> None:
    report = run(store, hello, "macos-12/*", stages=("static",))
    assert [finding.rule for finding in report.findings] == ["ST-GO-001"] * len(report.cells)
    assert "go1.26" in str(report.findings[0].remedy) + str(report.findings[0].message)


# A finished binary


def test_a_finished_binary_is_judged_and_run(store: Store, hello: Path, tmp_path: Path) -> None:
    built = run(store, hello, AMD64, stages=("build",)).cells[0].artifact
    assert built is not None
    binary = tmp_path / "app"
    binary.write_bytes(Path(built.path).read_bytes())
    with pytest.raises(UsageError, match=r"may not be executed\. Allow it: chmod \+x"):
        run(store, binary, AMD64, ARM64)
    assert states(run(store, binary, AMD64, stages=("static",)))[AMD64, StageName.STATIC] == "pass"
    binary.chmod(0o755)
    report = run(store, binary, AMD64, ARM64)
    found = states(report)
    assert found[AMD64, StageName.STATIC] == found[AMD64, StageName.SMOKE] == "pass"
    assert (found[ARM64, StageName.STATIC], found[ARM64, StageName.SMOKE]) == ("fail", "n/a")
    assert report.program.kind == "binary"
    assert {finding.rule for finding in report.findings} == {"ST-IDENTITY-002"}
    everywhere = run(store, binary, stages=("static",))
    assert {cell.platform.arch for cell in everywhere.cells} == {"amd64"}
    with pytest.raises(UsageError, match="no tests"):
        run(store, binary, AMD64, stages=("tests",))


# What fails to build


def test_a_compile_error_is_shown_as_the_compilers_own_lines(store: Store, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.test/broken\n\ngo 1.27\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    report = run(store, tmp_path, AMD64)
    build = report.cells[0].stages[0]
    assert (build.state, build.rule) == (State.FAIL, "BD-COMPILE-001")
    assert "./main.go:3:15: undefined: undefined" in build.output
    assert {stage.reason_code for stage in report.cells[0].stages[1:]} == {"blocked"}
    assert report.exit_code == 1
    assert run(store, tmp_path, AMD64).cells[0].stages[0].cached


def test_files_left_out_without_cgo_are_named_and_can_be_suppressed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.test/left\n\ngo 1.27\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    (tmp_path / "native.go").write_text('package main\n\nimport "C"\n')
    config = tmp_path / "seatrial.toml"
    config.write_text("[build]\ncgo = false\n")
    report = run(store, tmp_path, AMD64, stages=("build",))
    assert [(finding.rule, finding.evidence[0].value) for finding in report.findings] == [("BD-CGO-001", "native.go")]
    assert report.cells[0].state is State.WARN
    config.write_text(config.read_text() + '[[suppress]]\nrule = "BD-CGO-001"\nreason = "pure"\nuntil = 2999-01-01\n')
    report = run(store, tmp_path, AMD64, stages=("build",))
    assert report.findings == ()
    assert report.cells[0].state is State.PASS
    assert [(entry.rule, entry.reason, entry.until) for entry in report.suppressed] == [
        ("BD-CGO-001", "pure", "2999-01-01")
    ]


# The command line


def test_stdout_is_the_result_and_stderr_the_talk(hello: Path, tmp_path: Path) -> None:
    done = command("verify", hello, "-t", AMD64, "--json", "-", "--html", tmp_path / "r.html")
    assert done.returncode == 0, done.stderr
    report = read(done.stdout.encode())
    assert report.program.name == "hello"
    assert json.loads(done.stdout)["schema"] == "seatrial/report/1"
    assert "build" in done.stderr
    assert "\x1b" not in done.stderr
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")


def test_every_report_is_written_at_once(hello: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / f"report.{name}" for name in ("json", "html", "junit", "sarif", "markdown")}
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    done = command("verify", hello, "-t", AMD64, "--lang", "zh", *options)
    assert done.returncode == 0, done.stderr
    assert all(path.stat().st_size > 100 for path in files.values())
    assert "通过" in done.stdout
    assert isinstance(read(files["json"].read_bytes()), Report)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "There is no nowhere"),
        (["PROGRAM", "-t", "kylin-v99/amd64"], "kylin-v99"),
        (["PROGRAM", "-t", "linux/amd64"], "port"),
        (["PROGRAM", "--config", "nowhere.toml"], "nowhere.toml"),
        (["PROGRAM", "--variant", "amd64"], "ARCH=VALUE"),
        (["PROGRAM", "--variant", "amd64=v9", "-t", AMD64], "v9"),
        (["PROGRAM", "--json", "-", "--html", "-"], "Only one report"),
        (["PROGRAM", "--json", "/"], "directory"),
        (["PROGRAM", "--html", "/proc/version/report.html"], "/proc/version is no directory"),
        (["PROGRAM", "--go", "/nowhere/go"], "/nowhere/go"),
        (["PROGRAM", "--platforms", "/nowhere"], "/nowhere"),
    ],
)
def test_a_wrong_name_is_one_clear_line_and_exit_2(hello: Path, arguments: list[str], said: str) -> None:
    words = [str(hello) if word == "PROGRAM" else word for word in arguments]
    done = command("verify", *words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_cache_that_cannot_be_written_is_exit_3(hello: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = command("verify", hello, "-t", AMD64, "--cache-dir", tmp_path / "file" / "cache")
    assert done.returncode == 3, done.stderr
    assert "Cannot write" in done.stderr
    assert "--cache-dir" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_bug(hello: Path) -> None:
    line = f"{sys.executable} -m seatrial verify {hello} -t {AMD64} --json - | head -c 1 >/dev/null"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=os.environ, check=False)
    assert "Traceback" not in done.stderr

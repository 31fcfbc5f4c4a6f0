"""The README is true: every command in it is run, its tables name what the code names, its links lead somewhere."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from seatrial import platforms, project
from seatrial.errors import CouldNotCheck, UsageError
from seatrial.model.project import Project
from seatrial.model.report import Report
from seatrial.model.states import Fidelity, StageName, State
from support.terminal import typed_into

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

QUICK = {
    "seatrial targets": "kylin-v10-sp3",
    "seatrial targets kylin-v10-sp3/ft-2000-4": "verbatim",
    "seatrial inspect ./app-linux-amd64": "linux",
    "seatrial inspect ./app-linux-amd64 --floors": "kernel",
    "seatrial inspect ./app-linux-amd64 --run -h": "in the code",
    "seatrial inspect ./app-linux-amd64 --why avx2 --why syscall:openat": "guarded",
    "seatrial inspect ./app-linux-amd64 --compare ./app-linux-arm64": "GOARCH",
    "seatrial trace-linking -- bash -c true": "libc.so.6",
    "seatrial vm kernels": "debian-12",
    "seatrial explain ST-LIBC-001": "glibc",
    "seatrial completion bash": "_seatrial_completion",
    "seatrial conformance --list --topic signals": "signals/sigusr2-acknowledged",
}
"""Command to what it must print; each ends with 0."""

VERIFY = {
    "seatrial verify ./cmd/app": (),
    "seatrial verify ./cmd/app -t 'kylin-*/{amd64,arm64}'": (),
    "seatrial verify ./app-linux-amd64 -t kylin-v10-sp3/hygon-c86-3s": (),
    "seatrial verify ./app-linux-amd64 -t kylin-v10-sp3/hygon-c86-3s --tier vm": (),
    "seatrial verify ./cmd/app -t kylin-v10-sp3/kx-6000 --coverage": (),
    "seatrial verify golang.org/x/tools/cmd/stringer@v0.30.0 -t alpine-3.20/amd64": (),
    "seatrial verify ./cmd/app --html report.html --junit junit.xml --sarif findings.sarif": (
        "report.html",
        "junit.xml",
        "findings.sarif",
    ),
    "seatrial verify ./cmd/app --resume": (),
}
"""Command to the files that it must leave."""

CONFORMANCE = {
    "seatrial conformance": "contracts hold",
    "seatrial conformance -t kylin-v10-sp3/ft-2000-4 --topic clocks": "contracts hold",
    "seatrial conformance export --port linux/loong64 -o suite": "suite",
}
"""Command to what it must print."""

MACHINES = {
    "seatrial vm run --cpu Dhyana --kernel debian-12 --numa 2 --memory 1G --cgroup v2 -- ./app-linux-amd64": "ahoy",
    "seatrial old-kernel --kernel 3.10 -- ./app-linux-amd64": "ahoy",
}
"""Command to what the program in it prints."""

SHELL = {"seatrial vm shell -t openeuler-22.03/kunpeng-920"}
"""Asked for on a terminal of its own."""

MAKE = {"make .venv/.ready", "make demo", "make test", "make lint", "make bench"}
GOOD = (State.PASS, State.WARN)
OTHER = {"apt-get install -y make", ". .venv/bin/activate"}


def commands() -> list[str]:
    """All commands of the README: lines of `sh` blocks, and what starts like one in backquotes."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    return lines + re.findall(r"`((?:seatrial|make) [^`]+)`", README)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A user's project beside a seatrial that is set up: cmd/app, its test, and a finished binary of it."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / "cmd/app").mkdir(parents=True)
    (folder / "go.mod").write_text("module app.example/app\n\ngo 1.27\n")
    (folder / "cmd/app/main.go").write_text("package main\n\nfunc main() { println(greeting()) }\n")
    (folder / "cmd/app/greeting.go").write_text('package main\n\nfunc greeting() string { return "ahoy" }\n')
    test = 'func TestGreeting(t *testing.T) {\n\tif greeting() != "ahoy" {\n\t\tt.Fail()\n\t}\n}\n'
    (folder / "cmd/app/greeting_test.go").write_text(f'package main\n\nimport "testing"\n\n{test}')
    play("go build -o app-linux-amd64 ./cmd/app", folder, 120)
    play("GOARCH=arm64 go build -o app-linux-arm64 ./cmd/app", folder, 120)
    yield folder


def play(command: str, folder: Path, timeout: float) -> str:
    """What a command prints, run in a shell where seatrial is activated. Fails when it does not end with 0."""
    script = f". .venv/bin/activate\n{command}"
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CI")}
    ended = subprocess.run(
        ["bash", "-ec", script], cwd=folder, env=environment, text=True, capture_output=True, timeout=timeout
    )
    assert ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stdout[-4000:]}{ended.stderr[-4000:]}"
    return ended.stdout + ended.stderr


def test_every_command_is_run_by_a_test_below() -> None:
    assert set(commands()) == QUICK.keys() | VERIFY.keys() | CONFORMANCE.keys() | MACHINES.keys() | SHELL | MAKE | OTHER


@pytest.mark.go
@pytest.mark.parametrize("command", QUICK)
def test_a_quick_command(sandbox: Path, command: str) -> None:
    assert QUICK[command] in play(command, sandbox, 60)


@pytest.mark.slow
@pytest.mark.go
@pytest.mark.timeout(900)
@pytest.mark.parametrize("command", VERIFY)
def test_verify(sandbox: Path, command: str) -> None:
    assert "pass" in play(command, sandbox, 890)
    for name in VERIFY[command]:
        assert (sandbox / name).stat().st_size > 0


@pytest.mark.slow
@pytest.mark.go
@pytest.mark.zig
@pytest.mark.qemu
@pytest.mark.timeout(900)
@pytest.mark.parametrize("command", CONFORMANCE)
def test_conformance(sandbox: Path, command: str) -> None:
    assert CONFORMANCE[command] in play(command, sandbox, 890)


@pytest.mark.slow
@pytest.mark.go
@pytest.mark.vm
@pytest.mark.timeout(300)
@pytest.mark.parametrize("command", MACHINES)
def test_a_machine(sandbox: Path, command: str) -> None:
    assert MACHINES[command] in play(command, sandbox, 290)


@pytest.mark.slow
@pytest.mark.go
@pytest.mark.vm
@pytest.mark.timeout(300)
@pytest.mark.parametrize("command", SHELL)
def test_a_shell_in_a_machine(sandbox: Path, command: str) -> None:
    script = f"cd {shlex.quote(str(sandbox))} && . .venv/bin/activate && exec {command}"
    code, screen = typed_into(["bash", "-c", script], b"~# ", b"uname -m; exit\n", 290)
    assert code == 0 and b"aarch64" in screen


def test_make_is_all_that_must_be_there() -> None:
    if not shutil.which("apt-get"):
        pytest.skip("there is no apt-get here")
    assert play_plain("apt-get install --simulate -y make").returncode == 0


def play_plain(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command.split(), cwd=ROOT, text=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("target", ["test", "lint", "bench", ".venv/.ready"])
def test_what_make_would_run_exists(target: str) -> None:
    ended = play_plain(f"make --dry-run {target}")
    assert ended.returncode == 0, ended.stderr
    for script in re.findall(r"(?:benchmarks|setup)/[\w./-]+", ended.stdout):
        assert (ROOT / script).is_file(), script


@pytest.fixture
def fresh_clone(tmp_path: Path) -> Path:
    """What a user gets: the tracked files, as they are now."""
    tracked = play_plain("git ls-files -z").stdout.split("\0")
    for name in filter(None, tracked):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.slow
@pytest.mark.go
@pytest.mark.zig
@pytest.mark.qemu
@pytest.mark.wine
@pytest.mark.timeout(1500)
def test_make_demo_in_a_fresh_clone(fresh_clone: Path) -> None:
    """The whole promise of "Set up", twice: the second time nothing is done again."""
    first = demo(fresh_clone)
    assert first.summary.platforms >= 16
    executed = [cell for cell in first.cells if (stage := cell.stage(StageName.SMOKE)) and stage.state in GOOD]
    assert len(executed) >= 10
    assert not any(cell.state in (State.FAIL, State.FLAKY) for cell in first.cells)
    assert (fresh_clone / "out/lighthouse.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    second = demo(fresh_clone)
    anew = {stage.stage for cell in second.cells for stage in cell.stages if stage.state in GOOD and not stage.cached}
    assert anew <= {StageName.STATIC}


def demo(folder: Path) -> Report:
    ended = subprocess.run(["make", "demo"], cwd=folder, text=True, capture_output=True, timeout=1400)
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]
    return msgspec.json.decode((folder / "out/lighthouse.json").read_bytes(), type=Report)


@pytest.fixture
def shown(tmp_path: Path) -> Project:
    """The seatrial.toml that the README shows."""
    (text,) = re.findall(r"^```toml\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    (tmp_path / "seatrial.toml").write_text(text, encoding="utf-8")
    return project.read(tmp_path / "seatrial.toml")


def test_the_project_file_shown_is_valid(shown: Project) -> None:
    assert shown.smoke and shown.tests and shown.suppress and shown.override


def test_the_project_file_shown_names_platforms_that_exist(shown: Project) -> None:
    catalogue = platforms.load()
    for selector in (*shown.targets, *shown.override[0].targets, *shown.suppress[0].targets):
        assert catalogue.select([selector]), selector


def test_the_tables_name_every_state_fidelity_and_exit_code() -> None:
    rows = [line.split("|")[1] for line in README.splitlines() if line.startswith("| ")]
    named = {word for row in rows for word in re.findall(r"`([\w/-]+)`", row)}
    assert {*State, *Fidelity} <= named
    codes = {row.strip() for row in rows if row.strip().isdigit()}
    assert codes == {"0", "1", str(UsageError.exit_code), str(CouldNotCheck.exit_code), "70"}


def test_links_lead_to_tracked_files() -> None:
    tracked = set(play_plain("git ls-files").stdout.splitlines())
    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert any(name == link or name.startswith(f"{link}/") for name in tracked), link


def test_the_picture_is_small_and_loads_nothing() -> None:
    picture = ROOT / "docs/matrix.svg"
    assert picture.stat().st_size < 200_000
    assert "url(http" not in picture.read_text(encoding="utf-8")

"""Kernel floors against what happens: a filter set to the floor lets a program pass, one kernel lower makes it fail."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from seatrial.formats import read_binary
from seatrial.host import host
from seatrial.inspection import needs_in
from seatrial.model.needs import Cause, Floor, FloorKind
from seatrial.runners.old_kernel import calls_to_refuse, launcher_program
from seatrial.store import Store, default_root
from seatrial.tables.system_calls import release_of, system_calls
from seatrial.toolchains import find_go
from support import floor_programs
from support.builds import Builder

QUICK = ("openat2", "getrandom", "membarrier")
pytestmark = pytest.mark.go


@pytest.fixture(scope="session")
def launcher() -> Path:
    if host().goarch != "amd64":
        pytest.skip("a machine with amd64 was missing")
    store = Store(default_root())
    made = launcher_program(find_go("", store), "amd64", store)
    tried = subprocess.run([made, "--try", calls_to_refuse("amd64", "4.19")], timeout=30, check=False)
    if tried.returncode:
        pytest.skip("a host that lets a program filter its system calls was missing")
    return made


def runs(launcher: Path, kernel: str, program: Path, words: Sequence[str] = ()) -> bool:
    """Whether the program ends well where nothing younger than this kernel answers."""
    line = [str(launcher), calls_to_refuse("amd64", kernel), str(program), *words]
    done = subprocess.run(line, capture_output=True, timeout=120, check=False, cwd=program.parent)
    return done.returncode == 0


def kernel_before(release: str) -> str:
    """The youngest kernel that introduced a call before this one did."""
    known = {call.since for call in system_calls("amd64").values() if call.since}
    return max((one for one in known if release_of(one) < release_of(release)), key=release_of)


def floor(path: Path, reader: Path) -> Floor:
    return needs_in(path, read_binary(path), reader).floor(FloorKind.KERNEL)


def check(found: Floor, since: str, launcher: Path, program: Path, words: Sequence[str] = ()) -> None:
    """The floor itself is good, and so is the kernel with the youngest call that the run reaches; one lower is not."""
    assert runs(launcher, found.minimum, program, words)
    assert runs(launcher, since, program, words)
    assert not runs(launcher, kernel_before(since), program, words)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in QUICK else pytest.mark.sweep) for name in floor_programs.NEWER_CALLS],
)
def test_a_program_that_makes_a_newer_call(name: str, builder: Builder, reader: Path, launcher: Path) -> None:
    program = floor_programs.caller(builder, name)
    found = floor(program, reader)
    number, _ = floor_programs.NEWER_CALLS[name]
    call = system_calls("amd64")[number]
    assert (call.name, found.minimum) == (name, call.since)
    top = found.reasons[0]
    assert (top.subject, top.confidence) == (name, "likely")
    assert {owner.function for owner in top.owners} & {"main.main", "main.enter"}
    assert {owner.module for owner in top.owners} == {f"example.com/{name}"}
    check(found, found.minimum, launcher, program)


@pytest.mark.sweep
@pytest.mark.parametrize("name", floor_programs.COMMANDS)
def test_commands_of_go(name: str, builder: Builder, reader: Path, launcher: Path, tmp_path: Path) -> None:
    """Their release asks for Linux 3.2. What each makes when it opens a file came with 2.6.27."""
    program = floor_programs.command(builder, name)
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    (tmp_path / "empty.s").write_text("")
    found = floor(program, reader)
    assert found.minimum == "3.2"
    asked = {reason.subject: reason.minimum for reason in found.because(Cause.SYSTEM_CALL)}
    words = floor_programs.COMMANDS[name].words(tmp_path)
    check(found, asked["epoll_create1"], launcher, program, words)

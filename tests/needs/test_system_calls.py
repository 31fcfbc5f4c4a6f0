"""System calls in the code of real programs, on every Linux port, against what a run under an emulator makes."""

import subprocess
from pathlib import Path

import pytest

from seatrial.formats import read_binary
from seatrial.inspection import needs_in
from seatrial.model.needs import Call, Cause, FloorKind, Needs, SystemCalls
from seatrial.tables.architectures import architectures
from seatrial.trials.called import calls_of_run
from support.builds import Builder, zig_cc
from support.emulators import qemu

pytestmark = pytest.mark.go

PROGRAM = """package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

//go:noinline
func ask(number uintptr) syscall.Errno {
	_, _, errno := syscall.Syscall6(number, 0, 0, 0, 0, 0, 0)
	return errno
}

func main() {
	if len(os.Args) > 1 {
		return
	}
	file, err := os.Open(os.Args[0])
	fmt.Println(file != nil, err, ask(FUTEX_WAITV) != 0)
	fmt.Println(exec.Command(os.Args[0], "again").Run())
}

const FUTEX_WAITV = 449 + BASE
"""

BASES = {"mips": 4000, "mipsle": 4000, "mips64": 5000, "mips64le": 5000}
PORTS = sorted(architectures())
RELEASES = [
    *("1.16.15", "1.17.13", "1.18.8", "1.19.4", "1.20.14", "1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.14"),
    "1.26.11",
]
QUICK = ("386", "amd64", "arm64", "loong64", "riscv64")


def program(builder: Builder, goarch: str, *flags: str) -> Path:
    folder = builder.folder / f"calls-{goarch}"
    folder.mkdir(exist_ok=True)
    (folder / "main.go").write_text(PROGRAM.replace("BASE", str(BASES.get(goarch, 0))))
    (folder / "go.mod").write_text("module example.com/calls\n\ngo 1.27\n")
    out = folder / f"program{len(flags)}"
    if not out.exists():
        settings = {"GOOS": "linux", "GOARCH": goarch, "CGO_ENABLED": "0"}
        builder.run_go(folder, ["build", "-o", str(out), *flags, "."], settings)
    return out


def read(path: Path, reader: Path) -> Needs:
    return needs_in(path, read_binary(path), reader)


def calls_of(needs: Needs) -> SystemCalls:
    assert isinstance(needs.system_calls, SystemCalls), needs.system_calls
    return needs.system_calls


def named(calls: SystemCalls) -> dict[str, Call]:
    return {call.name: call for call in calls.calls}


@pytest.mark.parametrize(
    "goarch", [pytest.param(port, marks=() if port in QUICK else pytest.mark.sweep) for port in PORTS]
)
def test_every_port_stripped_or_not(goarch: str, builder: Builder, reader: Path) -> None:
    calls = calls_of(read(program(builder, goarch), reader))
    found = named(calls)
    assert {"futex_waitv", "epoll_create1", "execve", "exit_group", "clone"} <= set(found)
    assert not [name for name in found if name.startswith("#")], "a number that no kernel has"
    (site,) = found["futex_waitv"].sites
    assert (site.owner.function, site.owner.module, site.through) == ("main.main", "example.com/calls", "main.ask")
    assert "main.ask" in calls.entries
    assert found["futex_waitv"].needed
    assert not found["pidfd_open"].needed
    # What a thread is told to do by another, and in some releases one call of a starting child.
    assert calls.unresolved <= 2, [one.owner.function for one in calls.unresolved_sites]
    stripped = calls_of(read(program(builder, goarch, "-ldflags=-s -w"), reader))
    assert {call.name: call.places for call in stripped.calls} == {call.name: call.places for call in calls.calls}
    assert stripped.unresolved == calls.unresolved


def test_a_call_through_a_function_value_is_counted(builder: Builder, reader: Path) -> None:
    folder = builder.folder / "value"
    folder.mkdir()
    (folder / "main.go").write_text(
        'package main\n\nimport "syscall"\n\nvar call = syscall.Syscall6\n\n'
        "func main() { call(449, 0, 0, 0, 0, 0, 0) }\n"
    )
    (folder / "go.mod").write_text("module example.com/value\n\ngo 1.27\n")
    builder.run_go(folder, ["build", "-o", "program", "."], {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "0"})
    calls = calls_of(read(folder / "program", reader))
    assert "futex_waitv" not in named(calls)
    assert "syscall.Syscall6" in {one.owner.function for one in calls.unresolved_sites}


def test_functions_that_are_called_behind_their_begin(builder: Builder, reader: Path) -> None:
    """Position-independent code of ppc64le calls the local entry."""
    calls, pie = (
        calls_of(read(program(builder, "ppc64le", *flags), reader)) for flags in ((), ("-buildmode=pie", "-ldflags=-s"))
    )
    assert set(named(pie)) == set(named(calls))
    assert [site.through for site in named(pie)["futex_waitv"].sites] == ["main.ask"]
    assert pie.unresolved == calls.unresolved


@pytest.mark.sweep
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("port", ["linux/amd64", "linux/386", "linux/arm64", "linux/s390x"])
@pytest.mark.parametrize("release", RELEASES)
def test_every_release_of_go(release: str, port: str, builder: Builder, reader: Path) -> None:
    """Numbers on the stack, as before Go 1.17, or in registers; under the names of each release."""
    path = builder.build_by(release, port)
    needs = read(path, reader)
    calls = calls_of(needs)
    found = named(calls)
    assert {"futex", "exit_group", "rt_sigaction", "epoll_create1", "clone", "write"} <= set(found)
    assert not [name for name in found if name.startswith("#")], "a number that no kernel has"
    assert calls.unresolved <= 2, [one.owner.function for one in calls.unresolved_sites]
    # No call of Go's own raises the floor: the release does, or the architecture, which is younger.
    top = needs.floor(FloorKind.KERNEL).reasons[0]
    assert top.cause in (Cause.RELEASE, Cause.HEADER), top


@pytest.mark.qemu
@pytest.mark.parametrize(
    "goarch", [pytest.param(port, marks=() if port in ("amd64", "arm64") else pytest.mark.sweep) for port in PORTS]
)
def test_whatever_a_run_calls_stands_in_the_code(goarch: str, builder: Builder, reader: Path) -> None:
    path = program(builder, goarch)
    made = calls_of_run(qemu(goarch), goarch, path, ["again"], timeout=200.0)
    assert {"rt_sigaction", "exit_group"} <= set(made.calls)
    assert made.ending == "exit code 0"
    calls = calls_of(read(path, reader))
    # The return from a signal stands in the kernel's page of code (or the emulator's), not in the program.
    assert set(made.calls) - set(named(calls)) - {"rt_sigreturn", "sigreturn"} == set()


@pytest.mark.zig
def test_c_code_and_its_own_c_library(builder: Builder, reader: Path) -> None:
    """A static musl inside: its calls are found in C code, with those of syscall(3)."""
    folder = builder.folder / "static-c"
    folder.mkdir()
    (folder / "main.go").write_text(
        "package main\n\n/*\n#include <unistd.h>\n#include <sys/syscall.h>\n"
        "static long ask(void) { return syscall(449, 0, 0, 0, 0, 0); }\n*/\n"
        'import "C"\nimport "fmt"\n\nfunc main() { fmt.Println(C.ask()) }\n'
    )
    (folder / "go.mod").write_text("module example.com/staticc\n\ngo 1.27\n")
    settings = {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "1", "CC": zig_cc("x86_64-linux-musl")}
    builder.run_go(folder, ["build", "-o", "program", "."], settings)
    calls = calls_of(read(folder / "program", reader))
    sites = named(calls)["futex_waitv"].sites
    assert [site.is_c for site in sites] == [True]
    assert sites[0].through == "syscall"
    assert named(calls)["clone"].sites


ASKS = """#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

__attribute__((noinline)) long ask(long number) { return syscall(number, 1, 2); }
__attribute__((noinline)) long twice(void) { return syscall(441, 1) + syscall(442, 2); }

int main(int count, char **words) {
	return (int)(ask(437) + twice() + syscall(439, 0) + syscall(atol(words[1]), 0));
}
"""


def asks(folder: Path, target: str, reader: Path, *flags: str) -> Needs:
    (folder / "asks.c").write_text(ASKS)
    command = [*zig_cc(target).split(), "-O2", *flags, "-o", "asks", "asks.c"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=280)
    return read(folder / "asks", reader)


@pytest.mark.zig
@pytest.mark.parametrize(
    "target",
    [
        "x86_64-linux-gnu.2.28",
        pytest.param("x86-linux-gnu.2.28", marks=pytest.mark.sweep),
        pytest.param("arm-linux-gnueabihf.2.28", marks=pytest.mark.sweep),
        pytest.param("aarch64-linux-gnu.2.28", marks=pytest.mark.sweep),
        pytest.param("riscv64-linux-gnu.2.35", marks=pytest.mark.sweep),
        pytest.param("loongarch64-linux-gnu.2.38", marks=pytest.mark.sweep),
        pytest.param("powerpc64le-linux-gnu.2.28", marks=pytest.mark.sweep),
        pytest.param("s390x-linux-gnu.2.28", marks=pytest.mark.sweep),
    ],
)
def test_the_shared_c_library_is_asked_for_a_call_by_its_number(target: str, tmp_path: Path, reader: Path) -> None:
    """syscall(3): the number stands in the program, what enters the kernel in a library."""
    needs = asks(tmp_path, target, reader)
    calls = calls_of(needs)
    found = named(calls)
    assert {"faccessat2", "epoll_pwait2", "mount_setattr"} <= set(found)
    assert found["faccessat2"].sites[0].through == "syscall"
    if not target.startswith("loongarch64"):  # whose first kernel has them all
        assert any(reason.subject == "mount_setattr" for reason in needs.floor(FloorKind.KERNEL).reasons)
    unresolved = {one.owner.function for one in calls.unresolved_sites}
    assert "main" in unresolved
    assert "openat2" in found or "ask" in unresolved


@pytest.mark.zig
def test_a_number_for_a_c_library_that_cannot_be_followed_is_counted(tmp_path: Path, reader: Path) -> None:
    """The address of syscall(3) is loaded into a register before it is called twice."""
    calls = calls_of(asks(tmp_path, "x86_64-linux-gnu.2.28", reader, "-fno-plt"))
    unresolved = {one.owner.function for one in calls.unresolved_sites}
    assert {"main", "twice"} <= unresolved
    assert [site.owner.function for site in named(calls)["openat2"].sites] == ["main"]

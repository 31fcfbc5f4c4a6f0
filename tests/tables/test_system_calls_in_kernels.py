"""The table of system calls against real kernels: what came after a release is not in it, what came before is."""

from pathlib import Path

import msgspec
import pytest

from seatrial.model.go_target import GoTarget
from seatrial.packages.kernels import kernels
from seatrial.store import Store, default_root
from seatrial.tables.system_calls import release_of, system_calls
from seatrial.toolchains import compile_probe, find_go
from support.machines import boot_machine, machine_spec

_SINCE = (4, 1)
_HARMLESS = {
    call.name
    for goarch in ("amd64", "386")
    for call in system_calls(goarch).values()
    if release_of(call.since) >= _SINCE
} - {"uprobe", "uretprobe"}
"""Calls that refuse what they are given here. Older ones do things all the same (exit, fork, reboot), and two kill who
calls them from anywhere but the kernel's own trampoline."""

# What these kernels have been built without, or have switched off: the number is there and answers ENOSYS all the same.
_CAN_BE_OFF = {
    "get_mempolicy",
    "io_pgetevents",
    "kexec_file_load",
    "map_shadow_stack",
    "mbind",
    "memfd_secret",
    "migrate_pages",
    "move_pages",
    "pkey_alloc",
    "pkey_free",
    "pkey_mprotect",
    "rseq_slice_yield",
    "set_mempolicy",
    "set_mempolicy_home_node",
    "userfaultfd",
}

_PROGRAM = """package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

func main() {
	for _, word := range os.Args[1:] {
		number, _ := strconv.Atoi(word)
		bad := ^uintptr(0)
		_, _, errno := syscall.RawSyscall6(uintptr(number), bad, 0, bad, 0, bad, bad)
		if errno == syscall.ENOSYS {
			fmt.Println(number)
		}
	}
}
"""


@pytest.mark.vm
@pytest.mark.go
@pytest.mark.parametrize(
    ("goarch", "kernel"),
    [
        pytest.param(row.goarch, row.name, marks=() if one else (pytest.mark.sweep,))
        for row in kernels()
        for one in [(row.goarch, row.name) == ("amd64", "debian-12")]
        if not row.name.endswith("16k")
    ],
)
def test_a_kernel_has_what_its_release_brought_and_no_more(goarch: str, kernel: str, tmp_path: Path) -> None:
    source = tmp_path / "ask"
    source.mkdir()
    (source / "main.go").write_text(_PROGRAM)
    (source / "go.mod").write_text("module example.com/ask\n\ngo 1.27\n")
    store = Store(default_root())
    program = compile_probe(find_go("", store), source, GoTarget("linux", goarch), store)
    calls = {number: call for number, call in system_calls(goarch).items() if call.name in _HARMLESS}
    spec = machine_spec(goarch, kernel)
    machine = boot_machine(msgspec.structs.replace(spec, cpu=""), store, snapshots=False)
    try:
        machine.put(program, "/app/ask")
        ended = machine.run(["/app/ask", *map(str, calls)], {}, "/", 30.0)
    finally:
        machine.close()
    assert ended.exit_code == 0, ended.stderr
    missing = {calls[int(line)].name for line in ended.stdout.split()}
    release = release_of(machine.seen.kernel)
    younger = {call.name for call in calls.values() if release_of(call.since) > release}
    assert younger <= missing, f"the kernel has calls that the table calls younger: {sorted(younger - missing)}"
    assert missing - younger <= _CAN_BE_OFF, f"the kernel lacks {sorted(missing - younger - _CAN_BE_OFF)}"
    assert len(calls) - len(missing) > 10

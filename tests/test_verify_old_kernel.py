"""`verify` behind the filter of an older kernel: a program that needs a young call fails there, and only there."""

from pathlib import Path

import pytest

from seatrial.host import host
from seatrial.model.states import Fidelity, StageName
from seatrial.tables.system_calls import system_calls
from support.verification import own_store, run, states

_NEEDS_OPENAT2 = """package main

import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	if _, _, errno := syscall.RawSyscall6(%d, ^uintptr(0), 0, 0, 0, 0, 0); errno == syscall.ENOSYS {
		fmt.Println("openat2:", errno)
		os.Exit(1)
	}
	fmt.Println("openat2 is there")
}
"""


@pytest.mark.go
def test_a_young_call_fails_on_an_old_kernel_only(tmp_path: Path) -> None:
    goarch = host().goarch
    if goarch not in ("amd64", "arm64"):
        pytest.skip(f"a platform with an old kernel was missing for this host's {goarch or 'architecture'}")
    number = next(call.number for call in system_calls(goarch).values() if call.name == "openat2")
    program = tmp_path / "young"
    program.mkdir()
    (program / "main.go").write_text(_NEEDS_OPENAT2 % number)
    (program / "go.mod").write_text("module example.com/young\n\ngo 1.27\n")
    (program / "seatrial.toml").write_text("[smoke]\nexit_code = 0\n")
    old, new = f"centos-7/{goarch}", f"debian-12/{goarch}"
    store = own_store(tmp_path / "store")
    report = run(store, program, old, new, stages=(StageName.SMOKE,), runner="old-kernel")
    found = states(report)
    assert found[old, StageName.SMOKE] == "fail"
    assert found[new, StageName.SMOKE] in ("pass", "warn")
    stages = {cell.target: stage for cell in report.cells for stage in cell.stages if stage.stage is StageName.SMOKE}
    assert stages[old].fidelity is Fidelity.HOST
    assert "openat2: function not implemented" in stages[old].output
    kernel = next(one for one in stages[old].substitutes if one.fact == "kernel")
    assert "without system calls younger than 3.10" in kernel.value
    assert "/oldkernel " in stages[old].reproducer

"""Page sizes that this host does not have, proved by booting a kernel of them and reading the size in a Go program."""

from pathlib import Path

import msgspec
import pytest

from seatrial.model.go_target import GoTarget
from seatrial.store import Store, default_root
from seatrial.toolchains import compile_probe, find_go
from support.machines import boot_machine, machine_spec

_PROGRAM = """package main

import (
	"fmt"
	"os"
	"syscall"
)

// The size that the kernel told, whether the program itself can be mapped at 4096 and at that size, the kernel's smaps.
func main() {
	page := os.Getpagesize()
	file, err := os.Open("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	_, small := syscall.Mmap(int(file.Fd()), 4096, 4096, syscall.PROT_READ, syscall.MAP_PRIVATE)
	_, own := syscall.Mmap(int(file.Fd()), int64(page), page, syscall.PROT_READ, syscall.MAP_PRIVATE)
	fmt.Println(page, small == nil, own == nil)
}
"""


def _pages(goarch: str, kernel: str, cpu: str, tmp_path: Path) -> tuple[str, int]:
    """What a program printed in a guest with this kernel, and what our init saw."""
    source = tmp_path / "pages"
    source.mkdir()
    (source / "main.go").write_text(_PROGRAM)
    (source / "go.mod").write_text("module example.com/pages\n\ngo 1.27\n")
    store = Store(default_root())
    program = compile_probe(find_go("", store), source, GoTarget("linux", goarch), store)
    spec = msgspec.structs.replace(machine_spec(goarch, kernel), cpu=cpu)
    machine = boot_machine(spec, store, snapshots=False)
    try:
        machine.put(program, "/app/pages")
        ended = machine.run(["/app/pages"], {}, "/", 30.0)
        assert ended.exit_code == 0, ended.stderr
        return ended.stdout.decode().strip(), machine.seen.page_size
    finally:
        machine.close()


@pytest.mark.vm
@pytest.mark.go
@pytest.mark.parametrize(
    ("goarch", "kernel", "cpu", "size"),
    [
        ("arm64", "debian-sid-16k", "neoverse-n1", 16384),
        ("loong64", "debian-sid", "", 16384),
        ("ppc64le", "debian-12", "", 65536),
        pytest.param("arm64", "debian-13-16k", "neoverse-n1", 16384, marks=pytest.mark.sweep),
    ],
)
def test_a_program_lives_with_the_page_size_of_its_kernel(
    goarch: str, kernel: str, cpu: str, size: int, tmp_path: Path
) -> None:
    printed, seen = _pages(goarch, kernel, cpu, tmp_path)
    assert seen == size
    assert printed == f"{size} false true"


@pytest.mark.vm
@pytest.mark.go
def test_a_kernel_of_small_pages_shows_them(tmp_path: Path) -> None:
    printed, seen = _pages("arm64", "debian-12", "neoverse-n1", tmp_path)
    assert seen == 4096
    assert printed == "4096 true true"

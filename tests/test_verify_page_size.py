"""`verify` with the platform's 64K pages: by QEMU's older user emulation, and never without proof."""

from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.model.report import Report, Stage
from seatrial.model.states import StageName
from seatrial.packages import Package, Packages
from seatrial.runners import page_size
from seatrial.runners.emulators import Emulator, emulators, older_emulator
from seatrial.store import Store, default_root
from seatrial.tables.architectures import architectures
from support.verification import own_store, run

_KUNPENG = "kylin-v10-sp1/kunpeng-920"
_ROW = architectures()["arm64"]

_TAKES_4K = """package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("pages of", os.Getpagesize())
	if os.Getpagesize() != 4096 {
		fmt.Println("unsupported system page size") // as jemalloc says it
		os.Exit(1)
	}
}
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that knows pages of 4096 bytes only."""
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "main.go").write_text(_TAKES_4K)
    (folder / "go.mod").write_text("module example.com/pages\n\ngo 1.27\n")
    (folder / "seatrial.toml").write_text("[smoke]\nexit_code = 0\n")
    return folder


@pytest.fixture(scope="module")
def found() -> tuple[Emulator, Emulator]:
    """QEMU 10 and QEMU 7 for arm64."""
    store = Store(default_root())
    newer, older = emulators(store, Packages(store, print), _ROW)
    for one in (newer, older):
        if isinstance(one, CouldNotCheck):
            pytest.skip(f"QEMU for arm64 was missing: {one}")
    assert isinstance(newer, Emulator)
    assert isinstance(older, Emulator)
    return newer, older


def _smoke(report: Report) -> Stage:
    (stage,) = (stage for cell in report.cells for stage in cell.stages if stage.stage is StageName.SMOKE)
    return stage


@pytest.mark.go
@pytest.mark.qemu7
@pytest.mark.usefixtures("found")
def test_a_program_that_takes_pages_to_be_4k_fails(program: Path, tmp_path: Path) -> None:
    store = own_store(tmp_path / "store")
    stage = _smoke(run(store, program, _KUNPENG, stages=(StageName.SMOKE,), runner="page-size"))
    assert (stage.state, stage.runner) == ("fail", "page-size")
    assert "pages of 65536" in stage.output
    assert "page size" not in {one.fact for one in stage.substitutes}


@pytest.mark.go
@pytest.mark.qemu
def test_an_emulator_that_ignores_the_page_size_is_found(
    program: Path, tmp_path: Path, found: tuple[Emulator, Emulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_size, "older_emulator", lambda *_: found[0])
    stage = _smoke(run(own_store(tmp_path / "store"), program, _KUNPENG, stages=(StageName.SMOKE,), runner="page-size"))
    assert stage.state == "environment"
    assert "page_size 4096 in place of 65536" in stage.reason.text


@pytest.mark.go
def test_the_hosts_own_page_size_needs_no_such_runner(program: Path, tmp_path: Path) -> None:
    store = own_store(tmp_path / "store")
    stage = _smoke(run(store, program, "debian-12/arm64", stages=(StageName.SMOKE,), runner="page-size"))
    assert stage.state == "not-run"
    assert "Pages of 4096 bytes are this host's own" in stage.reason.text


def test_the_older_release_alone_is_asked_for(tmp_path: Path) -> None:
    asked = []

    class Refusing(Packages):
        def fetch(self, name: str, newer: bool = False) -> Package:
            asked.append(name)
            raise CouldNotCheck("no network")

    store = Store(tmp_path)
    assert isinstance(older_emulator(store, Refusing(store, print), architectures()["mips"]), CouldNotCheck)
    assert asked == ["qemu-user-7"]

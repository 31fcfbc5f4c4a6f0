"""QEMU's system emulation: an installed one that is new enough, else the unpacked one, which must run."""

import os
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.model.machine import SystemEmulator
from seatrial.packages import Package, Packages
from seatrial.packages.system_emulators import WANTED_MAJOR, system_emulator
from seatrial.processes import run
from seatrial.store import Store, default_root
from seatrial.tables.packages import packages as package_rows
from seatrial.tables.system_emulators import LIBRARIES, system_emulators


def _unpacked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, goarch: str) -> SystemEmulator:
    """The one that is fetched, whatever is installed; only what fetching needs is on the PATH."""
    store = Store(default_root())
    monkeypatch.setattr("seatrial.packages.system_emulators.shutil.which", lambda _: None)
    try:
        return system_emulator(store, Packages(store, print), goarch)
    except CouldNotCheck as error:
        pytest.skip(f"QEMU for {goarch} was missing: {error}")


def test_the_unpacked_one_runs_with_its_own_libraries_and_firmware(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    emulator = _unpacked(monkeypatch, tmp_path, "amd64")
    assert int(emulator.version.split(".")[0]) >= WANTED_MAJOR
    names = {tool.name for tool in emulator.tools}
    assert {"qemu-system-x86_64", "qemu-system-x86", "qemu-system-data", "seabios", "libglib2.0-0"} <= names
    environment = {"PATH": os.defpath, **emulator.environment}
    models = run([emulator.path, *emulator.arguments, "-cpu", "help"], environment, 20.0)
    assert models.ok
    assert "YongFeng" in models.stdout
    # Firmware is found in the private tree: without a file of that name QEMU would not start at all.
    machine = ["-M", "q35", "-nodefaults", "-display", "none", "-S", "-monitor", "stdio", "-bios", "qboot.rom"]
    started = run([emulator.path, *emulator.arguments, *machine], environment, 20.0, stdin=b"quit\n")
    assert started.ok, started.stderr


def test_nothing_of_the_host_but_the_c_library_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    emulator = _unpacked(monkeypatch, tmp_path, "amd64")
    environment = {**emulator.environment, "LD_TRACE_LOADED_OBJECTS": "1"}
    listed = run([emulator.path], environment, 20.0).stdout
    outside = {line.split()[0] for line in listed.splitlines() if "=> /" in line and str(default_root()) not in line}
    assert outside <= {"libc.so.6", "libm.so.6", "libgcc_s.so.1"}


def _fake(directory: Path, program: str, version: str) -> None:
    directory.mkdir(exist_ok=True)
    path = directory / program
    path.write_text(f"#!/bin/sh\necho QEMU emulator version {version}\n")
    path.chmod(0o755)


class _Refusing(Packages):
    def fetch(self, name: str, newer: bool = False) -> Package:
        raise CouldNotCheck(f"asked for {name}")


def test_an_installed_one_that_is_new_enough_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _fake(tmp_path / "bin", "qemu-system-aarch64", "10.1.2")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    store = Store(tmp_path / "store")
    emulator = system_emulator(store, _Refusing(store, print), "arm64")
    assert (emulator.version, emulator.arguments, emulator.environment) == ("10.1.2", (), {})
    assert emulator.path == str(tmp_path / "bin/qemu-system-aarch64")


@pytest.mark.parametrize("version", ["7.2.22", "nonsense"])
def test_an_installed_one_that_is_too_old_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str) -> None:
    _fake(tmp_path / "bin", "qemu-system-aarch64", version)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    store = Store(tmp_path / "store")
    with pytest.raises(CouldNotCheck, match="asked for qemu-system-arm"):
        system_emulator(store, _Refusing(store, print), "arm64")


def test_an_architecture_without_one_is_said(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(CouldNotCheck, match=r"No QEMU system emulator is known for mips.*amd64"):
        system_emulator(store, Packages(store, print), "mips")


def test_every_row_has_its_package() -> None:
    assert {row.package for row in system_emulators().values()} | {LIBRARIES} <= set(package_rows())

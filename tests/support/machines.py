"""Machines for the tests: Debian's kernels, seatrial's own QEMU and init, and a program that does things in guests."""

from functools import cache
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.machines import Machine, boot, init_program
from seatrial.model.go_target import GoTarget
from seatrial.model.machine import MachineSpec, SystemEmulator
from seatrial.packages import Packages
from seatrial.packages.kernels import fetch
from seatrial.packages.system_emulators import system_emulator
from seatrial.store import Store, default_root
from seatrial.toolchains import compile_probe, find_go

__all__ = ["GUEST", "KERNELS", "boot_machine", "emulator", "guest_program", "init", "machine_spec", "with_guest"]

KERNELS = {
    "amd64": "debian-12",
    "arm64": "debian-12",
    "riscv64": "debian-13",
    "loong64": "debian-sid",
    "s390x": "debian-12",
    "ppc64le": "debian-12",
    "arm": "debian-12",
}
"""The kernel of each architecture that boots fastest."""

GUEST = "/app/guest"
"""Where the program of `tests/machines/guest` is in the guest."""


@cache
def _store() -> Store:
    return Store(default_root())


@cache
def emulator(goarch: str) -> SystemEmulator:
    """Seatrial's QEMU for it; the test is skipped where there is none."""
    try:
        return system_emulator(_store(), Packages(_store(), print), goarch)
    except CouldNotCheck as error:
        pytest.skip(f"QEMU for {goarch} was missing: {error}")


def machine_spec(goarch: str, kernel: str = "") -> MachineSpec:
    """A machine under TCG, so that every host shows the same; the test is skipped where its kernel cannot be had."""
    try:
        found = fetch(_store(), Packages(_store(), print), kernel or KERNELS[goarch], goarch)
    except CouldNotCheck as error:
        pytest.skip(f"the kernel {kernel or KERNELS[goarch]} for {goarch} was missing: {error}")
    return MachineSpec(goarch, found, accelerator="tcg")


def init(goarch: str) -> Path:
    """The guest's init."""
    return init_program(find_go(), goarch, _store())


def boot_machine(spec: MachineSpec, store: Store, snapshots: bool = True) -> Machine:
    """The machine, ready."""
    return boot(spec, emulator(spec.goarch), init(spec.goarch), store, print, snapshots)


def guest_program(goarch: str) -> Path:
    """The program of `tests/machines/guest`."""
    return compile_probe(
        find_go(), Path(__file__).parents[1] / "machines" / "guest", GoTarget("linux", goarch), _store()
    )


def with_guest(machine: Machine) -> Machine:
    """The machine with that program in it."""
    machine.put(guest_program(machine.spec.goarch), GUEST)
    return machine

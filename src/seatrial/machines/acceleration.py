"""Whether a machine can run under KVM here: only where one has booted under it.

`/dev/kvm` that can be opened proves nothing: under nested virtualisation guests hang (facts/emulation.md, section 1).
"""

import os
import platform
from pathlib import Path

from seatrial.model.machine import MachineSpec, SystemEmulator
from seatrial.store import Store, digest
from seatrial.tables.architectures import goarch_of_machine
from seatrial.tables.guest_machines import GuestMachine

__all__ = ["CANARY_SECONDS", "Trials", "unfit"]

CANARY_SECONDS = 5.0
"""In which the first machine under KVM must be ready."""

_DEVICE = Path("/dev/kvm")


def unfit(spec: MachineSpec, row: GuestMachine) -> str:
    """Why this machine cannot be under KVM, without trying; "" where it may be."""
    host = goarch_of_machine(platform.machine())
    if spec.goarch != host:
        return f"KVM on this host runs {host or platform.machine()} only"
    if not row.kvm:
        return f"machines for {spec.goarch} are not booted under KVM"
    if row.kvm == "host" and spec.cpu not in ("", "host"):
        return f"under KVM a machine for {spec.goarch} has the host's CPU only, not {spec.cpu}"
    try:
        os.close(os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"{_DEVICE}: {error.strerror}"
    return ""


class Trials:
    """What is known of KVM with this host, this QEMU and this kernel."""

    def __init__(self, store: Store, spec: MachineSpec, emulator: SystemEmulator) -> None:
        self._store = store
        self._key = digest(os.uname().release, _host_cpu(), emulator.sha256, spec.goarch, spec.kernel.sha256)

    def result(self) -> str | None:
        """Why it does not work, "" where it does; None where nobody has tried."""
        return self._store.get("kvm-trials", self._key, str)

    def remember(self, result: str) -> None:
        """Keep it, for as long as the host has this kernel."""
        self._store.put("kvm-trials", self._key, result)


def _host_cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith("model name")), "")

"""Boots a machine: starts QEMU, waits for our init, and compares what the guest saw with what it was told to be."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

import seatrial
from seatrial.machines import command_line
from seatrial.machines.channel import ChannelClosed, ChannelTimeout, Kind
from seatrial.machines.emulation import Emulation
from seatrial.machines.initramfs import initramfs
from seatrial.machines.machine import Machine
from seatrial.machines.proof import compare
from seatrial.model.go_target import GoTarget
from seatrial.model.machine import BootStage, MachineSpec, Seen, SystemEmulator, VmLost
from seatrial.store import Store
from seatrial.tables.guest_machines import guest_machines
from seatrial.toolchains import GoToolchain, compile_probe

__all__ = ["boot", "init_program"]

_BOOT_SECONDS = 120.0
"""Ten times what the slowest took on a busy machine."""
_BEGIN_SECONDS = 20.0
_ENTROPY = 64

_INIT = Path(seatrial.__file__).parent / "probes" / "init"


def init_program(go: GoToolchain, goarch: str, store: Store) -> Path:
    """The guest's init for this GOARCH, built once. Raises CouldNotCheck when it cannot be built."""
    return compile_probe(go, _INIT, GoTarget("linux", goarch), store)


def boot(
    spec: MachineSpec, emulator: SystemEmulator, init: Path, store: Store, note: Callable[[str], None] = lambda _: None
) -> Machine:
    """A machine that is ready.

    Raises VmLost where it does not come up in two attempts, WrongMachine where the guest saw another one than it was
    told to be; UsageError and CouldNotCheck for a machine that cannot be.
    """
    row = command_line.check(spec)
    argv = command_line.machine_arguments(spec, emulator, row, "tcg")
    argv += command_line.files(spec, initramfs(spec.kernel, init, store))
    try:
        return _start(argv, spec, emulator, _BOOT_SECONDS)
    except VmLost as error:
        if error.stage not in (BootStage.KERNEL, BootStage.INIT):
            raise
        note(f"starting the machine once more: {error}")
    machine = _start(argv, spec, emulator, _BOOT_SECONDS)
    machine.attempts = 2
    return machine


def _start(argv: list[str], spec: MachineSpec, emulator: SystemEmulator, seconds: float) -> Machine:
    began = time.monotonic()
    emulation = Emulation(argv, emulator, guest_machines()[spec.goarch].device_tree)
    try:
        try:
            while emulation.channel.receive(began + seconds).kind is not Kind.HELLO:
                pass
        except ChannelTimeout:
            raise emulation.lost(BootStage.KERNEL, f"our init has not reported within {seconds:.0f} s") from None
        except ChannelClosed:
            raise emulation.lost(BootStage.KERNEL, "") from None
        seen = _begin(emulation)
        compare(spec, seen)
    except BaseException:  # Ctrl-C too
        emulation.close()
        raise
    machine = Machine(emulation, spec, emulator, seen)
    machine.boot_seconds = time.monotonic() - began
    return machine


def _begin(emulation: Emulation) -> Seen:
    """Give the guest its clock and entropy; what it saw of its machine."""
    try:
        emulation.channel.send_json(Kind.BEGIN, {"time": time.time_ns(), "entropy": os.urandom(_ENTROPY)})
        while (frame := emulation.channel.receive(time.monotonic() + _BEGIN_SECONDS)).kind is not Kind.SEEN:
            if frame.kind is Kind.ERROR:
                raise emulation.lost(BootStage.INIT, frame.payload.decode("utf-8", "replace"))
    except ChannelTimeout:
        raise emulation.lost(BootStage.INIT, f"our init has not begun within {_BEGIN_SECONDS:.0f} s") from None
    except ChannelClosed:
        raise emulation.lost(BootStage.INIT, "") from None
    return msgspec.json.decode(frame.payload, type=Seen)

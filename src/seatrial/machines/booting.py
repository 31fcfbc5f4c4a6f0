"""Boots a machine: starts QEMU, waits for our init, and compares what the guest saw with what it was told to be."""

import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import msgspec

import seatrial
from seatrial.decoding import ready
from seatrial.errors import CouldNotCheck
from seatrial.machines import command_line
from seatrial.machines.acceleration import CANARY_SECONDS, Trials, unfit
from seatrial.machines.channel import ChannelClosed, ChannelTimeout, Kind
from seatrial.machines.emulation import FDSET, Emulation
from seatrial.machines.initramfs import initramfs
from seatrial.machines.machine import Machine
from seatrial.machines.proof import compare
from seatrial.machines.qmp import QmpError
from seatrial.machines.snapshots import Snapshots
from seatrial.model.go_target import GoTarget
from seatrial.model.machine import BootStage, MachineSpec, Seen, SystemEmulator, VmLost, WrongMachine
from seatrial.processes import interrupted
from seatrial.store import Store
from seatrial.tables.guest_machines import GuestMachine
from seatrial.toolchains import GoToolchain, compile_probe

__all__ = ["boot", "init_program"]

_BOOT_SECONDS = 120.0
"""Ten times what the slowest took on a busy machine."""
_BEGIN_SECONDS = 20.0
_IDLE_SECONDS = 0.03
"""Three times the longest nap of a thread of the Go runtime that watches the others (sysmon, runtime/proc.go)."""
_SETTLE_SECONDS = 5.0
_ENTROPY = 64

_INIT = Path(seatrial.__file__).parent / "probes" / "init"


def init_program(go: GoToolchain, goarch: str, store: Store) -> Path:
    """The guest's init for this GOARCH, built once. Raises CouldNotCheck when it cannot be built."""
    return compile_probe(go, _INIT, GoTarget("linux", goarch), store)


def boot(
    spec: MachineSpec,
    emulator: SystemEmulator,
    init: Path,
    store: Store,
    note: Callable[[str], None] = lambda _: None,
    snapshots: bool = True,
) -> Machine:
    """A machine that is ready: restored from a snapshot where there is one, else booted, and a snapshot made.

    Raises VmLost where it does not come up in two attempts, WrongMachine where the guest saw another one than it was
    told to be; UsageError and CouldNotCheck for a machine that cannot be.
    """
    row = command_line.check(spec)
    booting = _Booting(spec, emulator, row, initramfs(spec.kernel, init, store), store, note)
    reason = ""
    if spec.accelerator != "tcg":
        machine, reason = booting.under_kvm()
        if machine:
            return machine
        if spec.accelerator == "kvm":
            raise CouldNotCheck(f"No machine can be booted under KVM here: {reason}.", "Use the accelerator tcg.")
    snapshots = snapshots and (row.restarts_timers or spec.cpus > 1)
    machine = (booting.restored() if snapshots else None) or booting.booted(snapshots)
    machine.accelerator_reason = reason
    return machine


@dataclass(frozen=True)
class _Booting:
    """The ways to a machine."""

    spec: MachineSpec
    emulator: SystemEmulator
    row: GuestMachine
    initrd: Path
    store: Store
    note: Callable[[str], None]

    def _argv(self, accelerator: str) -> list[str]:
        machine = command_line.machine_arguments(self.spec, self.emulator, self.row, accelerator)
        return [*machine, *command_line.files(self.spec, self.initrd)]

    @cached_property
    def _snapshots(self) -> Snapshots:
        return Snapshots(self.store)

    @cached_property
    def _key(self) -> str:
        return self._snapshots.key(self._argv("tcg"), self.emulator, [self.spec.kernel.sha256, self.initrd.parent.name])

    def under_kvm(self) -> tuple[Machine | None, str]:
        """A machine under KVM, or why there is none: only where a plain one was ready under it in seconds."""
        if reason := unfit(self.spec, self.row):
            return None, reason
        trials = Trials(self.store, self.spec, self.emulator)
        known = trials.result()
        if known is None:
            known = self._canary()
            trials.remember(known)
        if known:
            return None, known
        machine = self._start(self._argv("kvm"), _BOOT_SECONDS)
        machine.accelerator = "kvm"
        return machine, ""

    def _canary(self) -> str:
        """Why a plain machine does not come up under KVM; "" where it does."""
        plain = MachineSpec(self.spec.goarch, self.spec.kernel, cpus=1, cgroup=self.spec.cgroup)
        booting = replace(self, spec=plain)
        try:
            booting._start(booting._argv("kvm"), CANARY_SECONDS).close()
        except (VmLost, WrongMachine) as error:
            if interrupted():
                raise
            return f"a first machine under KVM failed: {error}"
        return ""

    def restored(self) -> Machine | None:
        """A machine from a snapshot; None where there is none, or where it was of no use and is deleted."""
        with self._snapshots.open(self._key) as state:
            if state is None:
                return None
            began = time.monotonic()
            argv = [*self._argv("tcg"), "-incoming", f"file:/dev/fdset/{FDSET}"]
            try:
                machine = self._ready(Emulation(argv, self.emulator, state=state), began)
            except (VmLost, WrongMachine) as error:
                if interrupted():
                    raise
                self.note(f"a snapshot is of no use and is deleted: {error}")
                self._snapshots.drop(self._key)
                return None
        machine.restored = True
        return machine

    def booted(self, snapshots: bool) -> Machine:
        """A machine that was booted; when that fails, in a second attempt."""
        try:
            return self._start(self._argv("tcg"), _BOOT_SECONDS, snapshots)
        except VmLost as error:
            if interrupted() or error.stage not in (BootStage.KERNEL, BootStage.INIT):
                raise
            self.note(f"starting the machine once more: {error}")
        machine = self._start(self._argv("tcg"), _BOOT_SECONDS)
        machine.attempts = 2
        return machine

    def _start(self, argv: list[str], seconds: float, snapshot: bool = False) -> Machine:
        began = time.monotonic()
        with self._snapshots.new() if snapshot else nullcontext() as state:
            emulation = Emulation(argv, self.emulator, self.row.device_tree, state)
            try:
                _await_hello(emulation, seconds)
                if state is not None:
                    self._save(emulation, state)
            except BaseException:  # Ctrl-C too
                emulation.close()
                raise
        return self._ready(emulation, began)

    def _save(self, emulation: Emulation, state: int) -> None:
        """Keep a snapshot, once the guest is idle: an interrupt of a timer that is under way would not be in it."""
        if not emulation.is_quiet(_IDLE_SECONDS, _SETTLE_SECONDS):
            self.note("no snapshot is kept of this machine: it does not come to rest")
            return
        try:
            self._snapshots.save(self._key, state, emulation.qmp, FDSET)
        except QmpError as error:
            self.note(f"no snapshot can be kept of this machine: {error}")
            try:
                emulation.qmp.ask("cont")  # it may have stopped for it
            except QmpError:
                raise emulation.lost(BootStage.READY, f"a snapshot could not be made: {error}") from error

    def _ready(self, emulation: Emulation, began: float) -> Machine:
        try:
            seen = _begin(emulation)
            compare(self.spec, seen)
        except BaseException:
            emulation.close()
            raise
        machine = Machine(emulation, self.spec, self.emulator, seen)
        machine.boot_seconds = time.monotonic() - began
        return machine


def _await_hello(emulation: Emulation, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    try:
        while emulation.channel.receive(deadline).kind is not Kind.HELLO:
            pass
    except ChannelTimeout:
        raise emulation.lost(BootStage.KERNEL, f"our init has not reported within {seconds:.0f} s") from None
    except ChannelClosed:
        raise emulation.lost(BootStage.KERNEL, "") from None


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
    return msgspec.json.decode(frame.payload, type=ready(Seen))

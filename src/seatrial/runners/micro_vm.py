"""A virtual machine of the platform's own CPU model, booted by QEMU with a kernel near the platform's.

One boot serves all programs, test binaries and probes of a platform (`seatrial.machines.session`).
"""

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck, SeatrialError
from seatrial.host import HostFacts, host
from seatrial.machines.session import Session
from seatrial.model.finding import Evidence
from seatrial.model.machine import (
    BootStage,
    CgroupMode,
    Kernel,
    MachineSpec,
    Proof,
    Seen,
    SystemEmulator,
    VmLost,
    WrongMachine,
)
from seatrial.model.platform import Platform
from seatrial.model.report import ToolVersion
from seatrial.model.runner import CannotOffer, Door, Offer, Workload
from seatrial.model.states import Fidelity, State
from seatrial.packages import Packages, kernels
from seatrial.packages.system_emulators import system_emulator
from seatrial.runners.loaders import Loader, Sysroot, ask_version, cannot_fetch, libc_version, sysroot
from seatrial.runners.substitutes import Place, compare
from seatrial.store import Store, digest
from seatrial.tables.calibration import instructions
from seatrial.tables.guest_machines import guest_machines
from seatrial.tables.machines import second_machine
from seatrial.tables.messages import message

__all__ = ["CPUS", "MEMORY", "MicroVm", "machine_for", "place_in", "runs"]

_TIME_FACTOR = 15.0
"""QEMU's system emulation takes about twice as long as its user emulation, and a machine has few CPUs."""
MEMORY = 2 << 30
"""Bytes: the heap of the conformance suite's largest case, twice. This host pays for what a guest has touched only."""
CPUS = 2
_MOST_MACHINES = 3
"""Booted at the same time: each has about 300 MB of this host's memory."""


def runs(guest: str, goarch: str) -> bool:
    """Whether a Linux guest of one GOARCH may run programs of another: its own, or those of a compatibility mode."""
    return guest == goarch or second_machine("linux", guest, goarch) is not None


def machine_for(platform: Platform, kernel: Kernel, facts: HostFacts) -> MachineSpec:
    """The machine that stands for a platform.

    KVM is left aside where it would show too little: it executes every instruction that this host's CPU has, whatever
    the guest's CPUID says.
    """
    cgroup = next((mode for mode in CgroupMode if mode == platform.cgroup.value), CgroupMode.V2)
    return MachineSpec(
        goarch=platform.goarch,
        kernel=kernel,
        cpu=platform.qemu.model if platform.qemu else "",
        cpus=CPUS,
        memory=MEMORY,
        cgroup=cgroup if cgroup in kernel.cgroups else CgroupMode.V2,
        accelerator="tcg" if _beyond(platform, facts) else "auto",
    )


def _beyond(platform: Platform, facts: HostFacts) -> tuple[str, ...]:
    """Features that this host's CPU executes and the platform's has not; nothing on another architecture."""
    if platform.goarch != facts.goarch or platform.features.value is None:
        return ()
    shown = {row.feature for row in instructions(platform.goarch)} & facts.cpu_features
    return tuple(sorted(shown.difference(platform.features.value)))


class MicroVm:
    """Runs Linux programs of the architectures that there are kernels for."""

    name = "micro-vm"

    def __init__(
        self,
        store: Store,
        packages: Packages,
        init: Callable[[str], Path],
        facts: HostFacts | None = None,
    ) -> None:
        """`init` gives the guest's init for a GOARCH, and may raise CouldNotCheck."""
        self._store = store
        self._packages = packages
        self._init = init
        self._host = facts or host()
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def offers(self, platform: Platform, workload: Workload) -> Iterator[Offer | CannotOffer]:
        """One way, or why there is none; nothing at all for programs of another operating system."""
        if workload.goos != "linux" or platform.goos != "linux":
            return
        if platform.goarch not in guest_machines() or not runs(platform.goarch, workload.goarch):
            what = f"linux/{workload.goarch}"
            reason = message("runners.no_machine", what=what)
            yield CannotOffer(self.name, reason, "cannot-run", message("runners.needs_machine", what=what))
            return
        yield self._offer(platform, workload)

    def close(self) -> None:
        """End every machine for good. Offers made before do not work any more."""
        with self._lock:
            for session in self._sessions.values():
                session.end()
            self._sessions.clear()

    def _offer(self, platform: Platform, workload: Workload) -> Offer | CannotOffer:
        goarch = platform.goarch
        what = f"QEMU and a kernel for {goarch}"
        try:
            emulator = system_emulator(self._store, self._packages, goarch)
            kernel = kernels.fetch(self._store, self._packages, kernels.nearest(platform), goarch)
            init = self._init(goarch)
        except CouldNotCheck as error:
            return cannot_fetch(self.name, what, error, "no-emulator")
        root: Sysroot | None = None
        if workload.interpreter:
            made = sysroot(self._store, self._packages, self.name, libc_version(platform), workload)
            if isinstance(made, CannotOffer):
                return made
            root = made
        spec = machine_for(platform, kernel, self._host)
        limits: list[str] = []
        try:
            session, proof = self._booted(spec, emulator, init)
        except VmLost as lost:
            if lost.stage is not BootStage.EMULATOR or not spec.cpu:
                return _refused(self.name, lost)
            default = guest_machines()[spec.goarch].cpu
            limits.append(f"CPU model {spec.cpu}: {emulator.name} does not make it, {default} stands for it")
            spec = msgspec.structs.replace(spec, cpu="")
            try:
                session, proof = self._booted(spec, emulator, init)
            except (VmLost, WrongMachine, SeatrialError) as error:
                return _refused(self.name, error)
        except (WrongMachine, SeatrialError) as error:
            return _refused(self.name, error)
        return self._offer_of(platform, workload, session, proof, root, tuple(limits))

    def _booted(self, spec: MachineSpec, emulator: SystemEmulator, init: Path) -> tuple[Session, Proof]:
        """The session of this machine, with what its guest showed when it was first booted. Raises as `Session`."""
        wanted = Session(spec, emulator, init, self._store, self._packages.note, self._make_room)
        key = digest(wanted.key, self._host.kernel)
        with self._lock:
            session = self._sessions.setdefault(wanted.key, wanted)
        proof = self._store.get("machine-proofs", key, Proof)
        if proof is None:
            proof = session.proof()
            self._store.put("machine-proofs", key, proof)
        return session, proof

    def _make_room(self, wanted: Session) -> None:
        with self._lock:
            booted = [one for one in self._sessions.values() if one.booted and one is not wanted]
        booted.sort(key=lambda one: one.used)
        for one in booted[: max(0, len(booted) - _MOST_MACHINES + 1)]:
            one.rest()

    def _offer_of(
        self,
        platform: Platform,
        workload: Workload,
        session: Session,
        proof: Proof,
        root: Sysroot | None,
        limits: tuple[str, ...],
    ) -> Offer | CannotOffer:
        emulator, spec = session.emulator, session.spec
        client = (*session.client, *(("--root", str(root.path)) if root else ()))
        loader: Loader | None = None
        if root:
            path = root.path / workload.interpreter.lstrip("/")
            libc = ask_version(self._store, (*client, "--"), path, workload.libc, root.key, session.key)
            if not libc:
                reason = message("runners.loader_dies", emulator=emulator.name, interpreter=workload.interpreter)
                return CannotOffer(self.name, reason, "no-sysroot", message("runners.needs_emulator"))
            loader = Loader(workload.interpreter, libc)
        substitutes, same = compare(platform, place_in(session, proof, loader.libc if loader else ""))
        known = platform.features.value or ()
        tools = [*emulator.tools, *((spec.kernel.package,) if spec.kernel.package else ())]
        tools += [ToolVersion(one.name, one.version, one.sha256, one.root) for one in (root.packages if root else ())]
        return Offer(
            runner=self.name,
            implementation=f"{self.name} {emulator.version}",
            fidelity=Fidelity.CPUID_VM if proof.accelerator == "kvm" else Fidelity.SYSTEM_EMULATION,
            prefix=(*client, "--"),
            substitutes=substitutes,
            same=same,
            loader=str(loader) if loader else "",
            libc_version=loader.version if loader else "",
            lacks=tuple(sorted(set(known) - _features(proof.seen))) if proof.seen.features else (),
            limits=limits,
            notes=self._notes(platform, proof),
            time_factor=_TIME_FACTOR,
            tools=tuple(tools),
            door=Door(
                session=session.name,
                token=session.token,
                one_cpu=(*client, "--one-cpu", "--"),
                shown=("seatrial", "vm", "run", "-t", platform.name),
            ),
            key=digest(session.key, root.key if root else "", proof.accelerator, limits),
        )

    def _notes(self, platform: Platform, proof: Proof) -> tuple[Evidence, ...]:
        beyond = ", ".join(_beyond(platform, self._host))
        if not beyond:
            return ()
        if proof.accelerator == "kvm":
            text = f"uses of {beyond}: under KVM this host's CPU executes them, whatever CPUID says"
            return (Evidence("not shown", text, self.name),)
        text = f"TCG. KVM could not show a use of {beyond}: this host's CPU executes them, whatever CPUID says"
        return (Evidence("accelerator", text, self.name),)


def place_in(session: Session, proof: Proof, libc: str = "") -> Place:
    """What a program finds in a machine. `libc`: family and version of the C library that it brings along."""
    model = session.spec.cpu or guest_machines()[session.spec.goarch].cpu
    return Place(
        cpu=f"QEMU {session.emulator.version} {model}",
        kernel=proof.seen.kernel,
        libc=libc,
        page_size=proof.seen.page_size,
        cgroup=proof.seen.cgroup,
    )


def _features(seen: Seen) -> set[str]:
    """The CPU's features one by one: riscv64's kernel writes those of one letter as one word ("rv64imafdc")."""
    letters = {letter for word in seen.features if re.match(r"rv(32|64)", word) for letter in word[4:]}
    return {*seen.features, *letters}


def _refused(runner: str, error: VmLost | WrongMachine | SeatrialError) -> CannotOffer:
    needs = message("runners.needs_vm")
    if isinstance(error, VmLost):
        why = message("run.vm-lost", stage=error.stage, why=error.why.rstrip("."))
        return CannotOffer(runner, why, "vm-lost", needs, State.ENVIRONMENT)
    why = message("run.machine", why=str(error).rstrip("."))
    if isinstance(error, WrongMachine):
        return CannotOffer(runner, why, "mismatch", needs, State.ENVIRONMENT)
    return CannotOffer(runner, why, "cannot-run", needs)

"""`seatrial vm run` and `vm shell`: one machine as the user describes it, and one command in it."""

import shlex
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from seatrial import platforms
from seatrial.errors import CouldNotCheck, UsageError
from seatrial.formats import read_binary
from seatrial.host import host
from seatrial.linking.locate import Locator
from seatrial.machines import init_program
from seatrial.machines.carry import Order
from seatrial.machines.machine import Machine
from seatrial.machines.session import Session
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat
from seatrial.model.machine import CgroupMode, Ended, Kernel, Limits, MachineSpec, Proof
from seatrial.model.platform import Platform
from seatrial.model.report import Substitute
from seatrial.model.runner import CannotOffer, Workload
from seatrial.packages import Packages, kernels
from seatrial.packages.system_emulators import system_emulator
from seatrial.runners.loaders import libc_version, sysroot
from seatrial.runners.micro_vm import CPUS, MEMORY, machine_for, place_in, runs
from seatrial.runners.substitutes import compare
from seatrial.store import Store
from seatrial.tables.packages import packages as package_rows
from seatrial.toolchains import find_go

__all__ = ["Described", "Made", "Result", "busybox", "made", "run", "shell"]


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """A machine as it is described on the command line; what is not said is the platform's, or the usual."""

    target: str = ""
    platforms: tuple[str, ...] = ()
    arch: str = ""
    cpu: str = ""
    kernel: str = ""
    """A name of `seatrial vm kernels`, or the path of a kernel's file."""
    cpus: int = 0
    numa_nodes: int = 1
    memory: int = 0
    cgroup: str = ""
    clock_source: str = ""
    append: tuple[str, ...] = ()
    accelerator: str = ""
    carry: tuple[str, ...] = ()
    """What is carried into it besides the program."""
    go: str = ""


class Made(msgspec.Struct, frozen=True):
    """A machine, not booted yet."""

    session: Session
    root: str
    """The folder with loader and libraries that the program needs; "" for none."""
    platform: Platform | None
    """What it stands for, where that was said."""

    def substitutes(self, proof: Proof) -> tuple[Substitute, ...]:
        """In what the machine is not the platform."""
        return compare(self.platform, place_in(self.session, proof))[0] if self.platform else ()


class Result(msgspec.Struct, frozen=True):
    """How a command ended, and what the machine was."""

    proof: Proof
    ended: Ended


def made(described: Described, store: Store, note: Callable[[str], None], program: Path | None = None) -> Made:
    """The machine that is described. Raises UsageError and CouldNotCheck."""
    packages = Packages(store, note)
    facts = _facts(program) if program else None
    platform = _platform(described)
    arch = _arch(described, platform, facts)
    kernel = _kernel(described, store, packages, platform, arch)
    spec = _spec(described, platform, kernel, arch)
    emulator = system_emulator(store, packages, arch)
    session = Session(spec, emulator, init_program(find_go(described.go, store), arch, store), store, note)
    root = _root(store, packages, platform, arch, facts)
    if program and facts and root:
        _check_libraries(program, facts, Path(root), store, described.carry)
    return Made(session, root, platform)


def run(
    session: Session,
    order: Order,
    limits: Limits,
    *,
    seconds: float | None = None,
    stdin: bytes | Iterable[bytes] = b"",
    ready: Callable[[Machine], object] = lambda _: None,
    on_stdout: Callable[[bytes], object] | None = None,
    on_stderr: Callable[[bytes], object] | None = None,
) -> Result:
    """Run one command in the machine; `ready` is told when it stands.

    Raises VmLost, WrongMachine, UsageError and CouldNotCheck.
    """
    with session.machine(order) as machine:
        ready(machine)
        ended = machine.run(order.argv, order.env, order.cwd, seconds, stdin, limits, on_stdout, on_stderr)
        return Result(machine.proof, ended)


def shell(session: Session, order: Order, tools: Path, ready: Callable[[Machine], object]) -> Result:
    """A command on the user's terminal, with the small tools of a busybox in the guest's /bin. Raises as `run`."""
    with session.machine(order) as machine:
        machine.put(tools, "/bin/busybox")
        machine.run(["/bin/busybox", "--install", "-s", "/bin"], {})
        ready(machine)
        return Result(machine.proof, machine.shell(order.argv, order.env, order.cwd))


def busybox(store: Store, note: Callable[[str], None], goarch: str) -> Path:
    """A static busybox for guests of this GOARCH. Raises CouldNotCheck where there is none."""
    name = f"busybox-{goarch}"
    if name not in package_rows():
        raise CouldNotCheck(f"No shell is known for {goarch}.", "Use `seatrial vm run` with a program of your own.")
    package = Packages(store, note).fetch(name)
    return next(path for path in (package.path / "bin/busybox", package.path / "usr/bin/busybox") if path.is_file())


def _facts(program: Path) -> BinaryFacts | None:
    """None for what is no binary: a script, or a program of the guest's own."""
    try:
        facts = read_binary(program)
    except UsageError:
        return None
    # A static C program may say no system.
    if facts.format is not BinaryFormat.ELF or (isinstance(facts.goos, str) and facts.goos != "linux"):
        raise UsageError(f"{program} is no program for Linux: {facts.machine}.", "Machines boot Linux only.")
    return facts


def _platform(described: Described) -> Platform | None:
    if not described.target:
        return None
    found = platforms.load(Path(folder) for folder in described.platforms).select([described.target])
    if len(found) > 1:
        names = ", ".join(platform.name for platform in found[:5])
        raise UsageError(f"{described.target} names {len(found)} platforms: {names}.", "Name one machine.")
    if found[0].goos != "linux":
        raise UsageError(f"{found[0].name} is no Linux: no machine stands for it.", "Machines boot Linux only.")
    return found[0]


def _arch(described: Described, platform: Platform | None, facts: BinaryFacts | None) -> str:
    if described.arch and platform and described.arch != platform.goarch:
        raise UsageError(f"{platform.name} is {platform.goarch}, not {described.arch}.", "Leave --arch out.")
    of_program = facts.goarch if facts and isinstance(facts.goarch, str) else ""
    usual = "amd64" if of_program == "386" else of_program  # there is no kernel for 386 here
    arch = described.arch or (platform.goarch if platform else "") or usual or host().goarch
    if of_program and not runs(arch, of_program):
        stands = platform.name if platform else f"--arch {arch}"
        raise UsageError(f"The program is for {of_program}, and {stands} is {arch}.", f"Build it: GOARCH={arch}.")
    return arch


def _kernel(described: Described, store: Store, packages: Packages, platform: Platform | None, arch: str) -> Kernel:
    if "/" in described.kernel or Path(described.kernel).is_file():
        return kernels.own(store, packages, Path(described.kernel), arch)
    names = [row.name for row in kernels.kernels() if row.goarch == arch]
    if not names:
        known = ", ".join(sorted({row.goarch for row in kernels.kernels()}))
        raise UsageError(f"No kernel is known for {arch}.", f"There are kernels for {known}; or give your own.")
    usual = "debian-12" if "debian-12" in names else names[0]
    name = described.kernel or (kernels.nearest(platform) if platform else usual)
    return kernels.fetch(store, packages, name, arch)


def _spec(described: Described, platform: Platform | None, kernel: Kernel, arch: str) -> MachineSpec:
    usual = (
        machine_for(platform, kernel, host())
        if platform
        else MachineSpec(goarch=arch, kernel=kernel, cpus=CPUS, memory=MEMORY)
    )
    nodes = described.numa_nodes
    return msgspec.structs.replace(
        usual,
        cpu=described.cpu or usual.cpu,
        cpus=described.cpus or max(usual.cpus, nodes),
        numa_nodes=nodes,
        memory=described.memory or usual.memory,
        cgroup=CgroupMode(described.cgroup) if described.cgroup else usual.cgroup,
        clock_source=described.clock_source,
        arguments=described.append,
        accelerator=described.accelerator or usual.accelerator,
    )


def _root(store: Store, packages: Packages, platform: Platform | None, arch: str, facts: BinaryFacts | None) -> str:
    """For a dynamic program: the sysroot with its loader."""
    if facts is None or not facts.interpreter:
        return ""
    of_program = facts.goarch if isinstance(facts.goarch, str) else arch
    workload = Workload("linux", of_program, facts.interpreter, facts.libc)
    made = sysroot(store, packages, "micro-vm", libc_version(platform) if platform else "", workload)
    if isinstance(made, CannotOffer):
        raise CouldNotCheck(made.reason.text, made.needs.text)
    return str(made.path)


def _check_libraries(program: Path, facts: BinaryFacts, root: Path, store: Store, carry: tuple[str, ...]) -> None:
    """Raise UsageError for libraries that the program needs, and that are neither in the machine nor carried in."""
    there, here = Locator(program, facts, root), Locator(program, facts)
    carried = {path.name: str(path) for place in map(Path, carry) for path in (place, *place.rglob("*"))}
    missing: dict[str, str | Unknown] = {}
    seen: set[str] = set()
    asking = [(facts, program.parent)]
    for by, folder in asking:
        for library in () if isinstance(by.libraries, Unknown) else by.libraries:
            inside = there.find(library, by, folder).path
            if library in seen or (isinstance(inside, str) and Path(inside).is_relative_to(store.root)):
                continue  # in the machine: the root's own are links into the store
            seen.add(library)
            path: str | Unknown = carried.get(Path(library).name) or here.find(library, by, folder).path
            if Path(library).name not in carried:
                missing[library] = path
            if isinstance(path, str):
                asking.append((read_binary(Path(path)), Path(path).parent))
    if missing:
        carry_them = " ".join(f"--carry {shlex.quote(path)}" for path in missing.values() if isinstance(path, str))
        raise UsageError(
            f"{program} needs {', '.join(missing)}, which the machine does not have.",
            f"Carry what it needs: {carry_them or '--carry FILE'}.",
        )

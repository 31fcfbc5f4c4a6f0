"""The nouns of machines: a kernel, an emulator, what a virtual machine is told to be, and what its guest saw.

Made by `seatrial.packages` (kernels, emulators) and `seatrial.machines` (the rest).
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from seatrial.model.report import ToolVersion

__all__ = [
    "BootStage",
    "CgroupMode",
    "Ended",
    "Kernel",
    "Limits",
    "MachineSpec",
    "Proof",
    "Seen",
    "SystemEmulator",
    "VmLost",
    "WrongMachine",
]


class CgroupMode(StrEnum):
    """Which control groups the guest mounts."""

    V1 = "v1"
    V2 = "v2"
    HYBRID = "hybrid"


class BootStage(StrEnum):
    """How far a machine came, in order: named when it is lost."""

    EMULATOR = "emulator"
    """QEMU did not start, or ended before the kernel said anything."""
    KERNEL = "kernel"
    INIT = "init"
    """Our init started; it did not report that it is ready."""
    READY = "ready"
    """It waits for orders."""
    RUNNING = "running"
    """It was running a command."""


class Kernel(msgspec.Struct, frozen=True):
    """A Linux kernel that can be booted. Data of `tables/kernels.toml`, and the files of its package."""

    name: str
    """What a user names: "debian-12", "debian-13-16k"; the path of a user's own."""
    goarch: str
    version: str
    """As `uname -r` will say: "6.1.0-51-cloud-amd64"; "" where only the guest can tell."""
    image: str
    """Path of what QEMU's `-kernel` takes (unpacked where that boots faster)."""
    sha256: str
    """Of `image`."""
    page_size: int
    """Bytes."""
    cgroups: tuple[CgroupMode, ...]
    modules: tuple[str, ...] = ()
    """Paths of uncompressed modules in the order in which init must load them."""
    arguments: tuple[str, ...] = ()
    """Of the kernel command line, needed by this kernel everywhere."""
    builtin: tuple[str, ...] = ()
    """Features that it has without a module, as far as the table says ("virtio_console")."""
    package: ToolVersion | None = None
    """The distribution package that it was unpacked from; None for a user's own."""


class SystemEmulator(msgspec.Struct, frozen=True):
    """One `qemu-system-*` that runs here."""

    path: str
    version: str
    sha256: str
    goarch: str
    arguments: tuple[str, ...] = ()
    """To come first (`-L` of a private tree)."""
    environment: Mapping[str, str] = {}
    """QEMU_MODULE_DIR and the like."""
    tools: tuple[ToolVersion, ...] = ()

    @property
    def name(self) -> str:
        return f"qemu-system {self.version}"


class MachineSpec(msgspec.Struct, frozen=True):
    """What a machine is told to be."""

    goarch: str
    kernel: Kernel
    cpu: str = ""
    """The argument of `-cpu`; "" for the table's default of the architecture."""
    cpus: int = 2
    numa_nodes: int = 1
    memory: int = 512 << 20
    """Bytes."""
    cgroup: CgroupMode = CgroupMode.V2
    clock_source: str = ""
    """`tsc`, `hpet`, `acpi_pm`, ...; "" for the kernel's choice."""
    arguments: tuple[str, ...] = ()
    """More of the kernel command line."""
    accelerator: str = "auto"
    """`tcg`, `kvm`, or `auto`: KVM only where a canary has booted under it."""
    hostname: str = "seatrial"


class Seen(msgspec.Struct, frozen=True):
    """What the guest saw of its machine: proof from inside."""

    kernel: str
    """`uname -r`."""
    goarch: str
    cpu_model: str
    features: tuple[str, ...]
    """The flags (x86), Features (arm64), isa (riscv64), features (loong64) of /proc/cpuinfo."""
    cpus: int
    numa_nodes: tuple[str, ...]
    """The CPU list of each node: ("0-1", "2-3")."""
    page_size: int
    memory: int
    """MemTotal in bytes."""
    cgroup: str
    """`v1`, `v2`, `hybrid` as mounted, found by reading the mounts."""
    controllers: tuple[str, ...]
    clock_source: str
    command_line: str
    taint: int = 0
    """/proc/sys/kernel/tainted."""


class Proof(msgspec.Struct, frozen=True):
    """What a machine is, told by its guest and by QEMU: what stands in reports."""

    seen: Seen
    emulator: str
    """"qemu-system 10.0.2"."""
    cpu: str
    """What QEMU was told with `-cpu`; "" for the table's default."""
    accelerator: str
    """`tcg` or `kvm`."""
    accelerator_reason: str = ""
    """Why it is not `kvm`; "" where it is, or where `tcg` was asked for."""
    unsupported: tuple[str, ...] = ()
    """Features of the CPU model that QEMU warned it cannot give, in QEMU's names."""
    boot_seconds: float = 0.0
    restored: bool = False
    """It came out of a snapshot."""


class Limits(msgspec.Struct, frozen=True):
    """Limits of the control group in which a command runs in the guest; 0 and "" are no limit."""

    memory_max: int = 0
    """Bytes."""
    memory_high: int = 0
    cpu_max: float = 0.0
    """CPUs: 1.5 is a quota of 150 ms in each period of 100 ms."""
    cpuset: str = ""
    """"0-1"."""
    pids_max: int = 0


class Ended(msgspec.Struct, frozen=True):
    """How a command ended in the guest."""

    exit_code: int | None
    """None when a signal ended it."""
    signal: int = 0
    timed_out: bool = False
    oom_killed: bool = False
    """The guest's kernel killed it, or something in its group, for want of memory (memory.events of its group)."""
    seconds: float = 0.0
    """In the guest."""
    stdout: bytes = b""
    stderr: bytes = b""
    kernel_log: tuple[str, ...] = ()
    """What the guest's kernel said meanwhile at level warning or graver."""
    taint: int = 0
    """Bits of the kernel's taint that are new with this command."""
    error: str = ""
    """Why it could not be started (strerror); "" when it was."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of the kernel's log concerns the program: of a kill for want of memory the line that names the victim.

        Else all of it where the kernel is tainted since. On a busy host it also complains of late timers.
        """
        if self.oom_killed:
            return tuple(line for line in self.kernel_log if "Killed process" in line)
        return self.kernel_log if self.taint else ()


class VmLost(Exception):
    """The machine ended, or stopped answering, without our init's end marker: never the program's fault.

    `console` holds the last lines of the guest's console, `log` what QEMU said on stderr.
    """

    def __init__(self, stage: BootStage, why: str, console: str = "", log: str = "") -> None:
        super().__init__(f"VM lost at stage {stage}: {why}")
        self.stage = stage
        self.why = why
        self.console = console
        self.log = log


class WrongMachine(Exception):
    """The guest saw another machine than it was told to be: the environment's fault.

    `what` names the property ("page size"), `told` and `seen` its two values.
    """

    def __init__(self, what: str, told: str, seen: str) -> None:
        super().__init__(f"The machine was told to have {what} {told}; its guest saw {seen}")
        self.what = what
        self.told = told
        self.seen = seen

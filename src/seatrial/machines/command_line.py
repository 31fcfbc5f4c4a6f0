"""What QEMU and the guest's kernel are told for a machine."""

import re
from pathlib import Path

from seatrial.errors import CouldNotCheck, UsageError
from seatrial.model.machine import CgroupMode, MachineSpec, SystemEmulator
from seatrial.tables.guest_machines import GuestMachine, guest_machines

__all__ = ["NETWORK_PORT", "PORT", "check", "files", "kernel_arguments", "machine_arguments"]

PORT = "seatrial"
"""The name of the virtio-serial port for orders."""
NETWORK_PORT = "seatrial.network"
"""The name of the one for connections into the guest."""

# What a boot under TCG need not do. The kernel's tests of its own cryptography take a seventh of its CPU time (2.76 s,
# 2.38 s without); waiting for grace periods of RCU, and what a real CPU's leaks ask for, a tenth. Documents:
# Documentation/admin-guide/kernel-parameters.txt, crypto/kdf_sp800108.c.
_IN_A_HURRY = (
    "cryptomgr.notests",
    "initcall_blacklist=crypto_kdf108_init",
    "rcupdate.rcu_expedited=1",
    "mitigations=off",
)

_MEGABYTE = 1 << 20
_LEAST_MEMORY = 128 * _MEGABYTE


def check(spec: MachineSpec) -> GuestMachine:
    """The row of the machine's architecture. Raises UsageError, or CouldNotCheck for what its kernel lacks."""
    row = guest_machines().get(spec.goarch)
    if row is None:
        raise UsageError(
            f"There is no virtual machine for {spec.goarch}.", f"There are {', '.join(sorted(guest_machines()))}."
        )
    if spec.kernel.goarch and spec.kernel.goarch != spec.goarch:
        raise UsageError(
            f"The kernel {spec.kernel.name} is for {spec.kernel.goarch}, and the machine is to be {spec.goarch}.",
            f"Choose a kernel for {spec.goarch}: see `seatrial vm kernels`.",
        )
    for word in (spec.hostname, spec.clock_source, spec.cpu, *spec.arguments):
        if re.search(r"\s", word):
            raise UsageError(f"{word!r} is not one word: neither QEMU nor the kernel can be told that.")
    if not 1 <= spec.cpus <= row.most_cpus:
        raise UsageError(f"A machine for {spec.goarch} has 1 to {row.most_cpus} CPUs, not {spec.cpus}.")
    if not 1 <= spec.numa_nodes <= spec.cpus:
        raise UsageError(
            f"{spec.numa_nodes} NUMA nodes are not possible with {spec.cpus} CPUs.", "Each node has at least one CPU."
        )
    if spec.numa_nodes > 1 and not row.numa:
        raise CouldNotCheck(f"A machine for {spec.goarch} has one NUMA node only.", "Choose another architecture.")
    if spec.memory < _LEAST_MEMORY or spec.memory % (_MEGABYTE * spec.numa_nodes):
        raise UsageError(
            f"A machine cannot have {spec.memory} bytes of memory.",
            "It has 128 MiB or more, in whole MiB on each NUMA node.",
        )
    if spec.cgroup not in spec.kernel.cgroups:
        have = " or ".join(spec.kernel.cgroups)
        raise CouldNotCheck(
            f"The kernel {spec.kernel.name} has no memory and cpuset controllers of cgroup {CgroupMode.V1}; "
            f"the machine was to have cgroup {spec.cgroup}.",
            f"Use cgroup {have}, or a kernel of Debian 12 (6.1).",
        )
    return row


def kernel_arguments(spec: MachineSpec, row: GuestMachine) -> str:
    """The kernel command line. A panic ends the machine at once, and QEMU with it (`-no-reboot`)."""
    words = [f"console={row.console}", "quiet", "panic=-1", *_IN_A_HURRY]
    words += [f"seatrial.cgroup={spec.cgroup}", f"seatrial.hostname={spec.hostname}"]
    words += [*row.arguments, *spec.kernel.arguments]
    if spec.clock_source:
        words.append(f"clocksource={spec.clock_source}")
    return " ".join([*words, *spec.arguments])


def files(spec: MachineSpec, initrd: Path) -> tuple[str, ...]:
    """What the kernel and init are loaded from."""
    return ("-kernel", spec.kernel.image, "-initrd", str(initrd))


def machine_arguments(spec: MachineSpec, emulator: SystemEmulator, row: GuestMachine, accelerator: str) -> list[str]:
    """The command that makes the machine, without what it boots, the channel and how it is controlled."""
    default = "host" if accelerator == "kvm" else row.cpu
    argv = [emulator.path, *emulator.arguments, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    argv += ["-machine", row.machine, "-accel", accelerator, "-cpu", spec.cpu or default]
    argv += ["-m", f"{spec.memory // _MEGABYTE}M", "-smp", str(spec.cpus), *_nodes(spec)]
    argv += ["-bios", row.firmware] if row.firmware else []
    argv += ["-chardev", "stdio,id=console,signal=off", *row.console_device]
    argv += ["-device", f"{row.serial},max_ports=3", "-device", f"virtserialport,chardev=channel,name={PORT}"]
    argv += ["-device", f"virtserialport,chardev=network,name={NETWORK_PORT}"]
    return [*argv, "-append", kernel_arguments(spec, row)]


def _nodes(spec: MachineSpec) -> list[str]:
    """NUMA nodes with as equal shares of the CPUs as can be."""
    if spec.numa_nodes == 1:
        return []
    argv: list[str] = []
    size = f"{spec.memory // _MEGABYTE // spec.numa_nodes}M"
    for node in range(spec.numa_nodes):
        first = spec.cpus * node // spec.numa_nodes
        last = spec.cpus * (node + 1) // spec.numa_nodes - 1
        argv += ["-object", f"memory-backend-ram,id=memory{node},size={size}"]
        argv += ["-numa", f"node,nodeid={node},cpus={first}-{last},memdev=memory{node}"]
    return argv

"""Proof from inside: what the guest saw of its machine against what the machine was told to be."""

from seatrial.model.machine import MachineSpec, Seen, WrongMachine

__all__ = ["compare"]

_KERNELS_SHARE = 0.3
"""What the kernel keeps to itself: 5 % of 512 MiB on amd64 (measured), but 25 % of 128 MiB with 64K pages."""


def compare(spec: MachineSpec, seen: Seen) -> None:
    """Raises WrongMachine for the first property that differs.

    The CPU is not among them: its names here and there differ, and a calibration shows what it executes.
    """
    told: list[tuple[str, object, object]] = [
        ("architecture", spec.goarch, seen.goarch),
        ("CPUs", spec.cpus, seen.cpus),
        ("cgroup", spec.cgroup, seen.cgroup),
    ]
    if spec.kernel.version:
        told.append(("kernel", spec.kernel.version, seen.kernel))
    if spec.kernel.page_size:
        told.append(("page size", spec.kernel.page_size, seen.page_size))
    if spec.clock_source:
        told.append(("clock source", spec.clock_source, seen.clock_source))
    if spec.numa_nodes > 1:  # a kernel without NUMA shows no node at all
        told.append(("NUMA nodes", spec.numa_nodes, len(seen.numa_nodes)))
    for what, wanted, found in told:
        if wanted != found:
            raise WrongMachine(what, str(wanted), str(found))
    if not spec.memory * (1 - _KERNELS_SHARE) <= seen.memory <= spec.memory:
        raise WrongMachine("bytes of memory", str(spec.memory), str(seen.memory))

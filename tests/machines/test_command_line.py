"""What machines cannot be, and what QEMU and the kernel are told."""

import msgspec
import pytest

from seatrial.errors import CouldNotCheck, UsageError
from seatrial.machines.command_line import check, kernel_arguments, machine_arguments
from seatrial.model.machine import CgroupMode, Kernel, MachineSpec, SystemEmulator
from seatrial.tables.guest_machines import guest_machines

_KERNEL = Kernel("debian-13", "amd64", "6.12", "/image", "0", 4096, (CgroupMode.V2,), arguments=("special=1",))
_SPEC = MachineSpec("amd64", _KERNEL)
_EMULATOR = SystemEmulator("/qemu", "10.0.2", "0", "amd64", ("-L", "/share"))


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"goarch": "mips"}, UsageError, "no virtual machine for mips"),
        ({"goarch": "arm64"}, UsageError, "debian-13 is for amd64"),
        ({"cpus": 0}, UsageError, "not 0"),
        ({"cpus": 1000}, UsageError, "not 1000"),
        ({"numa_nodes": 3}, UsageError, "3 NUMA nodes are not possible with 2 CPUs"),
        ({"memory": 1 << 20}, UsageError, "cannot have 1048576 bytes"),
        ({"memory": (512 << 20) + 1}, UsageError, "cannot have 536870913 bytes"),
        ({"memory": 513 << 20, "numa_nodes": 2}, UsageError, "cannot have"),
        ({"cgroup": CgroupMode.HYBRID}, CouldNotCheck, "no memory and cpuset controllers"),
        ({"hostname": "two words"}, UsageError, "two words"),
        ({"cpu": "max host"}, UsageError, "not one word"),
    ],
)
def test_machines_that_cannot_be(change: dict[str, object], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        check(msgspec.structs.replace(_SPEC, **change))


def test_one_node_only_where_qemu_has_no_more() -> None:
    kernel = msgspec.structs.replace(_KERNEL, goarch="s390x")
    with pytest.raises(CouldNotCheck, match="one NUMA node only"):
        check(msgspec.structs.replace(_SPEC, goarch="s390x", kernel=kernel, numa_nodes=2))


def test_nodes_share_cpus_and_memory() -> None:
    spec = msgspec.structs.replace(_SPEC, cpus=5, numa_nodes=2, memory=1 << 30)
    line = " ".join(machine_arguments(spec, _EMULATOR, check(spec), "tcg"))
    assert line.startswith("/qemu -L /share ")
    assert "-numa node,nodeid=0,cpus=0-1,memdev=memory0" in line
    assert "-numa node,nodeid=1,cpus=2-4,memdev=memory1" in line
    assert line.count("size=512M") == 2
    assert "-cpu max " in line


def test_the_kernel_is_told_everything() -> None:
    spec = msgspec.structs.replace(_SPEC, clock_source="hpet", arguments=("mine=2",), hostname="kylin")
    words = kernel_arguments(spec, check(spec)).split()
    assert {"special=1", "mine=2", "clocksource=hpet", "seatrial.hostname=kylin", "seatrial.cgroup=v2"} <= set(words)
    assert "panic=-1" in words


def test_rows_have_sources() -> None:
    assert all(row.source and row.console and row.most_cpus > 1 for row in guest_machines().values())

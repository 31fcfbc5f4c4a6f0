"""Facts of the Linux host that seatrial runs on. Documents: proc(5), os-release(5), sysconf(3), cgroups(7)."""

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from seatrial.tables.architectures import goarch_of_machine

__all__ = ["HostFacts", "cgroup_mode", "cpu_features", "cpu_model", "host", "os_release"]


class HostFacts(msgspec.Struct, frozen=True):
    """What a program meets that is run natively here. "" stands for what this host does not tell."""

    os_release: Mapping[str, str]
    kernel: str
    """`uname -r`, whole: "6.1.0-18-amd64"."""
    machine: str
    """`uname -m`."""
    goarch: str
    """GOARCH of the machine; "" where Go has no port for it."""
    libc: str
    """Family and version, as the C library of this process says it: "glibc 2.36". "" when it does not say."""
    page_size: int
    """Bytes."""
    cgroup: str
    """`v1`, `v2`, `hybrid` or `none`."""
    cpu_model: str
    cpu_features: frozenset[str]
    """The kernel's names, of the first CPU."""
    cpus: int
    """CPUs that this process may use."""


def os_release(text: str) -> dict[str, str]:
    """The assignments of an os-release file, without their quotes."""
    pairs = re.findall(r"^([A-Z0-9_]+)=(.*)$", text, re.MULTILINE)
    return {name: value.strip().strip("\"'") for name, value in pairs}


def cgroup_mode(mounts: str) -> str:
    """`v1`, `v2`, `hybrid` (both) or `none`, from the text of /proc/self/mounts."""
    kinds = {fields[2]: fields[3] for line in mounts.splitlines() if len(fields := line.split()) >= 4}
    first, second = "cgroup" in kinds, "cgroup2" in kinds
    if first and second:
        return "hybrid"
    return "v2" if second else "v1" if first else "none"


def cpu_features(cpuinfo: str) -> frozenset[str]:
    """The first line of flags (x86), Features (arm, loongarch, s390x) or isa (riscv) of /proc/cpuinfo, in words."""
    if found := re.search(r"^(?:flags|[Ff]eatures)\s*:\s*(.*)$", cpuinfo, re.MULTILINE):
        return frozenset(found[1].split())
    if found := re.search(r"^isa\s*:\s*(.*)$", cpuinfo, re.MULTILINE):  # "rv64imafdc_zicbom_zba"
        return frozenset(found[1].strip().split("_"))
    return frozenset()


def cpu_model(cpuinfo: str) -> str:
    """The name of the first CPU, as /proc/cpuinfo prints it; "" on mainline arm64, which prints none."""
    found = re.search(r"^(?:model name|Model Name|cpu model|cpu)\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return found[1].strip() if found else ""


def _libc() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (OSError, ValueError):  # a libc without that name: musl
        return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


@cache
def host() -> HostFacts:
    """The facts of this host, read once."""
    name = os.uname()
    cpuinfo = _read("/proc/cpuinfo")
    return HostFacts(
        os_release=os_release(_read("/etc/os-release") or _read("/usr/lib/os-release")),
        kernel=name.release,
        machine=name.machine,
        goarch=goarch_of_machine(name.machine),
        libc=_libc(),
        page_size=os.sysconf("SC_PAGE_SIZE"),
        cgroup=cgroup_mode(_read("/proc/self/mounts")),
        cpu_model=cpu_model(cpuinfo),
        cpu_features=cpu_features(cpuinfo),
        cpus=len(os.sched_getaffinity(0)),
    )

"""What a program is tried against: an operating system and a CPU put together, every fact with its source."""

from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from seatrial.model.go_target import GoTarget

__all__ = ["Certainty", "Fact", "Libc", "Platform", "QemuModel"]

T = TypeVar("T")


class Certainty(StrEnum):
    """How well a fact is known (shared/facts: [V], [D], [?])."""

    VERBATIM = "verbatim"
    """Printed by such a machine, or read in the source that decides it."""
    DOCUMENTED = "documented"
    """Said by the vendor, the project or a maintainer."""
    ASSUMED = "assumed"
    """Inferred, second-hand or general knowledge: not verified."""
    UNKNOWN = "unknown"
    """Nobody could say; `value` is None and `note` gives the reason."""


class Fact(msgspec.Struct, Generic[T], frozen=True):
    """A value, where it comes from and how sure that is. `value` is None exactly when certainty is `unknown`."""

    value: T | None
    source: str
    certainty: Certainty
    note: str = ""


class Libc(msgspec.Struct, frozen=True):
    """The C library that programs link against by default."""

    family: str
    """`glibc`, `musl`, `libSystem` (macOS), `msvcrt` (Windows) or `freebsd`."""
    version: str
    """"2.28", "1.2.5"; "" where the family has no version of its own."""

    def __str__(self) -> str:
        return f"{self.family} {self.version}".strip()


class QemuModel(msgspec.Struct, frozen=True):
    """QEMU's nearest model of a CPU: a fact of its own, with what it has too little and too much."""

    model: str
    """The argument of `-cpu`, properties included."""
    source: str
    certainty: Certainty
    since: str = ""
    """First QEMU release that has the model ("10.0"); "" where every release in use has it."""
    lacks: tuple[str, ...] = ()
    """Features that the CPU has and the model, or TCG, does not (kernel's names)."""
    adds: tuple[str, ...] = ()
    """Features that the model has and the CPU does not: a use of them passes in QEMU and dies on the metal."""
    note: str = ""


class Platform(msgspec.Struct, frozen=True):
    """An operating system on a CPU, resolved for the CPU's architecture. Made by `seatrial.platforms` only."""

    name: str
    """`os/cpu`, for example `kylin-v10-sp3/ft-2000-4`."""
    os: str
    cpu: str
    title: str
    """For people: "Kylin Server V10 SP3 on Phytium FT-2000/4"."""
    cpu_title: str
    goos: str
    goarch: str
    kernel: Fact[str]
    """Kernel version, dotted. For Windows the NT version ("10.0.14393"), for macOS the product version ("12.0")."""
    libc: Fact[Libc]
    loader: Fact[str]
    """Path of the dynamic loader; "" where the OS has none of that kind."""
    page_size: Fact[int]
    """Bytes."""
    cgroup: Fact[str]
    """`v1`, `v2`, `hybrid`, or `none` where the OS has no cgroups."""
    features: Fact[tuple[str, ...]]
    """CPU features in the kernel's names (/proc/cpuinfo)."""
    variant: Fact[str]
    """Highest safe value of the architecture's Go variant variable: "v2" (GOAMD64), "v8.0" (GOARM64), "7" (GOARM)."""
    world: Fact[str]
    """LoongArch: `old` (ABI 1.0) or `new` (ABI 2.0). "" on every other architecture."""
    libraries: Fact[tuple[str, ...]]
    """Sonames (or DLL and dylib names, lower case for DLLs) that are always there."""
    qemu: QemuModel | None
    """None: no QEMU model stands for this CPU."""
    cannot_run: tuple[str, ...] = ()
    """Reasons why Go programs cannot run here at all ("old-world kernel: ..."); empty when they can."""
    files: tuple[str, ...] = ()
    """The data files that this platform was read from, for cache keys and for `targets`."""
    system: str = ""
    """What kind of system it is: `glibc`, `musl`, `windows`, `macos`, `freebsd` (known even where its libc is not)."""

    @property
    def go_target(self) -> GoTarget:
        """The port of Go with the lowest variant, the one that is built unless the user asks for another."""
        return GoTarget(self.goos, self.goarch)

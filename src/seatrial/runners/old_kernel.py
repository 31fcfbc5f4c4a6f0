"""The host as if its kernel were the platform's: system calls that are younger than that do not exist.

A filter answers them with ENOSYS (`probes/oldkernel`), in milliseconds and without an image of the kernel. The calls
alone are those of the older release; `LIMITS` says what stays the host's.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

import seatrial
from seatrial.errors import CouldNotCheck, UsageError
from seatrial.host import HostFacts, host
from seatrial.model.go_target import GoTarget
from seatrial.model.platform import Platform
from seatrial.model.report import Substitute
from seatrial.model.runner import CannotOffer, Offer, Workload
from seatrial.model.states import Fidelity
from seatrial.packages import Packages
from seatrial.processes import run
from seatrial.runners.launcher import environment
from seatrial.runners.native import Native
from seatrial.store import Store, digest, file_digest
from seatrial.tables.architectures import architectures
from seatrial.tables.machines import second_machine
from seatrial.tables.messages import message
from seatrial.tables.system_calls import chosen_by_version, first_kernel, release_of, system_calls, younger_than
from seatrial.toolchains import GoToolchain, compile_probe

__all__ = ["LIMITS", "OldKernel", "calls_to_refuse", "launcher_program", "why_not"]

LIMITS = (
    "uname tells this host's version; calls that 32-bit Go programs make because of it are left to them",
    "the system calls alone are those of the older kernel: flags and commands of older calls, /proc, /sys, structures "
    "and behaviour are this host's",
    "calls that the vDSO answers are not seen: the clock, and getrandom since Linux 6.11",
    "set-user-ID programs get no other user, unless root runs them",
)
"""What the filter cannot take away, or takes away besides."""

_SOURCE = Path(seatrial.__file__).parent / "probes" / "oldkernel"

_SPARE = 512
"""Numbers after the youngest call of the table that younger kernels may use."""


def launcher_program(go: GoToolchain, goarch: str, store: Store) -> Path:
    """`probes/oldkernel` for this GOARCH, built once. Raises CouldNotCheck when it cannot be built."""
    return compile_probe(go, _SOURCE, GoTarget("linux", goarch), store)


def calls_to_refuse(goarch: str, kernel: str) -> str:
    """What `probes/oldkernel` is told for programs on a host of this GOARCH, those of its second machine included.

    Raises UsageError for a version that is none, or older than the architecture; CouldNotCheck for a GOARCH whose
    system calls are not known.
    """
    if not release_of(kernel):
        raise UsageError(f"{kernel!r} is no version of Linux.", "Give one such as 3.10, 4.19 or 5.10.156.")
    first = first_kernel(goarch)
    if release_of(kernel) < release_of(first):
        raise UsageError(f"Linux {kernel} has no {goarch}: it came with {first}.", f"Give {first} or a younger one.")
    both = [goarch, *(other for other in architectures() if second_machine("linux", goarch, other))]
    return ";".join(f"{_audit_arch(one):08x}:{_ranges(one, kernel)}" for one in both)


def _audit_arch(goarch: str) -> int:
    """AUDIT_ARCH_* (include/uapi/linux/audit.h)."""
    row = architectures()[goarch]
    return row.elf_machine | (0x80000000 if row.bits == 64 else 0) | (0x40000000 if row.order == "little" else 0)


def _ranges(goarch: str, kernel: str) -> str:
    try:
        last = max(system_calls(goarch))
    except KeyError:
        raise CouldNotCheck(f"The system calls of {goarch} are not known.", "Use a virtual machine.") from None
    kept = chosen_by_version(goarch)
    numbers = sorted({call.number for call in younger_than(goarch, kernel) if call.name not in kept} | {last + 1})
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    ranges[-1][1] += _SPARE
    return ",".join(f"{low}-{high}" for low, high in ranges)


def why_not(launcher: Path, refused: str) -> str:
    """Why this host does not answer for these calls; "" when it does, tried out with a call that no kernel has."""
    trial = run([launcher, "--try", refused], environment(), 10.0)
    return "" if trial.ok else (trial.stderr.strip() or trial.ending).removeprefix("oldkernel: ")


class OldKernel:
    """Runs what the native runner runs, behind the filter. Only on request: it is another kernel, not another CPU."""

    name = "old-kernel"

    def __init__(
        self, store: Store, packages: Packages, launcher: Callable[[str], Path], facts: HostFacts | None = None
    ) -> None:
        """`launcher` gives `probes/oldkernel` for a GOARCH, and may raise CouldNotCheck."""
        self._launcher = launcher
        self._host = facts or host()
        self._native = Native(store, packages, facts)

    def offers(self, platform: Platform, workload: Workload) -> tuple[Offer | CannotOffer, ...]:
        """The native way with the platform's system calls; nothing at all for another operating system."""
        if workload.goos != "linux":
            return ()
        found = self._native.offers(platform, workload)
        if not any(isinstance(one, Offer) for one in found):
            return tuple(msgspec.structs.replace(one, runner=self.name) for one in found)
        kernel, goarch = platform.kernel.value or "", self._host.goarch
        if not release_of(kernel):
            return (self._refuse("old_kernel_unknown", "cannot-run", platform=platform.name),)
        if release_of(kernel) < release_of(first_kernel(goarch)):
            first = first_kernel(goarch)
            words = {"kernel": kernel, "goarch": goarch, "first": first}
            return (self._refuse("old_kernel_before_architecture", "cannot-run", **words),)
        if release_of(self._host.kernel)[:2] < release_of(kernel)[:2]:
            words = {"kernel": kernel, "here": self._host.kernel}
            return (self._refuse("old_kernel_here_is_older", "cannot-run", **words),)
        refused = calls_to_refuse(goarch, kernel)
        try:
            launcher = self._launcher(goarch)
        except CouldNotCheck as error:
            return (self._refuse("old_kernel_no_filter", "no-runner", why=str(error)),)
        if why := why_not(launcher, refused):
            return (self._refuse("old_kernel_no_filter", "no-runner", why=why),)
        return tuple(self._behind(one, kernel, launcher, refused) for one in found)

    def _refuse(self, id_: str, code: str, **words: str) -> CannotOffer:
        needs = message(f"runners.{id_}_needs", **words)
        return CannotOffer(self.name, message(f"runners.{id_}", **words), code, needs)

    def _behind(self, one: Offer | CannotOffer, kernel: str, launcher: Path, refused: str) -> Offer | CannotOffer:
        if isinstance(one, CannotOffer):
            return msgspec.structs.replace(one, runner=self.name)
        here = f"{self._host.kernel}, without system calls younger than {kernel}"
        changed = (
            Substitute(each.fact, each.platform, here) if each.fact == "kernel" else each for each in one.substitutes
        )
        return msgspec.structs.replace(
            one,
            runner=self.name,
            implementation=f"{one.implementation} as {kernel}",
            fidelity=Fidelity.HOST,
            prefix=(*one.prefix, str(launcher), refused),
            substitutes=tuple(changed),
            limits=(*one.limits, *LIMITS),
            key=digest(one.key, refused, file_digest(launcher)),
        )

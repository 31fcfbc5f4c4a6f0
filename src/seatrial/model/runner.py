"""The protocol of runners: places where something can be executed.

A runner is what stands in front of a command, as in `go test -exec`. It is found by trying it, never by its version.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from seatrial.model.finding import Evidence
from seatrial.model.message import Message
from seatrial.model.platform import Platform
from seatrial.model.report import Substitute, ToolVersion
from seatrial.model.states import Fidelity, State

__all__ = ["CannotOffer", "Door", "Offer", "Runner", "Workload"]


class Workload(msgspec.Struct, frozen=True):
    """What a runner must be able to start, as far as that matters for choosing one."""

    goos: str
    goarch: str
    interpreter: str = ""
    """Of the artifact; "" for a static one."""
    libc: str = ""
    """Family that the interpreter belongs to: `glibc`, `musl` or ""."""


class Door(msgspec.Struct, frozen=True):
    """How a machine whose files and network are not the host's is reached."""

    session: str
    """Of the session that runs commands in it (`seatrial.machines.session`)."""
    token: str
    """Stands before each line of the runner's own on stderr. Nothing inside the machine can know it."""
    one_cpu: tuple[str, ...]
    """The prefix that holds a program to one CPU of the machine."""
    shown: tuple[str, ...]
    """The words with which a person runs a command in such a machine."""


class Offer(msgspec.Struct, frozen=True):
    """A way to execute programs of one platform, tried out and ready: put `prefix` before the command."""

    runner: str
    """`native`, `qemu-user`, `wine`, `micro-vm`."""
    implementation: str
    """Which one exactly, for attribution's second opinion: "qemu-user 10.0.2"."""
    fidelity: Fidelity
    prefix: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    """To be added to the program's environment."""
    substitutes: tuple[Substitute, ...] = ()
    same: tuple[str, ...] = ()
    loader: str = ""
    """The loader and libc that a dynamic program uses here: "/lib64/ld-linux-x86-64.so.2, glibc 2.36"."""
    libc_version: str = ""
    lacks: tuple[str, ...] = ()
    """CPU features of the platform that this runner cannot give."""
    limits: tuple[str, ...] = ()
    """What else does not work here ("programs that start themselves: no user namespaces")."""
    notes: tuple[Evidence, ...] = ()
    """What else reports are to tell of it."""
    time_factor: float = 1.0
    """How much longer than natively things may take: time limits are multiplied by it."""
    tools: tuple[ToolVersion, ...] = ()
    door: Door | None = None
    """None where a program has the host's files and network."""
    key: str = ""
    """Digest of everything that decides how this offer behaves (emulator, sysroot, model), for cache keys."""

    @property
    def words(self) -> tuple[str, ...]:
        """The prefix as a person writes it: the same each time."""
        return self.door.shown if self.door else self.prefix


class CannotOffer(msgspec.Struct, frozen=True):
    """Why a runner cannot run a platform's programs here, and what would change that."""

    runner: str
    reason: Message
    reason_code: str
    """`no-runner`, `no-emulator`, `no-kernel`, `no-wine`, `no-sysroot`, `cannot-run`, `vm-lost`, `mismatch`."""
    needs: Message
    state: State = State.NOT_RUN
    """`environment` where it should run and does not: a machine that is lost, or is another than it was told to be."""


class Runner(Protocol):
    """One module of `seatrial.runners` each. Offers are not proved yet: the canary does that (`seatrial.trials`)."""

    name: str

    def offers(self, platform: Platform, workload: Workload) -> Iterable[Offer | CannotOffer]:
        """The ways to run such programs, best first; more than one where there is a second implementation.

        Never raises for a missing tool: that is a CannotOffer. May fetch what it needs (packages) the first time, and
        does so for a second offer only when that one is asked for.
        """

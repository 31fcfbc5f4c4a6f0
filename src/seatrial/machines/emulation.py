"""The QEMU process of a machine: started with its channel as inherited sockets, and its end told apart.

Nothing of a running machine has a name in the file system: the channel and QMP are socket pairs, the console is
QEMU's stdout. So nothing can be left behind, and nobody else can connect. The guardian of `seatrial.processes` ends
QEMU with us.
"""

import re
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from seatrial.machines.channel import Channel
from seatrial.machines.device_tree import GdbError, rewrite
from seatrial.machines.network import Network
from seatrial.machines.qmp import Qmp
from seatrial.model.machine import BootStage, SystemEmulator, VmLost
from seatrial.processes import Outcome, Running, start
from seatrial.tables.guest_machines import DeviceTree

__all__ = ["FDSET", "Emulation", "unsupported_features"]

FDSET = 1
"""QEMU's number of the file for the machine's state: it opens /dev/fdset/1."""

_TAIL = 40
_LOOK_SECONDS = 0.002
_LAST_WORDS = re.compile(r"(?<!end )Kernel panic - not syncing: .*|seatrial init: (?!started).*")
_WARNING = re.compile(r"support requested feature: \S+?\.([\w.-]+) \[bit")


def unsupported_features(stderr: str) -> tuple[str, ...]:
    """The features of QEMU's warnings "doesn't support requested feature", in QEMU's names."""
    return tuple(sorted(set(_WARNING.findall(stderr))))


def _wants_a_processor(stat: Path) -> bool:
    """Whether a thread runs or is ready to, by its state in proc_pid_stat(5); not one that has ended."""
    try:
        return stat.read_text("utf-8").rpartition(")")[2].split()[0] == "R"
    except OSError:
        return False


class Emulation:
    """A started QEMU."""

    def __init__(
        self,
        argv: Sequence[str],
        emulator: SystemEmulator,
        device_tree: DeviceTree | None = None,
        state: int | None = None,
    ) -> None:
        """Start it, with a device tree that is changed first, and an open file for its state (FDSET).

        Raises VmLost when that is not possible.
        """
        names = ["channel", "network", "monitor", *(["debugger"] if device_tree else [])]
        pairs = {name: socket.socketpair() for name in names}
        for name, (_, theirs) in pairs.items():
            argv = [*argv, "-chardev", f"socket,id={name},fd={theirs.fileno()}"]
        self.argv = (*argv, "-mon", "chardev=monitor,mode=control")
        if device_tree:
            self.argv += ("-S", "-gdb", "chardev:debugger")
        inherited = [theirs.fileno() for _, theirs in pairs.values()]
        if state is not None:
            self.argv += ("-add-fd", f"fd={state},set={FDSET}")
            inherited.append(state)
        started = start(self.argv, emulator.environment, pass_fds=inherited)
        for _, theirs in pairs.values():
            theirs.close()
        self.channel = Channel(pairs["channel"][0])
        self.network = Network(pairs["network"][0])
        self.qmp = Qmp(pairs["monitor"][0])
        self._outcome: Outcome | None = None
        if isinstance(started, Outcome):
            for ours, _ in pairs.values():
                ours.close()
            raise VmLost(BootStage.EMULATOR, started.error)
        self._running: Running = started
        if device_tree:
            self._rewrite(device_tree, pairs["debugger"][0])

    def _rewrite(self, device_tree: DeviceTree, connection: socket.socket) -> None:
        try:
            with connection:
                rewrite(connection, device_tree.address, device_tree.names)
        except GdbError as error:
            raise self.lost(BootStage.EMULATOR, f"its device tree cannot be changed: {error}") from error

    @property
    def console(self) -> str:
        """What the guest's console has shown."""
        return self._running.output()[0]

    @property
    def log(self) -> str:
        """What QEMU said on stderr."""
        return self._running.output()[1]

    def is_quiet(self, spell: float, seconds: float) -> bool:
        """Whether none of QEMU's threads wants a processor for a spell, waited for within this time."""
        tasks = Path("/proc", str(self._running.pid), "task")
        deadline = time.monotonic() + seconds
        since = time.monotonic()
        while (now := time.monotonic()) < deadline and now - since < spell:
            time.sleep(_LOOK_SECONDS)
            if any(_wants_a_processor(task) for task in tasks.glob("*/stat")):
                since = time.monotonic()
        return now - since >= spell

    def wait(self, seconds: float) -> bool:
        """Whether it ends within this time."""
        return self._running.wait(seconds)

    def close(self) -> Outcome:
        """End it, and everything that belongs to it."""
        if self._outcome is None:
            self.channel.close()
            self.network.close()
            self.qmp.close()
            self._outcome = self._running.finish()
        return self._outcome

    def lost(self, stage: BootStage, why: str) -> VmLost:
        """End it, and say how far it came and why it is lost: by its last words where it has left some."""
        ended_by_itself = self.wait(1.0 if why == "" else 0.0)
        outcome = self.close()
        console = outcome.stdout.strip()
        log = "\n".join(line for line in outcome.stderr.splitlines() if not _WARNING.search(line)).strip()
        last_words = list(_LAST_WORDS.finditer(console))
        told = console.splitlines()[-_TAIL:]
        if ended_by_itself and not outcome.ok and stage is BootStage.KERNEL:
            stage = BootStage.EMULATOR
        if stage is BootStage.KERNEL and "seatrial init: started" in console:
            stage = BootStage.INIT
        if last_words:
            why = last_words[-1][0].strip()
            told = console[last_words[-1].start() :].splitlines()[:_TAIL]
        elif not why and not outcome.ok:
            why = f"QEMU ended with {outcome.ending}" + (f": {log.splitlines()[-1]}" if log else "")
        elif not why:
            why = "the guest stopped or restarted the machine"
        return VmLost(stage, why, "\n".join(told), log)

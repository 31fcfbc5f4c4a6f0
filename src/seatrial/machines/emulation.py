"""The QEMU process of a machine: started with its channel as inherited sockets, and its end told apart.

Nothing of a running machine has a name in the file system: the channel and QMP are socket pairs, the console is
QEMU's stdout. So nothing can be left behind, and nobody else can connect. The guardian of `seatrial.processes` ends
QEMU with us.
"""

import re
import socket
from collections.abc import Sequence

from seatrial.machines.channel import Channel
from seatrial.machines.network import Network
from seatrial.machines.qmp import Qmp
from seatrial.model.machine import BootStage, SystemEmulator, VmLost
from seatrial.processes import Outcome, Running, start

__all__ = ["Emulation", "unsupported_features"]

_TAIL = 40
_WARNING = re.compile(r"support requested feature: \S+?\.([\w.-]+) \[bit")


def unsupported_features(stderr: str) -> tuple[str, ...]:
    """The features of QEMU's warnings "doesn't support requested feature", in QEMU's names."""
    return tuple(sorted(set(_WARNING.findall(stderr))))


class Emulation:
    """A started QEMU."""

    def __init__(self, argv: Sequence[str], emulator: SystemEmulator) -> None:
        """Start it. Raises VmLost when that is not possible."""
        ours, theirs = socket.socketpair()
        our_monitor, their_monitor = socket.socketpair()
        our_network, their_network = socket.socketpair()
        with theirs, their_monitor, their_network:
            self.argv = (
                *argv,
                *("-chardev", f"socket,id=channel,fd={theirs.fileno()}"),
                *("-chardev", f"socket,id=network,fd={their_network.fileno()}"),
                *("-chardev", f"socket,id=monitor,fd={their_monitor.fileno()}", "-mon", "chardev=monitor,mode=control"),
            )
            started = start(
                self.argv,
                emulator.environment,
                pass_fds=(theirs.fileno(), their_monitor.fileno(), their_network.fileno()),
            )
        self.channel = Channel(ours)
        self.network = Network(our_network)
        self.qmp = Qmp(our_monitor)
        self._outcome: Outcome | None = None
        if isinstance(started, Outcome):
            self.channel.close()
            self.network.close()
            self.qmp.close()
            raise VmLost(BootStage.EMULATOR, started.error)
        self._running: Running = started

    @property
    def console(self) -> str:
        """What the guest's console has shown."""
        return self._running.output()[0]

    @property
    def log(self) -> str:
        """What QEMU said on stderr."""
        return self._running.output()[1]

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
        last_words = re.findall(r"Kernel panic - not syncing: .*|seatrial init: (?!started).*", console)
        if ended_by_itself and not outcome.ok and stage is BootStage.KERNEL:
            stage = BootStage.EMULATOR
        if stage is BootStage.KERNEL and "seatrial init: started" in console:
            stage = BootStage.INIT
        if last_words:
            why = str(last_words[-1]).strip()
        elif not why and not outcome.ok:
            why = f"QEMU ended with {outcome.ending}" + (f": {log.splitlines()[-1]}" if log else "")
        elif not why:
            why = "the guest stopped or restarted the machine"
        return VmLost(stage, why, "\n".join(console.splitlines()[-_TAIL:]), log)

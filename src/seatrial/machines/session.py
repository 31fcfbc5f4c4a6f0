"""A machine for many commands: booted when the first comes, and a fresh one when it was lost.

Commands come from `session_client.py`, which stands in front of them as an emulator would, over a Unix socket in
Linux' abstract namespace (unix(7)): it has no file that could be left behind. Only processes of the same user are
answered. One command runs at a time; the others wait.
"""

import contextlib
import os
import secrets
import signal as signals
import socket
import stat
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue

import msgspec

from seatrial.decoding import ready
from seatrial.errors import CouldNotCheck, SeatrialError
from seatrial.machines import session_client
from seatrial.machines.booting import boot
from seatrial.machines.carry import VERSION_CONTROL, Order, carried
from seatrial.machines.channel import Channel, ChannelClosed, ChannelTimeout, Kind
from seatrial.machines.machine import Machine
from seatrial.model.machine import Ended, Limits, MachineSpec, Proof, SystemEmulator, VmLost, WrongMachine
from seatrial.store import Store, digest, file_digest

__all__ = ["Session"]

_FIRST_WORDS = 10.0
_KILLED_SECONDS = 15.0
"""What a command may take to end once it was killed; then the machine is given up."""
_DIAL_SECONDS = 5.0
_PEER = struct.Struct("3i")
_THERE = frozenset({"/", "/dev", "/dev/shm", "/etc", "/proc", "/root", "/run", "/sys", "/tmp"})
"""Folders that every guest has."""


class _Answer(msgspec.Struct, frozen=True):
    """How it ended. `told` are lines for whoever reads the client's stderr: a word for what it is, then the rest."""

    exit_code: int | None = None
    signal: int = 0
    told: tuple[str, ...] = ()


class Session:
    """What the commands of one machine share. Made without booting anything."""

    def __init__(
        self,
        spec: MachineSpec,
        emulator: SystemEmulator,
        init: Path,
        store: Store,
        note: Callable[[str], None],
        make_room: Callable[["Session"], None] = lambda _: None,
    ) -> None:
        """`make_room` is told before a machine is booted."""
        self.spec = spec
        self.emulator = emulator
        self.token = f"seatrial-{secrets.token_hex(8)}:"
        """What stands before each line of the runner's own on the client's stderr."""
        self.name = f"seatrial-{secrets.token_hex(16)}"
        self._init = init
        self._make_room = make_room
        self.store = store
        self._note = note
        self._turn = threading.Lock()
        self._starting = threading.Lock()
        self._listening: socket.socket | None = None
        self._machine: Machine | None = None
        self._there: dict[str, object] = {}
        self._carried = 0
        self.used = 0.0
        """When it was last asked for something (`time.monotonic`)."""

    @cached_property
    def key(self) -> str:
        """Digest of everything that decides how the machine behaves."""
        return digest(self.spec, self.emulator.sha256, file_digest(self._init))

    @property
    def client(self) -> tuple[str, ...]:
        """The words that run a command in the machine; `session_client` has their options, "--" ends them."""
        self._listen()
        return (sys.executable, "-I", "-S", session_client.__file__, self.name, self.token)

    def proof(self) -> Proof:
        """What the machine is, as its guest saw it; booted for it if need be. Raises as `machine`."""
        with self.turn():
            return self._ready().proof

    def rest(self) -> None:
        """End the machine if nothing runs in it."""
        if self._turn.acquire(blocking=False):
            try:
                self.close()
            finally:
                self._turn.release()

    def close(self) -> None:
        """End the machine, whatever runs in it. The next command boots another."""
        machine, self._machine = self._machine, None
        if machine:
            machine.close()

    def end(self) -> None:
        """End it for good: nobody is answered any more."""
        with self._starting:
            if self._listening:
                # Closing alone would leave the thread that waits in accept(2) to answer one more.
                with contextlib.suppress(OSError):
                    self._listening.shutdown(socket.SHUT_RDWR)
                self._listening.close()
                self._listening = None
        self.close()

    @property
    def booted(self) -> bool:
        """Whether there is a machine now."""
        return self._machine is not None

    def _listen(self) -> None:
        with self._starting:
            if self._listening is None:
                listening = self._listening = socket.socket(socket.AF_UNIX)
                listening.bind(b"\0" + self.name.encode())
                listening.listen(64)
                threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(ChannelClosed, ChannelTimeout, msgspec.MsgspecError):
            _, user, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
            if user != os.getuid():
                return
            channel = Channel(connection)
            frame = channel.receive(time.monotonic() + _FIRST_WORDS)
            if frame.kind is Kind.DIAL:
                self._dial(channel, connection, frame.payload.decode("utf-8", "replace"))
            elif frame.kind is Kind.SEEN:
                self._answer(channel, lambda: channel.send_json(Kind.SEEN, self.proof()))
            elif frame.kind is Kind.RUN:
                order = msgspec.json.decode(frame.payload, type=ready(Order))
                self._answer(channel, lambda: _Command(self, order, channel).work())

    def _dial(self, channel: Channel, connection: socket.socket, address: str) -> None:
        machine = self._machine
        try:
            if machine is None:
                raise ConnectionRefusedError("no machine runs")
            inner = machine.dial(address, _DIAL_SECONDS)
        except OSError as error:
            channel.send(Kind.ERROR, str(error).encode())
            return
        channel.send(Kind.DONE)
        inner.relay(connection)

    def _answer(self, channel: Channel, work: Callable[[], None]) -> None:
        """Do what the client asked for; what prevents it is told in its words."""
        try:
            work()
        except VmLost as lost:
            told = [f"vm-lost {lost.stage}: {lost.why}"]
            told += [f"console {line}" for line in lost.console.splitlines()]
            told += [f"qemu {line}" for line in lost.log.splitlines()]
            channel.send_json(Kind.ERROR, _Answer(told=tuple(told)))
        except WrongMachine as wrong:
            channel.send_json(Kind.ERROR, _Answer(told=(f"mismatch {wrong}",)))
        except SeatrialError as error:
            channel.send_json(Kind.ERROR, _Answer(told=(f"machine {error}",)))

    @contextlib.contextmanager
    def machine(self, order: Order) -> Iterator[Machine]:
        """The machine with everything in it that the order needs, for as long as this lasts; others wait.

        Raises VmLost, WrongMachine, SeatrialError.
        """
        with self.turn():
            yield self.prepared(order)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for it, and keep it while this lasts. A machine that is lost is given up before the next turn."""
        with self._turn:
            try:
                yield
            except VmLost:
                self.close()
                raise

    def _ready(self) -> Machine:
        self.used = time.monotonic()
        if self._machine is None:
            self._make_room(self)
            self._there, self._carried = {}, 0
            self._machine = boot(self.spec, self.emulator, self._init, self.store, self._note)
        return self._machine

    def prepared(self, order: Order) -> Machine:
        """The machine with what the order needs, for whoever has the turn. Raises as `machine`."""
        wanted = [(Path(order.root), "/")] if order.root else []
        wanted += [(Path(path), path) for path in order.carry]
        program = os.path.normpath(Path(order.cwd, order.argv[0]))
        if "/" in order.argv[0] and Path(program).exists():
            wanted.append((Path(program), program))
        states = {inside: carried(path) for path, inside in wanted}
        new = sum(state.size for inside, state in states.items() if self._there.get(inside) != state)
        room = self.spec.memory // 2
        if self._machine and self._carried + new > room:
            self.close()  # what earlier commands needed goes with it
        machine = self._ready()
        for path, inside in wanted:
            if self._there.get(inside) == states[inside]:
                continue
            if self._carried + states[inside].size > room:
                raise CouldNotCheck(
                    f"{path} does not fit into the machine: it has {states[inside].size >> 20} MiB, and half of the "
                    f"machine's memory of {self.spec.memory >> 20} MiB is for files.",
                    "Give the machine more memory, or keep large data elsewhere.",
                )
            if path.is_dir():
                machine.put_tree(path, inside, VERSION_CONTROL)
            else:
                machine.put(path, inside, stat.S_IMODE(path.stat().st_mode))
            self._there[inside] = states[inside]
            self._carried += states[inside].size
        for folder in (order.cwd, order.env.get("HOME", ""), order.env.get("TMPDIR", "")):
            if folder.startswith("/") and folder not in _THERE and folder not in self._there:
                machine.make_folder(folder)
                self._there[folder] = None
        return machine


class _Command:
    """One command of one client."""

    def __init__(self, session: Session, order: Order, channel: Channel) -> None:
        self._session = session
        self._order = order
        self._channel = channel
        self._input: SimpleQueue[bytes | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._machine: Machine | None = None
        self._gone = threading.Event()
        self._over = threading.Event()
        self._early = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def work(self) -> None:
        """Run it and tell the client how it ended. Raises VmLost, WrongMachine, SeatrialError."""
        try:
            with self._session.turn():
                if self._gone.is_set():
                    return
                ended = self._run(self._session.prepared(self._order))
        finally:
            self._over.set()
        if not self._gone.is_set():
            self._channel.send_json(
                Kind.ENDED if not ended.error else Kind.ERROR, _answer_of(ended, self._order.argv[0])
            )

    def _run(self, machine: Machine) -> Ended:
        with self._lock:
            if self._early:
                return Ended(None, self._early)
            self._machine = machine
        order = self._order
        return machine.run(
            order.argv,
            order.env,
            order.cwd,
            stdin=self._stdin(),
            limits=Limits(cpuset="0") if order.one_cpu else Limits(),
            on_stdout=lambda data: self._say(Kind.STDOUT, data),
            on_stderr=lambda data: self._say(Kind.STDERR, data),
        )

    def _say(self, kind: Kind, data: bytes) -> None:
        if not self._gone.is_set():
            try:
                self._channel.send(kind, data)
            except (ChannelClosed, ChannelTimeout):
                self._leave()

    def _stdin(self) -> Iterator[bytes]:
        while (part := self._input.get()) is not None:
            yield part

    def _listen(self) -> None:
        """What the client sends meanwhile; its end is the command's."""
        with contextlib.suppress(ChannelClosed, ChannelTimeout, ValueError):
            while not self._over.is_set():
                frame = self._channel.receive(None)
                if frame.kind is Kind.DATA:
                    self._input.put(frame.payload)
                elif frame.kind is Kind.END:
                    self._input.put(None)
                elif frame.kind is Kind.SIGNAL:
                    self._signal(int(frame.payload))
        if not self._over.is_set():
            self._leave()

    def _signal(self, number: int) -> None:
        with self._lock:
            if self._machine is None:
                self._early = number  # it never starts, as a program that was killed at once
                return
        self._machine.signal(number)

    def _leave(self) -> None:
        """The client is gone: so the command goes too, and the machine with it if that does not end."""
        if self._gone.is_set():
            return
        self._gone.set()
        self._input.put(None)
        self._signal(signals.SIGKILL)
        threading.Thread(target=self._insist, daemon=True).start()

    def _insist(self) -> None:
        if not self._over.wait(_KILLED_SECONDS) and self._machine:
            self._machine.close()


def _answer_of(ended: Ended, program: str) -> _Answer:
    told = [f"kernel {line}" for line in ended.warnings]
    if ended.oom_killed:
        told.append("oom-killed")
    if ended.error:
        told.append(f"not-started {program}: {ended.error}")
    return _Answer(ended.exit_code, ended.signal, tuple(told))

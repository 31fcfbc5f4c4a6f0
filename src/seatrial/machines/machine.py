"""A running machine: files in and out, commands with their streams, limits and endings."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath

import msgspec

from seatrial.decoding import ready
from seatrial.errors import CouldNotCheck, UsageError
from seatrial.machines import cpio
from seatrial.machines.channel import ChannelClosed, ChannelTimeout, Frame, Kind
from seatrial.machines.emulation import Emulation, unsupported_features
from seatrial.machines.kept import Kept
from seatrial.machines.network import Connection
from seatrial.machines.terminal import converse, window
from seatrial.model.machine import BootStage, CgroupMode, Ended, Limits, MachineSpec, Proof, Seen, SystemEmulator

__all__ = ["Machine"]

_FILE_SECONDS = 120.0
_GOROUTINE_DUMPS = 2.0
"""How long init gives a program between SIGQUIT and SIGKILL."""
_MARGIN = 10.0
"""How much later than its time limit a command's end may come."""
_PING_SECONDS = 10.0
_NO_LIMITS = Limits()


class Machine:
    """A machine that is ready. One thread at a time gives it orders; `signal` and `close` may come from any."""

    def __init__(self, emulation: Emulation, spec: MachineSpec, emulator: SystemEmulator, seen: Seen) -> None:
        self._emulation = emulation
        self._orders = threading.Lock()
        self.spec = spec
        self.emulator = emulator
        self.seen = seen
        self.accelerator = "tcg"
        self.accelerator_reason = ""
        """Why it is not `kvm`; "" where it is, or where `tcg` was asked for."""
        self.boot_seconds = 0.0
        """From the start of QEMU until it was ready."""
        self.restored = False
        """Whether it came out of a snapshot."""
        self.attempts = 1
        """Boots that it took."""

    @property
    def unsupported(self) -> tuple[str, ...]:
        """Features of the CPU model that QEMU warned it cannot give, in QEMU's names."""
        return unsupported_features(self._emulation.log)

    @property
    def proof(self) -> Proof:
        """What the machine is, for reports."""
        return Proof(
            seen=self.seen,
            emulator=self.emulator.name,
            cpu=self.spec.cpu,
            accelerator=self.accelerator,
            accelerator_reason=self.accelerator_reason,
            unsupported=self.unsupported,
            boot_seconds=self.boot_seconds,
            restored=self.restored,
        )

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that QEMU was started with."""
        return self._emulation.argv

    @property
    def console(self) -> str:
        """What the guest's console has shown: for diagnostics only."""
        return self._emulation.console

    def put(self, source: Path, path: str, mode: int = 0o755) -> None:
        """Copy a file into the guest, to this absolute path. Raises VmLost, and CouldNotCheck where it has no room."""
        self._put(path, cpio.file(_inside(path), source, mode))

    def put_tree(self, folder: Path, path: str, skip: frozenset[str] = frozenset()) -> None:
        """Copy what is in a folder into the guest, below this absolute path. Raises as `put`.

        Folders with a name of `skip` are left out. An absolute symbolic link to a file of the host becomes the file.
        """
        self._put(path, cpio.tree(folder, _inside(path), skip))

    def make_folder(self, path: str) -> None:
        """Make an empty folder in the guest, with those on the way to it. Raises as `put`."""
        self._put(path, [cpio.directory(_inside(path))])

    def _put(self, path: str, parts: Iterable[bytes]) -> None:
        with self._orders, self._losing(BootStage.READY):
            channel = self._emulation.channel
            channel.send(Kind.UNPACK)
            try:
                channel.send_data(chain(parts, (cpio.TRAILER,)))
            except OSError as error:
                self._expect(Kind.DONE, Kind.ERROR)
                raise CouldNotCheck(f"Cannot read what is to go into the guest: {error}.") from error
            answer = self._expect(Kind.DONE, Kind.ERROR)
        if answer.kind is Kind.ERROR:
            raise CouldNotCheck(
                f"Cannot write {path} in the guest: {answer.payload.decode('utf-8', 'replace')}.",
                f"It has {self.spec.memory >> 20} MiB of memory, which hold its files too: give it more.",
            )

    def get(self, path: str) -> bytes:
        """The content of a file in the guest. Raises FileNotFoundError with the guest's reason, and VmLost."""
        content = bytearray()
        with self._orders, self._losing(BootStage.READY):
            self._emulation.channel.send(Kind.GET, path.encode("utf-8", "surrogateescape"))
            while True:
                frame = self._expect(Kind.DATA, Kind.END, Kind.ERROR)
                if frame.kind is Kind.END:
                    return bytes(content)
                if frame.kind is Kind.ERROR:
                    break
                content += frame.payload
        raise FileNotFoundError(frame.payload.decode("utf-8", "replace"))

    def run(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str = "/",
        seconds: float | None = None,
        stdin: bytes | Iterable[bytes] = b"",
        limits: Limits = _NO_LIMITS,
        on_stdout: Callable[[bytes], object] | None = None,
        on_stderr: Callable[[bytes], object] | None = None,
    ) -> Ended:
        """Run a command in the guest to its end, in a control group of its own; what it leaves behind is killed.

        After `seconds` it gets SIGQUIT (Go says what it was doing) and 2 s later SIGKILL. Of each stream the first
        and last 4 MiB are kept; the callbacks get everything. stdin in parts is read by a thread of its own, until its
        end or the command's. Raises VmLost; UsageError and CouldNotCheck for a command that is none, and for limits
        that this guest's control groups do not have.
        """
        self._check_limits(limits)
        out, err = Kept(on_stdout), Kept(on_stderr)
        order = _order(argv, env, cwd, seconds, limits)
        with self._orders, self._losing(BootStage.RUNNING):
            self._emulation.channel.send_json(Kind.RUN, order)
            if isinstance(stdin, bytes):
                self._emulation.channel.send_data([stdin])
            else:
                threading.Thread(target=self._feed, args=(stdin,), daemon=True).start()
            answer = self._follow(out, err, seconds)
        return _ended(answer, bytes(out), bytes(err))

    def shell(
        self, argv: Sequence[str], env: Mapping[str, str], cwd: str = "/", keyboard: int = 0, screen: int = 1
    ) -> Ended:
        """Run a command on a terminal of the guest, connected with these two files of ours. Raises as `run`."""
        order = _order(argv, env, cwd, None, _NO_LIMITS) | {"terminal": window(screen)}
        with self._orders, self._losing(BootStage.RUNNING):
            self._emulation.channel.send_json(Kind.RUN, order)
            answer = converse(self._emulation.channel, keyboard, screen)
        return _ended(answer, b"", b"")

    def _feed(self, parts: Iterable[bytes]) -> None:
        with contextlib.suppress(ChannelClosed, ChannelTimeout):  # whoever follows the command tells
            for part in parts:
                self._emulation.channel.send(Kind.DATA, part)
            self._emulation.channel.send(Kind.END)

    def dial(self, address: str, seconds: float) -> Connection:
        """A connection to a TCP address in the guest, as "127.0.0.1:8080". Raises OSError. For any thread."""
        return self._emulation.network.dial(address, seconds)

    def signal(self, number: int) -> None:
        """Send a signal to the command that runs, if one does."""
        with contextlib.suppress(ChannelClosed, ChannelTimeout):
            self._emulation.channel.send_json(Kind.SIGNAL, number)

    def pause(self) -> None:
        """Stop the machine's CPUs. Raises QmpError."""
        self._emulation.qmp.ask("stop")

    def close(self) -> None:
        """End the machine. It keeps nothing."""
        self._emulation.close()

    def _check_limits(self, limits: Limits) -> None:
        if limits.memory_high and self.seen.cgroup != CgroupMode.V2:
            raise UsageError(f"memory.high exists in cgroup v2 only; the guest has {self.seen.cgroup}.")
        wanted = {
            "memory": limits.memory_max or limits.memory_high,
            "cpu": limits.cpu_max,
            "cpuset": limits.cpuset,
            "pids": limits.pids_max,
        }
        if missing := sorted(name for name, value in wanted.items() if value and name not in self.seen.controllers):
            raise CouldNotCheck(
                f"The guest's kernel {self.seen.kernel} has no control group controller {', '.join(missing)} "
                f"in cgroup {self.seen.cgroup}.",
                "Use cgroup v2, or another kernel: see `seatrial vm kernels`.",
            )

    def _follow(self, out: Kept, err: Kept, seconds: float | None) -> Frame:
        deadline = None if seconds is None else time.monotonic() + seconds + _GOROUTINE_DUMPS + _MARGIN
        while True:
            try:
                frame = self._emulation.channel.receive(deadline)
            except ChannelTimeout:
                raise self._emulation.lost(BootStage.RUNNING, self._ping()) from None
            if frame.kind is Kind.STDOUT:
                out.add(frame.payload)
            elif frame.kind is Kind.STDERR:
                err.add(frame.payload)
            elif frame.kind in (Kind.ENDED, Kind.ERROR):
                return frame

    def _ping(self) -> str:
        """Why a command that is long over its time has not ended: by whether init still answers."""
        deadline = time.monotonic() + _PING_SECONDS
        try:
            self._emulation.channel.send(Kind.PING)
            while self._emulation.channel.receive(deadline).kind is not Kind.ALIVE:
                pass
        except ChannelTimeout:
            return f"the guest has not answered for {_PING_SECONDS:.0f} s"
        return "the guest's kernel does not end a command that was killed"

    def _expect(self, *kinds: Kind) -> Frame:
        try:
            while (frame := self._emulation.channel.receive(time.monotonic() + _FILE_SECONDS)).kind not in kinds:
                pass
        except ChannelTimeout:
            raise self._emulation.lost(BootStage.READY, self._ping()) from None
        return frame

    @contextlib.contextmanager
    def _losing(self, stage: BootStage) -> Iterator[None]:
        """What the end of the channel means while an order is carried out."""
        try:
            yield
        except ChannelClosed:
            raise self._emulation.lost(stage, "") from None
        except ChannelTimeout:
            raise self._emulation.lost(stage, "the guest takes no orders") from None


def _inside(path: str) -> str:
    if not path.startswith("/"):
        raise UsageError(f"The path {path!r} in the guest is not absolute.")
    return PurePosixPath(path).as_posix().strip("/")


def _order(
    argv: Sequence[str], env: Mapping[str, str], cwd: str, seconds: float | None, limits: Limits
) -> dict[str, object]:
    words = [f"{name}={value}" for name, value in env.items()]
    for word in (*argv, *words, cwd):
        if not word.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in word):
            raise UsageError(f"{word!r} is not UTF-8: it cannot be told to the guest.")
    if not argv:
        raise UsageError("There is no command to be run in the guest.")
    return {
        "argv": list(argv),
        "env": words,
        "cwd": cwd,
        "seconds": seconds or 0.0,
        "limits": msgspec.to_builtins(limits),
    }


def _ended(answer: Frame, stdout: bytes, stderr: bytes) -> Ended:
    if answer.kind is Kind.ERROR:
        raise CouldNotCheck(f"The guest cannot run this: {answer.payload.decode('utf-8', 'replace')}.")
    return msgspec.structs.replace(msgspec.json.decode(answer.payload, type=ready(Ended)), stdout=stdout, stderr=stderr)

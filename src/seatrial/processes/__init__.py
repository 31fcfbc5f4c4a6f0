"""Run an outside program: time limit, recorded command, output kept, dies with its parent.

Everything that seatrial starts goes through here, each in a process group of its own. When seatrial ends, by kill -9
too, a guardian process kills the groups that are left, and deletes the scratch folders. Nothing is given to a shell; a
command that people can paste is made by `shell_line`.
"""

import contextlib
import os
import select
import shlex
import signal as signals
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

__all__ = [
    "OUTPUT_LIMIT",
    "Outcome",
    "Running",
    "interrupt",
    "interrupted",
    "interruptible",
    "run",
    "scratch_folder",
    "shell_line",
    "start",
    "writing_executable",
]

OUTPUT_LIMIT = 8 * 1024 * 1024
"""Bytes kept of each stream: the first and the last half of what is over it."""

_LONGEST_POLL = 1_000_000
"""Seconds, which poll(2) takes as an int of milliseconds."""

_live: "set[Running]" = set()
_interrupted = threading.Event()
_starting = threading.Lock()


class Outcome(msgspec.Struct, frozen=True):
    """How a command ended."""

    argv: tuple[str, ...]
    stdout: str
    stderr: str
    seconds: float
    exit_code: int | None = None
    """None when a signal ended it or it never started."""
    signal: int = 0
    """The signal that ended it; 0 for none."""
    timed_out: bool = False
    error: str = ""
    """Why it could not be started (strerror); "" when it was."""

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and not self.timed_out

    @property
    def ending(self) -> str:
        """In words: "exit code 2", "signal SIGSEGV", "still running after the time limit", "could not start: ..."."""
        if self.error:
            return f"could not start: {self.error}"
        if self.timed_out:
            return "still running after the time limit"
        if self.signal:
            return f"signal {_signal_name(self.signal)}"
        return f"exit code {self.exit_code}"


def _signal_name(number: int) -> str:
    try:
        return signals.Signals(number).name
    except ValueError:
        return str(number)


def shell_line(argv: Sequence[str], env: Mapping[str, str] | None = None, cwd: str | Path | None = None) -> str:
    """A line for a POSIX shell that runs the command with these additions to the environment."""
    words = [f"{name}={shlex.quote(value)}" for name, value in sorted((env or {}).items())]
    words += [shlex.quote(word) for word in argv]
    line = " ".join(words)
    return f"(cd {shlex.quote(str(cwd))} && {line})" if cwd else line


def interrupt() -> None:
    """End everything that runs and refuse to start more: the user pressed Ctrl-C, or the job is over."""
    _interrupted.set()
    for running in list(_live):
        running.signal(signals.SIGKILL, group=True)


@contextlib.contextmanager
def writing_executable() -> Iterator[None]:
    """Nothing is started meanwhile: a child would inherit the open file, and running it give ETXTBSY."""
    with _starting:
        yield


def interrupted() -> bool:
    """Whether `interrupt` was called: what ends now was ended by us, and shows nothing."""
    return _interrupted.is_set()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """A job that `interrupt` may end; programs can be started again after it."""
    try:
        yield
    finally:
        _interrupted.clear()


class _Guardian:
    """The process that outlives us for a moment (`guardian.py`), started with the first program."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def tell(self, order: str, what: int | str) -> None:
        """Orders "+" and "-" guard and release a process group, ">" and "<" a folder."""
        with self._lock, contextlib.suppress(BrokenPipeError):
            if self._process is None:
                with _starting:
                    self._process = subprocess.Popen(
                        [sys.executable, "-I", "-S", str(Path(__file__).with_name("guardian.py"))],
                        stdin=subprocess.PIPE,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        start_new_session=True,
                    )
            assert self._process.stdin is not None
            self._process.stdin.write(f"{order}{what}\n".encode())
            self._process.stdin.flush()


_guardian = _Guardian()


@contextlib.contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """A folder for the time being, deleted whatever ends this process: by the guardian after kill -9.

    Raises OSError when it cannot be made.
    """
    folder = tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
    path = os.fsencode(folder.name).hex()
    _guardian.tell(">", path)
    try:
        with folder as name:
            yield Path(name)
    finally:
        if not os.path.lexists(folder.name):  # else something still writes there
            _guardian.tell("<", path)


class _Pipe(threading.Thread):
    """Reads one stream to its end and keeps the first and last half of OUTPUT_LIMIT."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._lock = threading.Lock()
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0
        self.start()

    def run(self) -> None:
        half = OUTPUT_LIMIT // 2
        fd = self._stream.fileno()
        while True:
            try:
                data = os.read(fd, 65536)
            except OSError:
                return
            if not data:
                return
            with self._lock:
                room = half - len(self._head)
                self._head += data[:room]
                self._tail += data[room:] if room < len(data) else b""
                over = len(self._tail) - half
                if over > half:  # trimmed in large steps: each byte is moved once on average
                    self._dropped += over
                    del self._tail[:over]

    def text(self) -> str:
        with self._lock:
            head = self._head.decode("utf-8", "replace")
            tail = self._tail.decode("utf-8", "replace")
            if self._dropped:
                return f"{head}\n... {self._dropped} bytes left out ...\n{tail}"
            return head + tail

    def close(self) -> None:
        """Stop waiting for a stream that a surviving grandchild holds open."""
        self.join(timeout=0.5)
        if not self.is_alive():
            self._stream.close()


class Running:
    """A started command in a process group of its own."""

    def __init__(self, argv: tuple[str, ...], process: subprocess.Popen[bytes]) -> None:
        self.argv = argv
        self._process = process
        self._began = time.monotonic()
        assert process.stdout is not None and process.stderr is not None
        self._out = _Pipe(process.stdout)
        self._err = _Pipe(process.stderr)
        _live.add(self)
        _guardian.tell("+", self.pid)
        if _interrupted.is_set():
            self.signal(signals.SIGKILL, group=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def running(self) -> bool:
        return self._process.poll() is None

    def output(self) -> tuple[str, str]:
        """What it has printed so far on stdout and stderr."""
        return self._out.text(), self._err.text()

    def signal(self, number: int, group: bool = False) -> None:
        """Send a signal to the process, or to its whole group. A process that is gone is no error."""
        with contextlib.suppress(ProcessLookupError):
            if group:
                os.killpg(self.pid, number)
            elif self.running():
                os.kill(self.pid, number)

    def wait(self, timeout: float | None) -> bool:
        """Wait up to `timeout` seconds; True when it has ended."""
        try:
            self._process.wait(timeout if timeout is None else self._left(timeout))
        except subprocess.TimeoutExpired:
            return False
        return True

    def _left(self, timeout: float) -> float:
        """Seconds that are left to wait when the kernel has told of its end, or the time is over.

        Popen.wait asks every 50 ms. Where pidfd_open(2) is missing (before Linux 5.3) there is nothing better.
        """
        if not self.running():
            return timeout
        try:
            told = os.pidfd_open(self.pid)
        except OSError:
            return timeout
        try:
            poll = select.poll()
            poll.register(told, select.POLLIN)
            return 1.0 if poll.poll(min(max(timeout, 0), _LONGEST_POLL) * 1000) else 0.0
        finally:
            os.close(told)

    def finish(self, timed_out: bool = False) -> Outcome:
        """The outcome. Kills what is left of the process group first."""
        self.signal(signals.SIGKILL, group=True)
        self._process.wait()
        _live.discard(self)
        _guardian.tell("-", self.pid)
        seconds = self.seconds
        self._out.close()
        self._err.close()
        code = self._process.returncode
        stdout, stderr = self.output()
        return Outcome(
            self.argv, stdout, stderr, seconds, None if code < 0 else code, -code if code < 0 else 0, timed_out
        )


def start(
    argv: Sequence[str | Path],
    env: Mapping[str, str],
    cwd: str | Path | None = None,
    stdin: bytes | None = None,
    pass_fds: Sequence[int] = (),
) -> Running | Outcome:
    """Start a command with exactly this environment; stdin is closed (empty) unless given, as are all other files.

    An Outcome instead of a Running says why it could not be started.
    """
    words = tuple(str(word) for word in argv)
    if _interrupted.is_set():
        return Outcome(words, "", "", 0.0, error="interrupted")
    try:
        with _starting:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
                pass_fds=pass_fds,
            )
    except OSError as error:
        return Outcome(words, "", "", 0.0, error=f"{words[0]}: {error.strerror or error}")
    except ValueError as error:  # a NUL in an argument
        return Outcome(words, "", "", 0.0, error=f"{words[0]!r}: {error}")
    running = Running(words, process)
    if stdin is not None and process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(stdin)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    return running


def run(
    argv: Sequence[str | Path],
    env: Mapping[str, str],
    timeout: float,
    cwd: str | Path | None = None,
    stdin: bytes | None = None,
    ask_first: int = 0,
) -> Outcome:
    """Run a command to its end, at most `timeout` seconds.

    On a time-out `ask_first` (such as SIGQUIT, for a goroutine dump) is sent and 2 s given before SIGKILL.
    """
    running = start(argv, env, cwd, stdin)
    if isinstance(running, Outcome):
        return running
    try:
        done = running.wait(timeout)
        if not done and ask_first:
            running.signal(ask_first)
            running.wait(2.0)
    except BaseException:  # Ctrl-C too: nothing that we started outlives us
        running.finish()
        raise
    return running.finish(timed_out=not done)

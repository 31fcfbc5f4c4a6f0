"""Runs a command in the machine of a session: `python -I -S session_client.py SESSION TOKEN [options] -- COMMAND ...`.

What stands in front of a command in place of an emulator. Streams, signals and the way of ending are the command's
own. What the machine itself has to say comes on stderr, each line after the token, which nothing in the guest knows;
when the machine could not run the command to its end, the exit code is 125.

Options: --one-cpu holds the command to one CPU; --root FOLDER has loader and libraries for dynamic programs; --seen
prints, in place of a command, what the guest saw of its machine as JSON.

Imports next to nothing, so that it starts in milliseconds. The other end is `session.py`.
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import struct
import sys

__all__ = ["CARRY", "NO_ANSWER", "connect", "dial", "pack"]

NO_ANSWER = 125
"""Exit code when the machine could not run the command to its end."""

CARRY = "SEATRIAL_CARRY"
"""Environment variable with what must be in the guest besides the program: paths as in PATH."""

_HEAD = struct.Struct(">Ic")
_FORWARDED = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCONT")
_PART = 65536


def pack(kind: bytes, payload: bytes = b"") -> bytes:
    """A frame, as `seatrial.machines.channel` has them."""
    return _HEAD.pack(len(payload), kind) + payload


def connect(session: str) -> socket.socket:
    """A connection to the session of this name. Raises OSError when it is over."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(b"\0" + session.encode())
    except OSError:
        connection.close()
        raise
    return connection


def dial(session: str, address: str, seconds: float) -> socket.socket:
    """A connection to a TCP address inside the guest. Raises OSError (refused, too late, the session is over)."""
    connection = connect(session)
    try:
        connection.settimeout(seconds)
        connection.sendall(pack(b"C", address.encode()))
        reader = _Reader()
        while not reader.frames:
            # One byte too many would be the guest's: the answer's frame is all that may be taken here.
            reader.feed(connection.recv(reader.wanted))
        kind, payload = reader.frames[0]
        if kind != b"O":
            raise ConnectionRefusedError(payload.decode("utf-8", "replace"))
    except BaseException:
        connection.close()
        raise
    return connection


class _Reader:
    """Takes frames out of a stream."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self.frames: list[tuple[bytes, bytes]] = []

    @property
    def wanted(self) -> int:
        """Bytes to the end of the frame that is being read, as far as is known."""
        if len(self._rest) < _HEAD.size:
            return _HEAD.size - len(self._rest)
        return _HEAD.size + int(_HEAD.unpack_from(self._rest)[0]) - len(self._rest)

    def feed(self, data: bytes) -> None:
        """Take what was received. Raises ConnectionResetError at the end of the stream."""
        if not data:
            raise ConnectionResetError("the session is over")
        self._rest += data
        while len(self._rest) >= _HEAD.size:
            length, kind = _HEAD.unpack_from(self._rest)
            end = _HEAD.size + length
            if len(self._rest) < end:
                return
            self.frames.append((kind, bytes(self._rest[_HEAD.size : end])))
            del self._rest[:end]


class _Client:
    """One command."""

    def __init__(self, session: str, token: str, options: dict[str, str], command: list[str]) -> None:
        self._token = token
        self._connection = connect(session)
        self._reader = _Reader()
        self._wake, woken = socket.socketpair()
        woken.setblocking(False)
        signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
        for name in _FORWARDED:
            if signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
                signal.signal(getattr(signal, name), lambda _number, _frame: None)
        self._woken = woken  # kept open
        environment = {name: value for name, value in os.environ.items() if _is_text(name + value)}
        carry = [path for path in environment.pop(CARRY, "").split(os.pathsep) if path]
        request = {
            "argv": command,
            "env": environment,
            "cwd": os.getcwd(),  # noqa: PTH109 - pathlib would take longer to import than the rest
            "carry": carry,
            "root": options.get("root", ""),
            "one_cpu": "one-cpu" in options,
        }
        kind = b"V" if "seen" in options else b"R"
        self._connection.sendall(pack(kind, json.dumps(request, ensure_ascii=False).encode()))

    def work(self) -> int:
        """To the command's end; its exit code. A signal that ended it ends this process."""
        sources = select.poll()
        sources.register(self._connection, select.POLLIN)
        sources.register(self._wake, select.POLLIN)
        sources.register(0, select.POLLIN)
        while True:
            for fd, _ in sources.poll():
                if fd == 0:
                    if not self._pass_stdin():
                        sources.unregister(0)
                elif fd == self._wake.fileno():
                    for number in self._wake.recv(64):
                        self._send(b"S", str(number).encode())
                else:
                    self._reader.feed(self._connection.recv(_PART))
            for kind, payload in self._reader.frames:
                if kind in (b"1", b"2"):
                    _write(1 if kind == b"1" else 2, payload)
                else:
                    return self._end(kind, payload)
            self._reader.frames.clear()

    def _pass_stdin(self) -> bool:
        try:
            data = os.read(0, _PART)
        except OSError:
            data = b""
        self._send(b"D" if data else b"E", data)
        return bool(data)

    def _send(self, kind: bytes, payload: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has ended: the answer is on its way
            self._connection.sendall(pack(kind, payload))

    def _end(self, kind: bytes, payload: bytes) -> int:
        if kind == b"V":
            _write(1, payload + b"\n")
            return 0
        answer = json.loads(payload)
        for line in answer.get("told", ()):
            _write(2, f"{self._token} {line}\n".encode("utf-8", "backslashreplace"))
        if kind != b"Z":
            return NO_ANSWER
        if answer["signal"]:
            _die(answer["signal"])
        return int(answer["exit_code"])


def _is_text(words: str) -> bool:
    """Whether it can be told in JSON: the bytes of names need not be UTF-8."""
    try:
        words.encode()
    except UnicodeEncodeError:
        return False
    return True


def _write(fd: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:  # nobody reads any more: the command goes on, as one whose output is thrown away
        return


def _die(number: int) -> None:
    """End as the command ended."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):  # SIGKILL cannot be set
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _main(arguments: list[str]) -> int:
    session, token, *rest = arguments
    options: dict[str, str] = {}
    while rest and rest[0] != "--":
        name = rest.pop(0)[2:]
        options[name] = rest.pop(0) if name == "root" else ""
    if not all(map(_is_text, [*rest, os.getcwd()])):  # noqa: PTH109 - as above
        _write(2, f"{token} machine names that are not UTF-8 cannot be passed into a machine\n".encode())
        return NO_ANSWER
    try:
        return _Client(session, token, options, rest[1:]).work()
    except OSError as error:
        _write(2, f"{token} vm-lost the session does not answer: {error}\n".encode())
        return NO_ANSWER


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))

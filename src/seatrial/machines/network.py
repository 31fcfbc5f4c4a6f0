"""Connections into a guest's network, over a port of their own: `probes/init/dial.go` is the other end."""

import contextlib
import queue
import socket
import struct
import threading

from seatrial.machines.channel import Channel, ChannelClosed, ChannelTimeout, Kind

__all__ = ["Connection", "Network"]

_NUMBER = struct.Struct(">I")
_PART = 65536


class Connection:
    """A connection to a TCP port in the guest."""

    def __init__(self, channel: Channel, number: int) -> None:
        self._channel = channel
        self._number = number
        self._answers: queue.SimpleQueue[tuple[Kind, bytes]] = queue.SimpleQueue()

    def take(self, kind: Kind, payload: bytes) -> None:
        """What the guest sent on it."""
        self._answers.put((kind, payload))

    def await_open(self, seconds: float) -> None:
        """Raises ConnectionRefusedError with the guest's reason, TimeoutError when there is no answer."""
        try:
            kind, payload = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError("the guest does not answer") from None
        if kind is not Kind.DONE:
            raise ConnectionRefusedError(payload.decode("utf-8", "replace") or "the machine is gone")

    def relay(self, own: socket.socket) -> None:
        """Carry what comes on `own` into the guest and the other way, until the guest has no more to say."""
        threading.Thread(target=self._inward, args=(own,), daemon=True).start()
        with contextlib.suppress(OSError):
            while True:
                kind, payload = self._answers.get()
                if kind is not Kind.DATA:
                    break
                own.sendall(payload)
            own.shutdown(socket.SHUT_WR)

    def send(self, kind: Kind, payload: bytes = b"") -> None:
        """Raises ChannelClosed and ChannelTimeout."""
        self._channel.send(kind, _NUMBER.pack(self._number) + payload)

    def _inward(self, own: socket.socket) -> None:
        with contextlib.suppress(ChannelClosed, ChannelTimeout):
            with contextlib.suppress(OSError):
                while data := own.recv(_PART):
                    self.send(Kind.DATA, data)
            self.send(Kind.END)


class Network:
    """The guest's network, as far as the host reaches into it. For any thread."""

    def __init__(self, ours: socket.socket) -> None:
        self._channel = Channel(ours)
        self._lock = threading.Lock()
        self._open: dict[int, Connection] = {}
        self._last = 0
        self._reader: threading.Thread | None = None

    def dial(self, address: str, seconds: float) -> Connection:
        """A connection to "127.0.0.1:8080" in the guest. Raises OSError."""
        with self._lock:
            if self._reader is None:
                self._reader = threading.Thread(target=self._read, daemon=True)
                self._reader.start()
            self._last += 1
            number = self._last
            connection = self._open[number] = Connection(self._channel, number)
        try:
            connection.send(Kind.DIAL, address.encode())
            connection.await_open(seconds)
        except (ChannelClosed, ChannelTimeout) as error:
            self._forget(number)
            raise ConnectionResetError("the machine is gone") from error
        except BaseException:
            self._forget(number)
            raise
        return connection

    def close(self) -> None:
        """Close our end."""
        self._channel.close()

    def _forget(self, number: int) -> None:
        with self._lock:
            self._open.pop(number, None)

    def _read(self) -> None:
        with contextlib.suppress(ChannelClosed):
            while True:
                frame = self._channel.receive(None)
                if len(frame.payload) < _NUMBER.size:
                    continue
                (number,) = _NUMBER.unpack_from(frame.payload)
                with self._lock:
                    connection = self._open.get(number)
                if connection:
                    connection.take(frame.kind, frame.payload[_NUMBER.size :])
                if frame.kind in (Kind.END, Kind.ERROR):
                    self._forget(number)
        with self._lock:
            for connection in self._open.values():
                connection.take(Kind.ERROR, b"")
            self._open.clear()

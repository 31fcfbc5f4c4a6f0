"""The host's end of the channel into a guest: frames over a virtio-serial port.

A frame is the length of its payload (4 bytes, big-endian), its kind (1 byte) and the payload. The kinds are those of
`probes/init/channel.go`.
"""

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Iterable
from enum import StrEnum

import msgspec

__all__ = ["Channel", "ChannelClosed", "ChannelTimeout", "Frame", "Kind"]

_HEAD = struct.Struct(">Ic")
_MOST_OF_A_FRAME = 256 * 1024
_LONGEST = 1 << 20
_SEND_PATIENCE = struct.pack("ll", 60, 0)


class Kind(StrEnum):
    """What a frame is."""

    BEGIN = "B"
    UNPACK = "U"
    GET = "G"
    RUN = "R"
    SIGNAL = "S"
    WINDOW = "W"
    PING = "P"
    HELLO = "H"
    SEEN = "V"
    DONE = "O"
    ERROR = "X"
    STDOUT = "1"
    STDERR = "2"
    ENDED = "Z"
    ALIVE = "A"
    DATA = "D"
    END = "E"
    DIAL = "C"


class Frame(msgspec.Struct, frozen=True):
    """One message."""

    kind: Kind
    payload: bytes


class ChannelClosed(Exception):
    """Nobody is at the other end any more."""


class ChannelTimeout(Exception):
    """The other end says or takes nothing."""


class Channel:
    """Sends from any thread; receives in one."""

    def __init__(self, ours: socket.socket) -> None:
        self._socket = ours
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _SEND_PATIENCE)
        self._sending = threading.Lock()
        self._received = bytearray()
        self._readable = select.poll()
        self._readable.register(ours, select.POLLIN)

    def fileno(self) -> int:
        """The socket, for select(2)."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close our end."""
        self._socket.close()

    def send(self, kind: Kind, payload: bytes = b"") -> None:
        """Send one frame. Raises ChannelClosed, and ChannelTimeout when the guest takes nothing for a minute."""
        with self._sending:
            try:
                self._socket.sendall(_HEAD.pack(len(payload), kind.encode()) + payload)
            except BlockingIOError as error:
                raise ChannelTimeout from error
            except OSError as error:
                raise ChannelClosed from error

    def send_json(self, kind: Kind, value: object) -> None:
        """The same with a value that JSON holds."""
        self.send(kind, msgspec.json.encode(value))

    def send_data(self, parts: Iterable[bytes]) -> None:
        """Send data in as many frames as it takes, and its end."""
        waiting = bytearray()
        try:
            for part in parts:
                waiting += part
                while len(waiting) >= _MOST_OF_A_FRAME:
                    self.send(Kind.DATA, bytes(waiting[:_MOST_OF_A_FRAME]))
                    del waiting[:_MOST_OF_A_FRAME]
            if waiting:
                self.send(Kind.DATA, bytes(waiting))
        finally:  # what reads the parts may fail: the other end must not wait for more
            with contextlib.suppress(ChannelClosed, ChannelTimeout):
                self.send(Kind.END)

    def receive(self, deadline: float | None) -> Frame:
        """The next frame, until this time (`time.monotonic`; None waits for ever).

        Raises ChannelClosed and ChannelTimeout.
        """
        while (frame := self.receive_now()) is None:
            left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
            if not self._readable.poll(left):
                raise ChannelTimeout
            self.fetch()
        return frame

    def fetch(self) -> None:
        """Take in what has come, at least something. Raises ChannelClosed."""
        try:
            part = self._socket.recv(_MOST_OF_A_FRAME)
        except OSError as error:
            raise ChannelClosed from error
        if not part:
            raise ChannelClosed
        self._received += part

    def receive_now(self) -> Frame | None:
        """The next frame of what was taken in; None where there is no whole one. Raises ChannelClosed."""
        if len(self._received) < _HEAD.size:
            return None
        length, kind = _HEAD.unpack_from(self._received)
        if length > _LONGEST:
            raise ChannelClosed
        end = _HEAD.size + length
        if len(self._received) < end:
            return None
        payload = bytes(self._received[_HEAD.size : end])
        del self._received[:end]
        try:
            return Frame(Kind(kind.decode("latin-1")), payload)
        except ValueError as error:  # a guest that writes there itself
            raise ChannelClosed from error

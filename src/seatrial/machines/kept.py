"""What is kept of a stream that may be endless: its first and its last part, as of every program that we run."""

from collections.abc import Callable

from seatrial.processes import OUTPUT_LIMIT

__all__ = ["Kept"]

_HALF = OUTPUT_LIMIT // 2


class Kept:
    """Bytes as they come. Hands everything on."""

    def __init__(self, hand_on: Callable[[bytes], object] | None = None) -> None:
        self._hand_on = hand_on
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, part: bytes) -> None:
        """Take what came."""
        if self._hand_on:
            self._hand_on(part)
        room = _HALF - len(self._head)
        self._head += part[:room]
        self._tail += part[room:] if room < len(part) else b""
        over = len(self._tail) - _HALF
        if over > _HALF:  # trimmed in large steps: each byte is moved once on average
            self._dropped += over
            del self._tail[:over]

    def __bytes__(self) -> bytes:
        if self._dropped:
            return bytes(self._head) + b"\n... %d bytes left out ...\n" % self._dropped + bytes(self._tail)
        return bytes(self._head + self._tail)

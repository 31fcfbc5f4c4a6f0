"""A window on the bytes of a file: every read is checked against its bounds before it is made."""

import mmap
import struct
import unicodedata
from collections.abc import Callable, Iterator
from typing import TypeVar

from seatrial.model.absence import Unknown

__all__ = ["NAMES_LIMIT", "CutOff", "Malformed", "NameTable", "NotABinary", "Problems", "Window", "printable"]

_CHUNK = 4 * 1024 * 1024
_NAME_LIMIT = 16 * 1024
NAMES_LIMIT = 16 * 1024 * 1024
"""Bytes of names that are taken from one table: the largest libraries known have some 10 MB of them."""

_LINES_LIMIT = 100

T = TypeVar("T")


class Malformed(Exception):
    """A part of the file cannot be read; the text says which and why. Never leaves `seatrial.formats`."""


class CutOff(Malformed):
    """The headers cannot be read, or what they tell to load is not there: there is nothing to say of the file."""


class NotABinary(CutOff):
    """The file is something else: another copy of it would be no better."""


class Problems:
    """Collects what could not be read, one line each, while the rest of the file is read on."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}

    @property
    def lines(self) -> tuple[str, ...]:
        """What was noted, in order."""
        return tuple(self._lines)

    def note(self, line: str) -> None:
        """Keep a line once; of very many only the first."""
        if len(self._lines) < _LINES_LIMIT:
            self._lines[line] = None

    def attempt(self, what: str, read: Callable[[], T]) -> T | Unknown:
        """What `read` returns; where the bytes do not allow it, Unknown, and a line."""
        try:
            return read()
        except CutOff:
            raise
        except Malformed as error:
            self.note(f"{what}: {error}")
            return Unknown(str(error))

    def attempt_or(self, default: T, what: str, read: Callable[[], T]) -> T:
        """The same for a field that has no Unknown."""
        value = self.attempt(what, read)
        return default if isinstance(value, Unknown) else value


def printable(raw: bytes) -> str:
    """Text that is safe in a terminal and in JSON: what is no UTF-8, and control characters, become escapes."""
    text = raw.decode("utf-8", "backslashreplace")
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    # Format characters can reorder a line on the screen, so a symbol could pass for another.
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character.encode("unicode_escape").decode("ascii")
    return character


class Window:
    """`size` bytes of the file from `start`; offsets count from there. `order` is "<" or ">" for numbers."""

    __slots__ = ("_data", "order", "size", "start")

    def __init__(self, data: mmap.mmap | bytes, start: int = 0, size: int | None = None, order: str = "<") -> None:
        self._data = data
        self.start = start
        self.size = len(data) - start if size is None else size
        self.order = order

    def holds(self, at: int, size: int) -> bool:
        """Whether `size` bytes at `at` lie inside."""
        return 0 <= at <= self.size and 0 <= size <= self.size - at

    def _check(self, at: int, size: int, what: str) -> None:
        if not self.holds(at, size):
            raise Malformed(f"{what} ({size} bytes at offset {at:#x}) lies outside the {self.size} bytes that hold it")

    def part(self, at: int, size: int, what: str) -> "Window":
        """A window on a part. Raises Malformed when it lies outside."""
        self._check(at, size, what)
        return Window(self._data, self.start + at, size, self.order)

    def ordered(self, order: str) -> "Window":
        """The same window with numbers in another byte order."""
        return Window(self._data, self.start, self.size, order)

    def numbers(self, layout: str, at: int, what: str) -> tuple[int, ...]:
        """Integers as `struct` lays them out, in the window's order. Raises Malformed when they lie outside."""
        layout = self.order + layout
        self._check(at, struct.calcsize(layout), what)
        return struct.unpack_from(layout, self._data, self.start + at)

    def read(self, at: int, size: int, what: str) -> bytes:
        """A copy of the bytes. Raises Malformed when they lie outside."""
        self._check(at, size, what)
        return self._data[self.start + at : self.start + at + size]

    def text(self, at: int, what: str, limit: int = _NAME_LIMIT) -> str:
        """The NUL-terminated name at `at`. Raises Malformed when it does not end within `limit` or the window."""
        self._check(at, 1, what)
        raw = self.read(at, min(limit, self.size - at), what)
        end = raw.find(b"\0")
        if end < 0:
            raise Malformed(f"{what} at offset {at:#x} does not end")
        return printable(raw[:end])

    def chunks(self, at: int, size: int, step: int = _CHUNK, overlap: int = 0) -> Iterator[tuple[int, bytes]]:
        """Copies of what lies inside, piece by piece, each with its offset; the next begins with the last's end."""
        at, end = max(at, 0), min(at + size, self.size)
        while at < end:
            piece = self._data[self.start + at : self.start + min(at + step + overlap, end)]
            yield at, piece
            at += step

    def find(self, needle: bytes, at: int, size: int, align: int = 1, base: int = 0) -> int:
        """Offset of the first `needle` in the range for which `offset - base` is a multiple of `align`; -1 for none."""
        for offset, piece in self.chunks(at, size, overlap=len(needle) - 1):
            place = piece.find(needle)
            while place >= 0:
                if (offset + place - base) % align == 0:
                    return offset + place
                place = piece.find(needle, place + 1)
        return -1


class NameTable:
    """A table of NUL-terminated names; what is taken from it in all is bounded, because entries may overlap."""

    def __init__(self, window: Window, what: str) -> None:
        self._window = window
        self._what = what
        self._left = NAMES_LIMIT

    def name(self, at: int) -> str:
        """The name at an offset. Raises Malformed when it lies outside or all names sum to too much."""
        if at >= self._window.size:
            raise Malformed(f"a name at {at:#x} lies outside {self._what} ({self._window.size} bytes)")
        left = self._window.size - at
        for size in (64, 1024, _NAME_LIMIT):  # most names are short
            raw = self._window.read(at, min(size, left), self._what)
            end = raw.find(b"\0")
            if end >= 0:
                break
        else:
            raise Malformed(f"a name at {at:#x} of {self._what} does not end")
        self._left -= end + 1
        if self._left < 0:
            raise Malformed(f"the names taken from {self._what} sum to more than {NAMES_LIMIT >> 20} MiB")
        return printable(raw[:end])

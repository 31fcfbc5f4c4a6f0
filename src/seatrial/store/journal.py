"""The journal of a run: every result is a line of JSON the moment it exists; a killed run resumes from it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from seatrial.decoding import ready
from seatrial.errors import CouldNotCheck
from seatrial.store import write_atomically

__all__ = ["Journal"]

T = TypeVar("T")


class Journal(Generic[T]):
    """Append-only. A torn last line (kill -9, full disk) is passed over by readers and cut off by the next writer."""

    def __init__(self, path: Path, kind: type[T]) -> None:
        self.path = path
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(ready(kind))
        self._fd = -1

    def read(self) -> Iterator[T]:
        """The entries so far. A line that this release cannot read is passed over."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        for line in data.split(b"\n")[:-1]:
            try:
                yield self._decoder.decode(line)
            except msgspec.MsgspecError:
                continue

    def clear(self) -> None:
        """Begin a run: one that is killed before its first result can be resumed too. Raises CouldNotCheck."""
        write_atomically(self.path, b"")

    def append(self, entry: Any) -> None:
        """Write one entry; it is with the kernel when this returns. Raises CouldNotCheck on a full disk."""
        line = msgspec.json.encode(entry) + b"\n"
        try:
            if self._fd < 0:
                self._open()
            written = os.write(self._fd, line)
            if written != len(line):
                raise OSError(28, "No space left on device")
        except OSError as error:
            raise CouldNotCheck(
                f"Cannot write the journal {self.path}: {error.strerror}.",
                "Free some space and run again with --resume: what was finished is kept.",
            ) from error

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        size = os.fstat(self._fd).st_size
        whole = os.pread(self._fd, size, 0).rfind(b"\n") + 1
        if whole != size:
            os.ftruncate(self._fd, whole)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

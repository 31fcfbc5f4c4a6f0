"""Snapshots of machines that are ready: made after a first boot, restored in a fraction of its time.

One is valid for exactly the same command, files and QEMU build: all of them are in its key, so that it is never
trusted across builds. A file appears under its name only when it is whole (O_TMPFILE and linkat), so that nothing is
left behind by a process that is killed.
"""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from seatrial.machines.qmp import Qmp, QmpError
from seatrial.model.machine import SystemEmulator
from seatrial.store import Store, digest

__all__ = ["Snapshots"]

_BOUND = 1 << 30
"""Bytes of all snapshots together; one takes about 60 MB."""
_SAVE_SECONDS = 30.0
_FORM = 1


class Snapshots:
    """The snapshots of a store."""

    def __init__(self, store: Store) -> None:
        self._folder = store.root / "snapshots"

    def key(self, argv: Sequence[str], emulator: SystemEmulator, files: Sequence[str]) -> str:
        """What a snapshot is valid for: the whole command, the digests of what it boots, this very QEMU."""
        return digest(_FORM, list(argv), emulator, list(files))

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.state"

    @contextlib.contextmanager
    def open(self, key: str) -> Iterator[int | None]:
        """The file of a snapshot, for reading; None where there is none."""
        path = self._path(key)
        try:
            file = path.open("rb")
        except OSError:
            yield None
            return
        with file:
            with contextlib.suppress(OSError):
                os.utime(path)  # used last: pruned last
            yield file.fileno()

    def drop(self, key: str) -> None:
        """Delete one that could not be restored."""
        self._path(key).unlink(missing_ok=True)

    @contextlib.contextmanager
    def new(self) -> Iterator[int | None]:
        """A file without a name, for QEMU to write to; None where the file system has none."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fd = os.open(self._folder, os.O_TMPFILE | os.O_WRONLY, 0o600)
        except OSError:
            yield None
            return
        try:
            yield fd
        finally:
            os.close(fd)

    def save(self, key: str, fd: int, qmp: Qmp, fdset: int) -> None:
        """Write the state of a running machine and keep it; the machine goes on. Raises QmpError."""
        qmp.ask("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        qmp.ask("migrate", uri=f"file:/dev/fdset/{fdset}")
        deadline = time.monotonic() + _SAVE_SECONDS
        while (status := qmp.ask("query-migrate")["status"]) != "completed":
            if status == "failed" or time.monotonic() > deadline:
                raise QmpError(f"the snapshot is {status}")
            time.sleep(0.005)
        qmp.ask("cont")
        try:
            os.link(f"/proc/self/fd/{fd}", self._path(key), src_dir_fd=fd, follow_symlinks=True)
        except FileExistsError:  # another process was faster
            pass
        except OSError as error:
            raise QmpError(f"{self._path(key)}: {error.strerror}") from error
        self._prune()

    def _prune(self) -> None:
        """Delete what was not used for longest, until the rest is within the bound."""
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.glob("*.state"):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= _BOUND:
                return
            path.unlink(missing_ok=True)
            total -= size

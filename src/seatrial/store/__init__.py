"""Where results live: a cache by digest, the journal of a run, locks, atomic writes.

Layout below the root (`SEATRIAL_CACHE`, else `$XDG_CACHE_HOME/seatrial`, else `~/.cache/seatrial`):
`<room>/<first two digits>/<digest>/...` for whatever is cached, `runs/<id>/journal.jsonl` for runs.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from seatrial.decoding import ready
from seatrial.errors import CouldNotCheck

__all__ = ["Store", "default_root", "digest", "file_digest", "write_atomically"]

T = TypeVar("T")


def default_root() -> Path:
    """The directory that holds everything seatrial keeps."""
    if root := os.environ.get("SEATRIAL_CACHE"):
        return Path(root).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "seatrial"


def digest(*parts: Any) -> str:
    """SHA-256 over the JSON form of the parts (Structs, strings, numbers, lists, dicts), as hex digits."""
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, as hex digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, also after kill -9. Raises CouldNotCheck.

    What is there and no file (/dev/null, a pipe) is written to, never replaced; a link (/dev/stdout) is followed.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        if path.is_symlink():  # else the link would be replaced; those to pipes below /proc lead to no path
            path = Path(os.path.realpath(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _full(path, error) from error
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _full(path, error) from error
        raise


def _full(path: Path, error: OSError) -> CouldNotCheck:
    return CouldNotCheck(
        f"Cannot write {path}: {error.strerror or error}.",
        "Free some space, or point SEATRIAL_CACHE (or --cache-dir) at a directory that can be written.",
    )


class Store:
    """A directory of results by digest. Safe for several processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, room: str, key: str) -> Path:
        """The directory of one entry; it exists only after `put` or `make`."""
        return self.root / room / key[:2] / key

    def get(self, room: str, key: str, kind: type[T]) -> T | None:
        """The value put under this key; None where there is none, or where it was damaged."""
        try:
            data = (self.path(room, key) / "value.json").read_bytes()
            return msgspec.json.decode(data, type=ready(kind))
        except (OSError, msgspec.MsgspecError):
            return None

    def put(self, room: str, key: str, value: Any) -> None:
        """Keep a value (a Struct, or what JSON holds) under this key. Raises CouldNotCheck if it cannot."""
        write_atomically(self.path(room, key) / "value.json", msgspec.json.encode(value))

    def make(self, room: str, key: str, fill: Callable[[Path], None]) -> Path:
        """The directory of this key, made once by `fill(temporary directory)`; whole or not there at all.

        Whatever `fill` raises is passed on and leaves nothing behind. Two processes never fill the same key at once.
        """
        place = self.path(room, key)
        if place.is_dir():
            return place
        with self.lock(f"{room}-{key}"):
            if place.is_dir():
                return place
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                temporary = Path(tempfile.mkdtemp(dir=place.parent, prefix=".new-"))
            except OSError as error:
                raise _full(place, error) from error
            try:
                fill(temporary)
                temporary.chmod(0o755)
                temporary.rename(place)
            except BaseException as error:
                shutil.rmtree(temporary, ignore_errors=True)
                if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                    raise _full(place, error) from error
                raise
        return place

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold the lock of this name among all processes that use the store; freed when the process ends."""
        path = self.root / "locks" / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a")
        except OSError as error:
            raise _full(path, error) from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

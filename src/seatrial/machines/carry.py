"""What a command needs in a guest besides itself, and the state of it: what has changed is carried in again."""

import os
import stat
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck

__all__ = ["VERSION_CONTROL", "Carried", "Order", "carried"]

VERSION_CONTROL = frozenset({".git", ".hg", ".svn"})
"""Folders that stay behind."""


class Order(msgspec.Struct, frozen=True):
    """What is to be run, and what it needs in the guest; paths are those of the host, and the same in the guest."""

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str
    carry: tuple[str, ...] = ()
    """Files and folders besides the program. Folders of version control systems are left out."""
    root: str = ""
    """A folder whose content stands at the guest's root: loader and libraries."""
    one_cpu: bool = False


class Carried(msgspec.Struct, frozen=True):
    """The state of something that is carried in."""

    size: int
    """Bytes."""
    files: tuple[tuple[str, int, int], ...]
    """Path, size and time of the last change (ns)."""


def carried(path: Path) -> Carried:
    """The state of a file, or of all that a folder has. Raises CouldNotCheck for what cannot be read."""
    files: list[tuple[str, int, int]] = []
    try:
        if not path.is_dir():
            status = path.stat()
            return Carried(status.st_size, ((str(path), status.st_size, status.st_mtime_ns),))
        for root, folders, names in os.walk(path):
            folders[:] = sorted(set(folders) - VERSION_CONTROL)
            for name in sorted(names):
                file = Path(root, name)
                status = file.stat() if file.exists() else file.lstat()
                if stat.S_ISREG(status.st_mode):
                    files.append((str(file), status.st_size, status.st_mtime_ns))
    except OSError as error:
        raise CouldNotCheck(f"Cannot read what is to go into the machine: {error}.") from error
    return Carried(sum(size for _, size, _ in files), tuple(files))

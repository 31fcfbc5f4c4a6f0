"""Writes cpio archives in the form "newc": the initramfs of a machine, and files on their way into a guest.

Document: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["TRAILER", "character_device", "directory", "file", "link", "tree"]

_CHUNK = 256 * 1024
_LARGEST = 0xFFFFFFFF
"""What eight digits hold."""


def _header(name: str, mode: int, size: int, device: tuple[int, int] = (0, 0)) -> bytes:
    encoded = os.fsencode(name) + b"\0"
    fields = (0, mode, 0, 0, 1, 0, size, 0, 0, *device, len(encoded), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
    return header + bytes(-len(header) % 4)


TRAILER = _header("TRAILER!!!", 0, 0)
"""Ends an archive."""


def directory(name: str, mode: int = 0o755) -> bytes:
    """A folder. Names have no leading slash."""
    return _header(name, stat.S_IFDIR | mode, 0)


def character_device(name: str, major: int, minor: int) -> bytes:
    """A device node, for the kernel's own unpacking."""
    return _header(name, stat.S_IFCHR | 0o600, 0, (major, minor))


def link(name: str, target: str) -> bytes:
    """A symbolic link."""
    content = os.fsencode(target)
    return _header(name, stat.S_IFLNK | 0o777, len(content)) + content + bytes(-len(content) % 4)


def file(name: str, source: Path, mode: int | None = None) -> Iterator[bytes]:
    """A regular file with the content, and unless given the mode, of `source`, in parts. Raises OSError.

    One that grows or shrinks meanwhile is cut or filled with zeros: the length comes first.
    """
    if not stat.S_ISREG(source.stat().st_mode):  # opening a pipe would wait for its other end
        raise OSError(f"{source} is no regular file")
    with source.open("rb") as opened:
        status = os.fstat(opened.fileno())
        left = status.st_size
        if left > _LARGEST:
            raise OSError(f"{source} is larger than 4 GiB")
        yield _header(name, stat.S_IFREG | (status.st_mode & 0o7777 if mode is None else mode), left)
        padding = bytes(-left % 4)
        while left:
            part = opened.read(min(left, _CHUNK)) or bytes(min(left, _CHUNK))
            left -= len(part)
            yield part
    yield padding


def tree(folder: Path, name: str, skip: frozenset[str] = frozenset()) -> Iterator[bytes]:
    """Everything below a folder, under the name, but for folders with a name of `skip`. Raises OSError.

    Symbolic links stay links, but an absolute one to a file becomes the file: its target is the host's. Sockets, pipes
    and devices are left out: they would be others in the guest.
    """
    if name:
        yield directory(name)
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - skip)
        for entry in sorted([*folders, *files]):
            path = Path(root, entry)
            inside = "/".join(part for part in (name, path.relative_to(folder).as_posix()) if part)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode) and path.readlink().is_absolute() and path.is_file():
                yield from file(inside, path)
            elif stat.S_ISLNK(mode):
                yield link(inside, str(path.readlink()))
            elif stat.S_ISDIR(mode):
                yield directory(inside, mode & 0o7777)
            elif stat.S_ISREG(mode):
                yield from file(inside, path)

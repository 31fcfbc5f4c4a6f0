"""Bytes to facts: ELF, PE, Mach-O, ar and Go's build information, read over an mmap.

Readers are ours so that any input ends in facts, in `Unknown` with a reason, or in one clear line. Every offset,
size and count is checked against the file before it is followed.
"""

import hashlib
import mmap
import os
import stat
from pathlib import Path

import msgspec

from seatrial.errors import UsageError
from seatrial.formats.image import read_image
from seatrial.formats.window import CutOff, NotABinary, Window, printable
from seatrial.model.binary import BinaryFacts, BinaryFormat

__all__ = ["read_binary"]

_NAME_A_BINARY = "Name an ELF, PE or Mach-O program, library or object, or an ar archive."


def read_binary(path: Path) -> BinaryFacts:
    """The facts of a binary. Raises UsageError for what cannot be opened, is no binary or was cut off."""
    name = printable(os.fsencode(path))
    try:
        # Asked before it is opened: a FIFO would wait for a writer.
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            raise UsageError(f"{name} is {what}.", _NAME_A_BINARY)
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise UsageError(f"{name} is empty.", "Build or copy it again.")
            with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as data:
                facts = read_image(Window(data, 0, size), name)
                _require_whole(facts, size)
                digest = hashlib.sha256(data).hexdigest()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{name} cannot be read: {reason}.", "Check the path and its permissions.") from error
    except CutOff as error:
        remedy = _NAME_A_BINARY if isinstance(error, NotABinary) else "Build or copy it again."
        raise UsageError(f"{name} cannot be inspected: {error}.", remedy) from error
    return msgspec.structs.replace(facts, path=name, size=size, sha256=digest)


def _require_whole(facts: BinaryFacts, size: int) -> None:
    """Raise CutOff where the file ends before what the loader maps of it: whoever reads there gets SIGBUS (mmap(2))."""
    if facts.format in (BinaryFormat.ELF, BinaryFormat.MACHO):
        end = max((segment.offset + segment.file_size for segment in facts.segments if segment.file_size), default=0)
        if end > size:
            raise CutOff(f"it has {size:,} bytes, and its segments reach to byte {end:,}")

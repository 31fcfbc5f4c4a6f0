"""What the code and the Go metadata of a binary tell: asked of the reader, a Go program of ours (`seatrial/reader`)."""

import mmap
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from seatrial import processes
from seatrial.formats.deep_request import Member, describe
from seatrial.formats.description import Description
from seatrial.formats.window import Malformed, Window
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts
from seatrial.model.insight import Deep

__all__ = ["TIME_LIMIT", "read_deep"]

TIME_LIMIT = 300.0
"""Seconds for one run of the reader; a server of 100 MB takes about one."""

_MEMORY = 64 << 20
"""Bytes that the reader may use beside the mapping, for a small file; for others as much as the file again."""


class _Want(msgspec.Struct, frozen=True):
    name: str
    args: Any = None


class _Request(msgspec.Struct, frozen=True):
    file: str
    offset: int
    size: int
    memory: int
    answer: str
    image: Description
    wants: tuple[_Want, ...]


class _Answer(msgspec.Struct, frozen=True):
    parts: dict[str, msgspec.Raw]


def read_deep(
    path: Path, facts: BinaryFacts, reader: Path | Unknown, wants: Mapping[str, Any], timeout: float = TIME_LIMIT
) -> Deep:
    """The answers to some wants, each with its arguments (None for none), about the binary that the facts tell of.

    `facts` of a member of a universal file select that architecture. Without a reader everything is Unknown, with its
    reason. A file that changed since its facts were read, or that stops the reader, is Unknown too.
    """
    if isinstance(reader, Unknown):
        return Deep(reader)
    try:
        member = _member(path, facts)
    except (OSError, ValueError, Malformed) as error:
        return Deep(Unknown(getattr(error, "strerror", None) or str(error)))
    with tempfile.NamedTemporaryFile(prefix="seatrial-insight-") as answer:
        asked = tuple(_Want(name, args) for name, args in wants.items())
        memory = max(_MEMORY, member.size)
        request = _Request(str(path.absolute()), member.offset, member.size, memory, answer.name, member.image, asked)
        outcome = processes.run((reader,), {"PATH": os.defpath}, timeout, stdin=msgspec.json.encode(request))
        if not outcome.ok:
            said = outcome.stderr.strip().splitlines()
            return Deep(Unknown(f"the reader ended with {outcome.ending}{': ' + said[0] if said else ''}"))
        return Deep(msgspec.json.decode(answer.read(), type=_Answer).parts)


def _member(path: Path, facts: BinaryFacts) -> Member:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return describe(Window(data), facts)

"""What the code and the Go metadata of a binary tell: asked of the reader, a Go program of ours (`seatrial/reader`)."""

import mmap
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from seatrial import processes
from seatrial.decoding import ready
from seatrial.formats.deep_request import describe
from seatrial.formats.description import Description
from seatrial.formats.window import Malformed, Window, printable
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts
from seatrial.model.insight import Deep

__all__ = ["TIME_LIMIT", "Request", "deep_request", "read_deep"]

TIME_LIMIT = 300.0
"""Seconds for one run of the reader; a server of 100 MB takes about one."""

_MEMORY = 256 << 20
"""Bytes that the reader may use beside the mapping, and twice the file's size; about half of it is for garbage."""


class Want(msgspec.Struct, frozen=True):
    name: str
    args: Any = None


class Request(msgspec.Struct, frozen=True):
    """What the reader reads on its standard input."""

    file: str
    offset: int
    size: int
    memory: int
    """Bytes that the reader may use beside the mapping; 0 for any number."""
    image: Description
    wants: tuple[Want, ...]
    answer: str = ""
    """The file to write the answer to; "" for standard output."""


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
        request = deep_request(path, facts, wants)
        binary = path.open("rb")
    except (OSError, ValueError, Malformed) as error:
        return Deep(Unknown(getattr(error, "strerror", None) or str(error)))
    # Not by a pipe: of long output only the ends would be kept. The binary by its descriptor: its name may be no text.
    with binary, tempfile.NamedTemporaryFile(prefix="seatrial-insight-") as answer:
        name = f"/proc/{os.getpid()}/fd/{binary.fileno()}"
        request = msgspec.structs.replace(request, file=name, answer=answer.name)
        outcome = processes.run((reader,), {"PATH": os.defpath}, timeout, stdin=msgspec.json.encode(request))
        if not outcome.ok:
            said = outcome.stderr.replace(name, printable(os.fsencode(path))).strip().splitlines()
            ending = f"was {outcome.ending}" if outcome.timed_out else f"ended with {outcome.ending}"
            return Deep(Unknown(f"the reader {ending}{': ' + said[0] if said else ''}"))
        return Deep(msgspec.json.decode(answer.read(), type=ready(_Answer)).parts)


def deep_request(path: Path, facts: BinaryFacts, wants: Mapping[str, Any]) -> Request:
    """The request about the binary that the facts tell of. Raises OSError, ValueError or Malformed."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        member = describe(Window(data), facts)
    asked = tuple(Want(name, args) for name, args in wants.items())
    memory = _MEMORY + 2 * member.size
    return Request(str(path.absolute()), member.offset, member.size, memory, member.image, asked)

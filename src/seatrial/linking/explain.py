"""Why the loader passed a file over, and what is behind its complaints: found by reading the files themselves."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from seatrial.errors import UsageError
from seatrial.formats import read_binary
from seatrial.linking.debug_output import Complaint
from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind
from seatrial.model.linking import Attempt, LoaderError, Search
from seatrial.model.message import Message
from seatrial.tables.messages import message

__all__ = ["explained", "not_found", "refusal", "with_refusals"]

_VERSION = re.compile(r"version `(.+)' not found \(required by (.+)\)")
_SYMBOL = re.compile(r"undefined symbol: (\S+?)(?:, version (\S+))?(?: \(.*\))?$")


def refusal(path: Path, program: BinaryFacts) -> Message | None:
    """Why the loader of this program does not take the file; None when nothing speaks against it, or it is not there.

    The checks are those of glibc's open_verify (elf/dl-load.c), in its order.
    """
    if not os.path.lexists(path):
        return None
    if not path.exists():
        return message("linking.dangling", path=path, target=path.readlink())
    if not os.access(path, os.R_OK):
        return message("linking.no-permission", path=path)
    try:
        facts = read_binary(path)
    except UsageError as error:
        return message("linking.unreadable", path=path, why=error.message.rstrip("."))
    if facts.format is not BinaryFormat.ELF:
        return message("linking.not-elf", path=path, format=facts.format)
    if facts.bits != program.bits:
        return message("linking.wrong-class", path=path, bits=facts.bits, wanted=program.bits)
    if facts.endian != program.endian:
        return message("linking.wrong-order", path=path, order=facts.endian, wanted=program.endian)
    if facts.machine != program.machine:
        return message("linking.wrong-machine", path=path, machine=facts.machine, wanted=program.machine)
    if facts.kind in (Kind.OBJECT, Kind.EXECUTABLE, Kind.CORE):
        return message("linking.not-shared", path=path, kind=facts.kind)
    return None


def with_refusals(search: Search, program: BinaryFacts, folder: Path) -> Search:
    """The search with the reason beside each file that was there and passed over. Relative paths are of `folder`."""
    attempts = tuple(
        one if one.path == search.found else msgspec.structs.replace(one, refused=refusal(folder / one.path, program))
        for one in search.attempts
    )
    return msgspec.structs.replace(search, attempts=attempts)


def not_found(search: Search) -> Message:
    """The sentence for a library that was not loaded: what was there and refused, else where nobody found it."""
    for attempt in search.attempts:
        if attempt.refused:
            return message("linking.refused", library=search.library, by=search.by, why=attempt.refused.text)
    places = dict.fromkeys(_place(attempt) for attempt in search.attempts)
    where = "; ".join(places) or str(Path(search.library).parent)
    return message("linking.nowhere", library=search.library, by=search.by, places=where)


def _place(attempt: Attempt) -> str:
    folder = str(Path(attempt.path).parent)
    return folder if attempt.source == "default" else f"{folder} ({attempt.source})"


def explained(complaint: Complaint, searches: Iterable[Search]) -> LoaderError:
    """The complaint with what is behind it."""
    fatal = not complaint.after_start
    if match := _VERSION.search(complaint.text):
        why = message("linking.no-version", file=complaint.file, version=match[1], by=match[2])
    elif match := _SYMBOL.search(complaint.text):
        version = f"@{match[2]}" if match[2] else ""
        why = message("linking.no-symbol", file=complaint.file, symbol=match[1] + version)
    else:
        missing = next((one for one in searches if not one.found and one.library in complaint.text), None)
        why = not_found(missing) if missing else message("linking.said", text=complaint.text)
    return LoaderError(complaint.file, complaint.text, fatal, why)

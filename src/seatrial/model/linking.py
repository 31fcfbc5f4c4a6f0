"""What the loader did for a program while it ran. Made by `seatrial.linking`."""

from enum import StrEnum

import msgspec

from seatrial.model.absence import Unknown
from seatrial.model.message import Message

__all__ = ["Asked", "Attempt", "Binding", "LinkTrace", "LoaderError", "Lookup", "Search", "VersionCheck"]


class Asked(StrEnum):
    """Why the loader looks for a library."""

    NEEDED = "needed"
    """A DT_NEEDED entry."""
    DLOPEN = "dlopen"


class Attempt(msgspec.Struct, frozen=True):
    """A path at which the loader looked."""

    path: str
    source: str
    """Where the loader had it from: `LD_LIBRARY_PATH`, `RUNPATH of ./app`, `cache /etc/ld.so.cache`, `default`."""
    refused: Message | None = None
    """Why a file that is there was passed over; None where there is no file, or where it was taken."""


class Search(msgspec.Struct, frozen=True):
    """A library that was looked for."""

    library: str
    """As it was asked for: a soname or a path."""
    by: str
    """The file that asks."""
    asked: Asked
    attempts: tuple[Attempt, ...] = ()
    """Without those under hardware capability folders that do not exist."""
    found: str = ""
    """The file that was loaded; "" for none."""
    after_start: bool = False
    """Looked for when the program was running already."""


class Binding(msgspec.Struct, frozen=True):
    """A symbol that one file asks for, and the file that it was bound to."""

    file: str
    symbol: str
    version: str
    to: str
    after_start: bool = False
    """Bound when it was first used (lazily), or for a library loaded later."""


class Lookup(msgspec.Struct, frozen=True):
    """A dlsym that found its symbol."""

    caller: str
    symbol: str
    found: str


class VersionCheck(msgspec.Struct, frozen=True):
    """A symbol version that one file demands of another."""

    version: str
    of: str
    by: str


class LoaderError(msgspec.Struct, frozen=True):
    """What the loader complained of, and what is behind it."""

    file: str
    text: str
    """The loader's own words."""
    fatal: bool
    """The program did not start, or would not have; else it was the answer to a dlopen or dlsym."""
    explanation: Message


class LinkTrace(msgspec.Struct, frozen=True):
    """All that the loader did for one program."""

    program: str
    loader: str
    searches: tuple[Search, ...]
    bindings: tuple[Binding, ...]
    lookups: tuple[Lookup, ...] | Unknown
    versions: tuple[VersionCheck, ...]
    errors: tuple[LoaderError, ...]
    started: bool
    """The loader handed over to the program."""
    ending: str
    """How the program ended: "exit code 0", "stopped after 10 s"."""
    output: str
    """What it printed: stdout, then stderr."""
    others: int = 0
    """Programs that it started, which were traced too and are not shown."""

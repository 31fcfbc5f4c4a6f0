"""Inspecting a binary: its facts, and what its code tells of its needs."""

from pathlib import Path

import msgspec

from seatrial.formats import read_binary
from seatrial.formats.deep import read_deep
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat
from seatrial.model.conventions import Conventions
from seatrial.model.needs import Needs
from seatrial.needs import needs_of, wants_of

__all__ = ["Inspection", "Part", "inspect", "needs_in"]

_CONVENTIONS = "conventions"


class Part(msgspec.Struct, frozen=True):
    """One program in a file: the whole of it, or one architecture of a universal file."""

    facts: BinaryFacts
    needs: Needs
    conventions: Conventions | Unknown
    """How the runtime of its port works."""


class Inspection(msgspec.Struct, frozen=True):
    """What was read of a file."""

    facts: BinaryFacts
    parts: tuple[Part, ...]


def inspect(path: Path, reader: Path | Unknown, defined: tuple[str, ...] = ()) -> Inspection:
    """The facts and needs of a binary. `defined`: functions in it whose users are wanted as well.

    Raises UsageError for what is no binary.
    """
    facts = read_binary(path)
    parts = facts.members if facts.format is BinaryFormat.UNIVERSAL else (facts,)
    return Inspection(facts, tuple(_part(path, part, reader, defined) for part in parts))


def _part(path: Path, facts: BinaryFacts, reader: Path | Unknown, defined: tuple[str, ...]) -> Part:
    deep = read_deep(path, facts, reader, wants_of(facts, defined) | {_CONVENTIONS: None})
    return Part(facts, needs_of(facts, deep), deep.part(_CONVENTIONS, Conventions))


def needs_in(path: Path, facts: BinaryFacts, reader: Path | Unknown, defined: tuple[str, ...] = ()) -> Needs:
    """The needs of the binary that the facts tell of; `reader` is Unknown where there is none."""
    wants = wants_of(facts, defined)
    return needs_of(facts, read_deep(path, facts, reader, wants)) if wants else needs_of(facts)

"""How loaders, C libraries and the Go runtime end a program (`program_endings.toml`), each with its source."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.model.trial import Layer

__all__ = ["KnownEnding", "all_endings", "known_ending", "named_ending"]


class KnownEnding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which somebody other than the program's own code, or its crash, ends a program."""

    id: str
    layer: Layer
    exit_codes: tuple[int, ...]
    pattern: str
    """Python `re`, MULTILINE, over stderr; the group `subject` is what was missing or said."""
    sample: str
    source: str

    @property
    def of_loader(self) -> bool:
        return self.layer.startswith("loader")


@cache
def all_endings() -> tuple[KnownEnding, ...]:
    """Every row, in the order in which they are tried. Raises ValueError for a row that cannot be used."""
    data = Path(__file__).with_name("program_endings.toml").read_bytes()
    table = msgspec.toml.decode(data, type=ready(dict[str, tuple[KnownEnding, ...]]))
    for row in table["ending"]:
        if "subject" not in re.compile(row.pattern).groupindex:
            raise ValueError(f"program_endings.toml: {row.id} names no subject")
    return table["ending"]


def known_ending(exit_code: int | None, stderr: str, dynamic: bool) -> tuple[KnownEnding, str] | None:
    """The row that tells how a program ended, with its subject; None when it ended by itself.

    `dynamic`: it has a loader. A static program that prints a loader's words prints its own.
    """
    if not exit_code:
        return None
    rows = [row for row in all_endings() if exit_code in row.exit_codes]
    return _first(rows, stderr, dynamic)


def named_ending(output: str, dynamic: bool) -> tuple[KnownEnding, str] | None:
    """The same from words alone, for a test binary that ended before its first test: `go test` keeps its exit code."""
    return _first(all_endings(), output, dynamic)


def _first(rows: Iterable[KnownEnding], text: str, dynamic: bool) -> tuple[KnownEnding, str] | None:
    for row in rows:
        match = re.search(row.pattern, text, re.MULTILINE) if dynamic or not row.of_loader else None
        if match:
            return row, match["subject"].strip()
    return None

"""How a build that failed says whose fault it is (`build_failures.toml`)."""

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from seatrial.decoding import ready
from seatrial.model.states import State

__all__ = ["FailureKind", "failure_kind"]


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pattern: str
    state: Literal["fail", "environment"]
    code: str
    message: str
    source: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    failure: tuple[_Row, ...]


class FailureKind(msgspec.Struct, frozen=True):
    """What a row says of an output."""

    state: State
    code: str
    message: str
    """The name of a message of the room `build`."""
    what: str
    """The words that decided."""


@cache
def _rows() -> tuple[tuple[re.Pattern[str], _Row], ...]:
    table = msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=ready(_Table))
    return tuple((re.compile(row.pattern, re.MULTILINE), row) for row in table.failure)


def failure_kind(output: str) -> FailureKind | None:
    """What the first row that fits says; None where none does: then the program does not compile."""
    for pattern, row in _rows():
        found = pattern.search(output)
        if found:
            return FailureKind(State(row.state), row.code, row.message, found["what"].strip())
    return None

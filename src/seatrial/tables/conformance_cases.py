"""The catalogue of the conformance suite: every case of every port (`conformance_cases.json`).

Made from the source of the probes by `go run ./catalogue` in `probes/conformance`; a test keeps it up to date.
"""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.model.conformance import CaseInfo

__all__ = ["TOPICS", "cases", "cases_of"]

TOPICS = (
    "syscalls",
    "memory",
    "readiness",
    "signals",
    "cgocalls",
    "layout",
    "atomics",
    "floats",
    "runtimes",
    "files",
    "network",
    "names",
    "clocks",
    "linking",
    "resources",
    "load",
)
"""In the order in which they are run and shown (`suite.Topics`)."""


@cache
def cases() -> dict[str, CaseInfo]:
    """All cases by id, topic by topic."""
    rows = msgspec.json.decode(Path(__file__).with_suffix(".json").read_bytes(), type=ready(tuple[CaseInfo, ...]))
    ordered = sorted(rows, key=lambda row: (TOPICS.index(row.topic), row.id))
    return {row.id: row for row in ordered}


def cases_of(goos: str, goarch: str) -> tuple[CaseInfo, ...]:
    """The cases that a port has."""
    return tuple(row for row in cases().values() if row.applies(goos, goarch))

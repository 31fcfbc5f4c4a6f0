"""The certificate of a platform: which contracts it keeps that Go leans on. Its JSON is `seatrial/conformance/1`."""

from collections.abc import Mapping
from typing import Any

import msgspec

from seatrial.model.message import Message
from seatrial.model.report import Substitute, Tool
from seatrial.model.states import Fidelity, State

__all__ = [
    "SCHEMA",
    "CaseInfo",
    "CaseOutcome",
    "CaseVerdict",
    "Certificate",
    "Change",
    "Difference",
    "Probe",
    "Witness",
    "count_states",
]

SCHEMA = "seatrial/conformance/1"


class CaseInfo(msgspec.Struct, frozen=True):
    """A case of the suite, as the catalogue knows it (`tables/conformance_cases.json`)."""

    id: str
    """`topic/kebab-name`, stable."""
    contract: str
    source: str
    """What says so: a man page, an ABI document, a Go source file."""
    breaks: str
    """What breaks for Go programs when it does not hold."""
    needs: tuple[str, ...] = ()
    """Abilities of runner and host without which it is not decided."""
    seconds: float = 10.0
    """Its time limit natively."""
    cgo: bool = False
    ports: tuple[str, ...] = ("*",)
    """`linux/amd64`, `linux/*`, `*`."""

    @property
    def topic(self) -> str:
        return self.id.partition("/")[0]

    def applies(self, goos: str, goarch: str) -> bool:
        """Whether the port has the case."""
        return not {"*", f"{goos}/*", f"{goos}/{goarch}"}.isdisjoint(self.ports)


class CaseOutcome(msgspec.Struct, frozen=True):
    """What a probe said of one case in one run, before anybody is blamed for it."""

    state: State
    """`pass`, `fail`, `n/a` or `unknown`."""
    detail: str = ""
    values: Mapping[str, Any] = {}
    """What was observed, by name."""
    seconds: float = 0.0
    ended: str = ""
    """How the process ended that the case took with it; "time limit" for a hang."""


class Witness(msgspec.Struct, frozen=True):
    """The same case somewhere else, for comparison."""

    place: str
    """"qemu-user 7.2.22, linux/arm64"."""
    state: State
    detail: str = ""
    ran: int = 1
    """How often."""


class CaseVerdict(msgspec.Struct, frozen=True):
    """How one case ended, and what that rests on."""

    id: str
    contract: str
    source: str
    breaks: str
    state: State
    detail: str = ""
    """The probe's own words. Evidence: never translated."""
    reason: Message | None = None
    """What attribution says; None where the probe's word is all there is to say."""
    rule: str = ""
    """The step that decided."""
    values: Mapping[str, Any] = {}
    seconds: float = 0.0
    witnesses: tuple[Witness, ...] = ()
    reproducer: str = ""

    @property
    def topic(self) -> str:
        return self.id.partition("/")[0]

    @property
    def lacking(self) -> bool:
        """Whether the probe itself said that something is missing there (a root user, a real clock) to decide it.

        Such a case is not planned in that place, and so not one that could not be checked (design: verdicts.md).
        """
        return self.state is State.UNKNOWN and self.reason is None


class Probe(msgspec.Struct, frozen=True):
    """One of the two programs that hold the cases."""

    kind: str
    """`pure` or `cgo`."""
    compiler: str = ""
    """The C compiler of the cgo probe."""
    sha256: str = ""
    size: int = 0
    runner: str = ""
    absent: Message | None = None
    """Why there is none, or why nothing can start it here."""
    instead_of: Message | None = None
    """Why it was not built by the compiler that comes first."""


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the suite for one platform at one time."""

    schema: str = SCHEMA
    tool: Tool
    platform: str
    """Its name; "" for the machine that the suite ran on, which needs none."""
    title: str
    port: str
    runner: str
    fidelity: Fidelity | None
    """None where nothing could run."""
    substitutes: tuple[Substitute, ...] = ()
    same: tuple[str, ...] = ()
    facts: Mapping[str, Any] = {}
    """What the probe saw of its machine."""
    probes: tuple[Probe, ...] = ()
    started: str = ""
    """RFC 3339."""
    seconds: float = 0.0
    states: Mapping[str, int] = {}
    """A count for each state, zeros included."""
    cases: tuple[CaseVerdict, ...] = ()
    proposals: tuple[str, ...] = ()
    """Rows for `tables/emulator_faults.toml` that would explain disagreements, for a person to judge."""
    chosen: tuple[str, ...] = ()
    """The topics or cases that were asked for; empty for the whole suite."""
    host: str = ""
    command: str = ""
    complete: bool = True
    exit_code: int = 0


class Change(msgspec.Struct, frozen=True):
    """A case that is not the same in both."""

    id: str
    kind: str
    """`worse`, `better`, `only-before`, `only-after`, `other` (another state of the same worth, or other values)."""
    before: State | None
    after: State | None
    detail: str = ""
    """What was said where it is worse; else of the second."""
    values: dict[str, tuple[Any, Any]] = {}
    """Observed values that differ, with both; None for one that is missing."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """All changes, in the order of the cases."""

    schema: str = "seatrial/conformance-diff/1"
    before: str
    """Title of the first, with the time."""
    after: str
    changes: tuple[Change, ...]
    same: int
    exit_code: int
    """1 when a case that did not fail before fails now, 3 when one that held cannot be decided now, else 0."""


def count_states(cases: tuple[CaseVerdict, ...]) -> dict[str, int]:
    """How many cases ended in each state."""
    counts = {state.value: 0 for state in State}
    for case in cases:
        counts[case.state] += 1
    return counts

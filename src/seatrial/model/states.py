"""States, fidelity, severity and confidence (design: verdicts.md)."""

from collections.abc import Iterable
from enum import StrEnum

__all__ = ["Confidence", "Fidelity", "Group", "Severity", "StageName", "State", "group_of", "highest", "worst"]


class State(StrEnum):
    """How a stage ended. Members stand worst first."""

    FAIL = "fail"
    FLAKY = "flaky"
    ENVIRONMENT = "environment"
    EMULATOR = "emulator"
    UNKNOWN = "unknown"
    NOT_RUN = "not-run"
    WARN = "warn"
    PASS = "pass"
    NA = "n/a"


class Group(StrEnum):
    """What a state counts as."""

    BAD = "bad"
    UNCHECKED = "could not check"
    GOOD = "good"
    NEUTRAL = "neutral"


class Fidelity(StrEnum):
    """What a result rests on. Members stand lowest first."""

    STATIC = "static"
    API = "api"
    HOST = "host"
    USER_EMULATION = "user-emulation"
    CPUID_VM = "cpuid-vm"
    SYSTEM_EMULATION = "system-emulation"
    HARDWARE = "hardware"


class StageName(StrEnum):
    """The stages of a cell, in the order in which they are passed through."""

    BUILD = "build"
    STATIC = "static"
    SMOKE = "smoke"
    CONFORMANCE = "conformance"
    TESTS = "tests"
    BENCH = "bench"


class Severity(StrEnum):
    """Of a finding: an error makes its stage `fail`; a warning or a note makes it `warn`."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Confidence(StrEnum):
    """How sure a finding is, apart from how grave it is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


_STATE_ORDER = {state: rank for rank, state in enumerate(State)}
_FIDELITY_ORDER = {fidelity: rank for rank, fidelity in enumerate(Fidelity)}
_GROUPS = {
    State.FAIL: Group.BAD,
    State.FLAKY: Group.BAD,
    State.ENVIRONMENT: Group.UNCHECKED,
    State.EMULATOR: Group.UNCHECKED,
    State.UNKNOWN: Group.UNCHECKED,
    State.NOT_RUN: Group.UNCHECKED,
    State.WARN: Group.GOOD,
    State.PASS: Group.GOOD,
    State.NA: Group.NEUTRAL,
}


def group_of(state: State) -> Group:
    """What the state counts as."""
    return _GROUPS[state]


def worst(states: Iterable[State]) -> State:
    """The worst of the states; `n/a` when there is none."""
    return min(states, key=_STATE_ORDER.__getitem__, default=State.NA)


def highest(fidelities: Iterable[Fidelity]) -> Fidelity | None:
    """The highest fidelity reached; None when nothing rests on anything."""
    return max(fidelities, key=_FIDELITY_ORDER.__getitem__, default=None)

"""The nouns of attribution: what it knows, the experiments that it asks for, what came of them, and its verdict."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from seatrial.model.finding import Evidence
from seatrial.model.message import Message
from seatrial.model.states import State
from seatrial.model.trial import CanaryResult, Observation, Perturbation

__all__ = ["Experiment", "History", "Look", "Step", "Subject", "Tried", "Verdict"]


class Step(StrEnum):
    """The step that decided, or that asks for an experiment."""

    STAGE = "attribution:stage"
    CANARY = "attribution:canary"
    CAPABILITY = "attribution:capability"
    KNOWN_FAULT = "attribution:known-fault"
    REPEAT = "attribution:repeat"
    PERTURB = "attribution:perturb"
    ESCALATE = "attribution:escalate"
    REMAINDER = "attribution:remainder"
    """What is left when no step decided."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What attribution has to know of the artifact, its platform and this host."""

    goos: str
    goarch: str
    go_version: str = ""
    """That built the artifact."""
    required: frozenset[str] = frozenset()
    """CPU features that the artifact's Go variant demands (kernel's names)."""
    used: Mapping[str, frozenset[str]] = {}
    """CPU features beyond the compiler's level that the artifact's functions use, by the function's name."""
    dynamic: bool = False
    interpreter: str = ""
    loader: str = ""
    """The platform's own."""
    libc_version: str = ""
    """The platform's own."""
    page_size: int = 0
    """The platform's, in bytes; 0 when not known."""
    host_arch: str = ""
    host_kernel: str = ""
    replaceable: bool = True
    """False: the user chose the runner, and another may only give a second opinion."""
    perturbed: bool = True
    """False: step 6 is left out, because a suspicion would change nothing in what is made of the verdict."""


class Experiment(msgspec.Struct, frozen=True):
    """What to do next: the canary, or the trial, under one of the offers."""

    offer: int
    """Index into the offers."""
    step: Step
    canary: bool = False
    perturbation: Perturbation | None = None


class Look(msgspec.Struct, frozen=True):
    """What to do next: look for one more offer, because those that there are do not decide."""


class Tried(msgspec.Struct, frozen=True):
    """An experiment and what came of it."""

    experiment: Experiment
    result: Observation | CanaryResult


class Verdict(msgspec.Struct, frozen=True):
    """How the stage ended. `offer` is the index of the offer that it rests on."""

    state: State
    reason: Message
    offer: int
    rule: str = ""
    """The step that decided; "" for a trial that simply went well."""
    reason_code: str = ""
    evidence: tuple[Evidence, ...] = ()


History = tuple[Tried, ...]
"""In the order in which they were made."""

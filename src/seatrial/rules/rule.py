"""What a rule is: one pure function from a binary's facts and needs and a platform to hits, registered under its id.

Severity, confidence and the texts for people are on the rule's page (`tables/rules/<id>.toml`), not in code.
"""

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import TypeVar

import msgspec

from seatrial.model.binary import BinaryFacts, BinaryFormat
from seatrial.model.finding import Evidence
from seatrial.model.message import Message
from seatrial.model.needs import Floor, Needs
from seatrial.model.platform import Certainty, Fact, Platform
from seatrial.model.states import Confidence, Severity

__all__ = ["ALL", "Hit", "Order", "Outcome", "Rule", "Undecided", "known", "rule", "unknown_fact", "unread"]

T = TypeVar("T")


class Hit(msgspec.Struct, frozen=True):
    """What a rule found. It becomes a finding with the severity and the confidence of the rule's page."""

    subject: str
    message: Message
    remedy: Message
    evidence: tuple[Evidence, ...]
    severity: Severity | None = None
    """In place of the page's."""
    confidence: Confidence | None = None
    """In place of the page's, when it is lower."""
    rests_on: tuple[Certainty, ...] = ()
    """How sure the platform's facts are that decided: an assumed one makes the finding `likely` at most."""


class Undecided(msgspec.Struct, frozen=True):
    """The rule applies, but something that it needs could not be read or is not known: never a pass."""

    reason: str
    """Id of a message that takes the argument `rule` besides these."""
    args: dict[str, str] = {}


Outcome = Iterator[Hit | Undecided]
Check = Callable[[BinaryFacts, Needs, Platform], Outcome]


class Order(IntEnum):
    """Rules are asked in this order, and a hit of one order silences the later ones: one cause, one finding."""

    IDENTITY = 0
    """The file is no program of this system and machine at all."""
    WORLD = 1
    """No Go program starts there, whatever else is wrong."""
    REST = 2


class Rule(msgspec.Struct, frozen=True):
    id: str
    order: Order
    formats: frozenset[BinaryFormat]
    check: Check


ALL: list[Rule] = []
"""Filled by the decorator while the topics are imported."""

_ANY = frozenset(BinaryFormat)


def rule(id_: str, *formats: BinaryFormat, order: Order = Order.REST) -> Callable[[Check], Check]:
    """Register a function as the rule of this id, for binaries of these formats (of every format by default)."""

    def register(check: Check) -> Check:
        ALL.append(Rule(id_, order, frozenset(formats) or _ANY, check))
        return check

    return register


def known(fact: Fact[T]) -> T | None:
    """The fact's value, or None where nobody could say."""
    return None if fact.certainty is Certainty.UNKNOWN else fact.value


def unknown_fact(reason: str, fact: Fact[T]) -> Undecided:
    """The outcome for a fact of the platform that nobody could tell, with the reason that the platform's file gives."""
    return Undecided(reason, {"why": fact.note or fact.source})


def unread(floor: Floor, what: str) -> Undecided | None:
    """The outcome where the `imports` or `relocations` that the floor rests on could not be read."""
    told = next((unknown for unknown in floor.unknown if unknown.id == f"needs.unread-{what}"), None)
    return Undecided(f"rules.unread-{what}", {"why": told.args["why"]}) if told else None

"""Static judgement: pure functions from a binary's facts and needs, and the platform that it must run on, to findings.

One file a topic, one function a rule. A new rule is one such function, its page in `tables/rules/` and its title in
`tables/messages/rules.toml`.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

import msgspec

from seatrial.model.binary import BinaryFacts, BinaryFormat
from seatrial.model.finding import Finding
from seatrial.model.message import Message
from seatrial.model.needs import Needs
from seatrial.model.platform import Certainty, Platform
from seatrial.model.states import Confidence
from seatrial.needs import needs_of
from seatrial.rules import (
    cgroup,
    go_release,
    hardening,
    identity,
    instruction_set,
    interpreter,
    kernel,
    libc,
    loongarch,
    macho,
    musl,
    page_size,
    pe,
    static_glibc,
)
from seatrial.rules.explanations import Explanation, RuleInfo, catalogue, explanation, explanation_ids
from seatrial.rules.rule import ALL, Hit, Order, Rule, Undecided
from seatrial.tables.messages import message
from seatrial.tables.rules import page

__all__ = [
    "Explanation",
    "RuleInfo",
    "catalogue",
    "explanation",
    "explanation_ids",
    "judge",
    "loaded_part",
    "rule_ids",
    "undecided",
]

_TOPICS = (
    identity,
    loongarch,
    interpreter,
    libc,
    musl,
    static_glibc,
    go_release,
    kernel,
    instruction_set,
    page_size,
    macho,
    pe,
    hardening,
    cgroup,
)
"""Importing a topic registers its rules."""


def rule_ids() -> tuple[str, ...]:
    """The ids of the static rules, sorted."""
    return tuple(sorted(rule.id for rule in ALL))


def judge(facts: BinaryFacts, platform: Platform, needs: Needs | None = None) -> tuple[Finding, ...]:
    """Every finding of the static rules for this binary on this platform; empty when nothing speaks against it.

    `needs`: what was read of the code as well, of a universal file that of its `loaded_part`; without it what the
    facts alone tell.
    An empty result is a pass only when `undecided` is empty too.
    """
    facts = loaded_part(facts, platform)
    outcomes = _outcomes(facts, needs or needs_of(facts), platform)
    return tuple(_finding(rule, outcome, platform) for rule, outcome in outcomes if isinstance(outcome, Hit))


def undecided(facts: BinaryFacts, platform: Platform, needs: Needs | None = None) -> tuple[Message, ...]:
    """The rules that could not be decided for this binary on this platform, one sentence each, and why."""
    facts = loaded_part(facts, platform)
    return tuple(
        message(outcome.reason, rule=rule.id, **outcome.args)
        for rule, outcome in _outcomes(facts, needs or needs_of(facts), platform)
        if isinstance(outcome, Undecided)
    )


def loaded_part(facts: BinaryFacts, platform: Platform) -> BinaryFacts:
    """The part of a universal Mach-O that this platform would load; the file itself where none fits."""
    if facts.format is not BinaryFormat.UNIVERSAL:
        return facts
    fitting = (member for member in facts.members if member.goarch == platform.goarch)
    return msgspec.structs.replace(next(fitting, facts), path=facts.path)


def _outcomes(facts: BinaryFacts, needs: Needs, platform: Platform) -> Iterator[tuple[Rule, Hit | Undecided]]:
    for _, rules in groupby(sorted(ALL, key=attrgetter("order", "id")), key=attrgetter("order")):
        found = [
            (rule, outcome)
            for rule in rules
            if facts.format in rule.formats
            for outcome in rule.check(facts, needs, platform)
        ]
        yield from found
        if any(isinstance(outcome, Hit) for _, outcome in found) and found[0][0].order is not Order.REST:
            return


def _finding(rule: Rule, hit: Hit, platform: Platform) -> Finding:
    about = page(rule.id)
    confidence = hit.confidence or about.confidence
    if Certainty.ASSUMED in hit.rests_on and confidence is Confidence.CERTAIN:
        confidence = Confidence.LIKELY
    return Finding(
        rule=rule.id,
        severity=hit.severity or about.severity,
        confidence=confidence,
        target=platform.name,
        subject=hit.subject,
        message=hit.message,
        evidence=hit.evidence,
        remedy=hit.remedy,
        title=message(f"rules.{rule.id}"),
    )

"""What is told about a rule: `seatrial explain`, and the rule metadata of SARIF."""

import difflib

import msgspec

from seatrial.errors import UsageError
from seatrial.model.message import Message
from seatrial.model.states import Confidence, Severity
from seatrial.tables.messages import message
from seatrial.tables.rules import Page, page, page_ids

__all__ = ["Explanation", "RuleInfo", "catalogue", "explanation", "explanation_ids"]


class RuleInfo(msgspec.Struct, frozen=True):
    """What SARIF wants to know of every rule."""

    id: str
    title: Message
    severity: Severity
    confidence: Confidence
    help: str
    """English, Markdown: why, how to mend it, an example, sources."""


class Explanation(msgspec.Struct, frozen=True):
    """The title and the whole page of one rule."""

    title: Message
    page: Page


def explanation_ids() -> tuple[str, ...]:
    """Every id that can be explained: static rules, and the steps of building and running."""
    return page_ids()


def explanation(rule_id: str) -> Explanation:
    """The explanation of an id, in upper or lower case. Raises UsageError for an unknown one, naming the nearest."""
    by_folded = {id_.casefold(): id_ for id_ in page_ids()}
    wanted = by_folded.get(rule_id.strip().casefold())
    if wanted is None:
        near = [by_folded[name] for name in difflib.get_close_matches(rule_id.strip().casefold(), by_folded, n=3)]
        advice = f"Did you mean {', '.join(near)}?" if near else "`seatrial explain` lists all of them."
        raise UsageError(f"no rule is called {rule_id!r}.", advice)
    return Explanation(message(f"rules.{wanted}"), page(wanted))


def catalogue() -> tuple[RuleInfo, ...]:
    """Every rule that has a page, sorted by id."""
    return tuple(_info(explanation(id_)) for id_ in explanation_ids())


def _info(told: Explanation) -> RuleInfo:
    about = told.page
    sources = "\n".join(f"- {source}" for source in about.sources)
    mend = f"**How to mend it.** {about.mend.en}"
    help_ = f"{about.why.en}\n\n{mend}\n\n```\n{about.example.strip()}\n```\n\nSources:\n{sources}"
    return RuleInfo(about.id, told.title, about.severity, about.confidence, help_)

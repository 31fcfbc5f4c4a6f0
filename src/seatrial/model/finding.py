"""Findings and the evidence that they, and verdicts, rest on."""

import msgspec

from seatrial.model.message import Message
from seatrial.model.states import Confidence, Severity

__all__ = ["Evidence", "Finding"]


class Evidence(msgspec.Struct, frozen=True):
    """One thing that was seen. Shown as recorded: never translated, never cut."""

    kind: str
    """One or two words: `symbol`, `interpreter`, `output`, `canary`, `goroutine dump`."""
    value: str
    where: str = ""
    """Section, offset, path, command: where a reader can look for themselves."""


class Finding(msgspec.Struct, frozen=True):
    """What a rule found in one subject, for one target."""

    rule: str
    severity: Severity
    confidence: Confidence
    target: str
    """The platform's name."""
    subject: str
    """The symbol, library, segment, file or function concerned."""
    message: Message
    evidence: tuple[Evidence, ...] = ()
    remedy: Message | None = None
    title: Message | None = None
    """The rule's title, the same for every finding of the rule."""
    stage: str = "static"
    reproducer: str = ""
    suppressed: str = ""
    """The reason given in seatrial.toml, with its date of expiry; "" when not suppressed."""

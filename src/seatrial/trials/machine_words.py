"""What a machine of its own has to say of a command that was run in it: lines on stderr that bear the offer's token.

Written by `seatrial.machines.session_client`. No program in the machine knows the token, so it can write no such line.
"""

import re

from seatrial.model.finding import Evidence
from seatrial.model.message import Message
from seatrial.model.runner import Offer
from seatrial.model.trial import MachineTrouble
from seatrial.tables.messages import message

__all__ = ["evidence_of", "reason_of", "trouble_of", "without_words"]

_TROUBLE = ("vm-lost", "mismatch", "oom-killed", "machine", "not-started")
_KINDS = {"kernel": "guest's kernel", "console": "guest's console", "qemu": "QEMU"}


def _words(offer: Offer, text: str) -> list[tuple[str, str]]:
    """The kind of each line, and the rest of it."""
    if offer.door is None or offer.door.token not in text:
        return []
    # A program's last line may lack its end: what follows is found all the same.
    found = re.findall(rf"{re.escape(offer.door.token)} (\S+)(?: (.*))?", text)
    return [(kind, rest) for kind, rest in found]


def trouble_of(offer: Offer, text: str) -> MachineTrouble | None:
    """Why the machine did not run the command to an end of its own; None when it did."""
    return next((MachineTrouble(kind, rest) for kind, rest in _words(offer, text) if kind in _TROUBLE), None)


def reason_of(trouble: MachineTrouble) -> Message:
    """The same for people."""
    stage, _, why = trouble.text.partition(": ")
    match trouble.code:
        case "vm-lost" if why:
            return message("run.vm-lost", stage=stage, why=why.rstrip("."))
        case "oom-killed":
            return message("run.oom-killed")
        case "not-started":
            return message("run.not-started", error=trouble.text)
    return message("run.machine", why=trouble.text.rstrip("."))


def evidence_of(offer: Offer, text: str) -> tuple[Evidence, ...]:
    """What the guest's kernel, its console and QEMU said meanwhile."""
    said: dict[str, list[str]] = {}
    for kind, rest in _words(offer, text):
        if kind in _KINDS:
            said.setdefault(_KINDS[kind], []).append(rest)
    return tuple(Evidence(kind, "\n".join(lines), offer.implementation) for kind, lines in said.items())


def without_words(offer: Offer, text: str) -> str:
    """The text without the machine's lines: what the program itself printed."""
    if offer.door is None or offer.door.token not in text:
        return text
    return re.sub(rf"{re.escape(offer.door.token)} [^\n]*\n?", "", text)

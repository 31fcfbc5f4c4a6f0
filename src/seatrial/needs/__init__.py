"""Needs: what a binary asks of its platform, each with who in it asks. Pure functions of facts and tables."""

from seatrial.model.binary import BinaryFacts
from seatrial.model.needs import Needs
from seatrial.needs.floors import floors_of
from seatrial.needs.libc import asked_libc

__all__ = ["asked_libc", "needs_of"]


def needs_of(facts: BinaryFacts) -> Needs:
    """What the facts of a binary tell of its needs."""
    return Needs(floors_of(facts))

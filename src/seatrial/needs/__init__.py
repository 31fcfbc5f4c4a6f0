"""Needs: what a binary asks of its platform, each with who in it asks. Pure functions of facts and tables."""

from seatrial.model.binary import BinaryFacts
from seatrial.model.insight import Deep
from seatrial.model.needs import NOT_READ, FloorKind, Needs
from seatrial.needs.attribution import asking, attributed, used_by
from seatrial.needs.callers import objects_of, relocations_of, symbols_of
from seatrial.needs.code import system_calls_of, wants_of
from seatrial.needs.floors import floors_of
from seatrial.needs.instruction_sets import feature_uses, instruction_reasons
from seatrial.needs.kernel import kernel_reasons
from seatrial.needs.libc import asked_libc

__all__ = ["asked_libc", "asking", "needs_of", "used_by", "wants_of"]

_NOT_READ = Deep(NOT_READ)


def needs_of(facts: BinaryFacts, deep: Deep = _NOT_READ) -> Needs:
    """What a binary asks of its platform. `deep`: the reader's answers to `wants_of`; without them, less is known."""
    calls = system_calls_of(facts, deep)
    uses = feature_uses(facts, deep)
    read = {FloorKind.KERNEL: kernel_reasons(facts, calls), FloorKind.CPU: instruction_reasons(uses)}
    symbols = symbols_of(facts, deep)
    return Needs(
        attributed(floors_of(facts, read), symbols),
        symbols,
        calls,
        relocations_of(facts, deep),
        objects_of(facts, deep),
        uses,
    )

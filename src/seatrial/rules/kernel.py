"""System calls that the platform's kernel does not have."""

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind
from seatrial.model.needs import NOT_READ, Cause, FloorKind, Needs
from seatrial.model.platform import Platform
from seatrial.rules.rule import Hit, Outcome, Undecided, known, rule, unknown_fact
from seatrial.rules.versions import older
from seatrial.tables.messages import message

__all__ = ["younger_system_calls"]

_RUNS = (Kind.EXECUTABLE, Kind.PIE, Kind.SHARED)


@rule("ST-KERNEL-001", BinaryFormat.ELF)
def younger_system_calls(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """Code makes system calls that came with a newer kernel, and nothing is known to stand in for them."""
    if platform.goos != "linux" or facts.kind not in _RUNS or needs.system_calls == NOT_READ:
        return
    if isinstance(needs.system_calls, Unknown):
        yield Undecided("rules.unread-code", {"why": needs.system_calls.unknown})
        return
    there = known(platform.kernel)
    asked = needs.floor(FloorKind.KERNEL).because(Cause.SYSTEM_CALL)
    if there is None:
        if asked:
            yield unknown_fact("rules.unknown-kernel", platform.kernel)
        return
    for reason in asked:
        if older(there, reason.minimum):
            yield Hit(
                reason.subject,
                message("rules.system-call-too-new", **reason.message.args, there=there),
                message("rules.ask-for-enosys", call=reason.subject, since=reason.minimum),
                reason.evidence,
                rests_on=(reason.certainty, platform.kernel.certainty),
            )

"""What the system calls of a program ask of the Linux kernel."""

from collections.abc import Iterator

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, Linkage
from seatrial.model.finding import Evidence
from seatrial.model.message import Message
from seatrial.model.needs import Call, CallSite, Cause, Owner, Reason, SystemCalls
from seatrial.model.platform import Certainty
from seatrial.model.states import Confidence
from seatrial.needs.libc import some_names
from seatrial.tables.messages import message
from seatrial.tables.system_calls import first_kernel, newest_kernel
from seatrial.tables.version_ranges import numbers

__all__ = ["kernel_reasons"]

_OLDEST = "2.6.23"
"""No release of Go in our tables ran on an older kernel: calls that are older say nothing."""


def kernel_reasons(facts: BinaryFacts, calls: SystemCalls | Unknown) -> Iterator[Reason | Message]:
    """One reason for each call that a kernel introduced and that nothing is known to stand in for.

    It is `likely`: the place is in the program, and whether it is reached is not known.
    """
    if facts.goos not in ("linux", "android") or not isinstance(facts.goarch, str):
        return
    first = first_kernel(facts.goarch)
    if first:
        yield Reason(
            Cause.HEADER,
            first,
            facts.goarch,
            message("needs.system-call-architecture", goarch=facts.goarch, since=first),
            Confidence.CERTAIN,
            "Linux's own history of the architecture",
            Certainty.DOCUMENTED,
            evidence=(Evidence("machine", facts.machine, "file header"),),
        )
    if isinstance(calls, Unknown):
        yield message("needs.unread-code", why=calls.unknown)
        return
    for call in calls.calls:
        is_old = call.since and (call.since == first or numbers(call.since) < numbers(_OLDEST))
        if call.needed and not is_old:
            yield _asked(call)
    if calls.unresolved:
        yield message("needs.unresolved", count=calls.unresolved)
    if facts.linkage is Linkage.DYNAMIC and not isinstance(facts.libraries, Unknown) and facts.libraries:
        yield message("needs.libraries-call", libraries=some_names(list(facts.libraries)))


def _asked(call: Call) -> Reason | Message:
    owners = tuple(dict.fromkeys(owner for site in call.sites if site.without is None for owner in _who(site)))
    functions = some_names(list(dict.fromkeys(owner.function for owner in owners)))
    if not call.since:
        return message("needs.system-call-unknown", call=call.name, newest=newest_kernel(), functions=functions)
    return Reason(
        Cause.SYSTEM_CALL,
        call.since,
        call.name,
        message("needs.system-call", call=call.name, since=call.since, functions=functions),
        Confidence.LIKELY,
        call.source,
        Certainty.DOCUMENTED,
        evidence=tuple(
            Evidence("system call", f"{call.name} ({call.number})", f"{owner.function} at {owner.address:#x}")
            for owner in owners
        ),
        owners=owners,
    )


def _who(site: CallSite) -> tuple[Owner, ...]:
    """Who asks: those that call a wrapper, else the place itself."""
    return site.callers or (site.owner,)

"""Where the CPU refused an instruction, as Go's runtime tells of it before it ends the program.

Go source: runtime/signal_unix.go, fatalsignal; runtime/traceback.go.
"""

import re

from seatrial.model.finding import Evidence
from seatrial.model.trial import TRAPPED, Trap

__all__ = ["trap_evidence", "trap_in"]

_AT = re.compile(r"^SIGILL: .*\nPC=0x(?P<address>[0-9a-f]+) ", re.MULTILINE)
_FRAME = r"^(?P<function>.+)\([^()]*\)\n[^\n]*\bpc=0x{address}$"


def trap_in(output: str) -> Trap | None:
    """The first illegal instruction that the output tells of, with its function where a frame names it."""
    at = _AT.search(output)
    if at is None:
        return None
    frame = re.search(_FRAME.format(address=at["address"]), output[at.end() :], re.MULTILINE)
    return Trap(int(at["address"], 16), frame["function"] if frame else "")


def trap_evidence(trap: Trap | None) -> tuple[Evidence, ...]:
    """The same for the report."""
    return (Evidence(TRAPPED, "illegal instruction", trap.where),) if trap else ()

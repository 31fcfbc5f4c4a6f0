"""The mark that stands before a state's word where there are characters only."""

from collections.abc import Mapping

from seatrial.model.states import State

__all__ = ["MARKS", "NOT_PLANNED", "marks_for"]

NOT_PLANNED = "·"

# The silhouettes of report.md as far as usual terminal fonts have them: bad is crossed or half filled, "could not
# check" is a diamond or a question mark, good a tick or a triangle.
MARKS = {
    State.FAIL: "✗",
    State.FLAKY: "◧",
    State.ENVIRONMENT: "◆",
    State.EMULATOR: "◈",
    State.UNKNOWN: "?",
    State.NOT_RUN: "◇",
    State.WARN: "▲",
    State.PASS: "✓",
    State.NA: "–",
}
_ASCII = {
    State.FAIL: "x",
    State.FLAKY: "%",
    State.ENVIRONMENT: "E",
    State.EMULATOR: "M",
    State.UNKNOWN: "?",
    State.NOT_RUN: "o",
    State.WARN: "!",
    State.PASS: "+",
    State.NA: "-",
}


def marks_for(encoding: str) -> Mapping[State, str]:
    """The mark of each state, in ASCII where the terminal's encoding lacks one (GBK has no tick)."""
    try:
        "".join(MARKS.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return MARKS

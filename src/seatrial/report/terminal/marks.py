"""How a state looks in a terminal: a mark and a word, and a colour that says nothing which they do not."""

from collections.abc import Mapping

from seatrial.model.states import Group, State, group_of

__all__ = ["NOT_PLANNED", "marks_for", "style_of"]

NOT_PLANNED = "·"

# The silhouettes of report.md as far as usual terminal fonts have them: bad is crossed or half filled, "could not
# check" is a diamond or a question mark, good a tick or a triangle.
_MARKS = {
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
        "".join(_MARKS.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _MARKS


def style_of(state: State) -> str:
    """The rich style of a state's mark and word."""
    if state is State.WARN:
        return "yellow"
    return {Group.BAD: "bold red", Group.UNCHECKED: "bold magenta", Group.GOOD: "green", Group.NEUTRAL: "dim"}[
        group_of(state)
    ]

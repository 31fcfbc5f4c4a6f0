"""What a program printed, as much of it as a terminal or a summary has room for."""

from seatrial.report.words import Words

__all__ = ["ends_of"]

_FIRST_LINES, _LAST_LINES = 20, 20
"""Of an output that is longer: its beginning names the fault, its end the place. JSON and HTML have all of it."""


def ends_of(output: str, words: Words) -> list[str]:
    """The lines of an output; of a long one the first and the last, and how many are left out between them."""
    lines = output.rstrip("\n").split("\n") if output.strip() else []
    left_out = len(lines) - _FIRST_LINES - _LAST_LINES
    if left_out > 0:
        lines[_FIRST_LINES:-_LAST_LINES] = [words("left-out-lines", count=left_out)]
    return lines

"""Long lines on a terminal, Chinese ones too; in a pipe a line stays one line."""

import re
import shutil
import sys
import unicodedata

__all__ = ["columns", "terminal_width", "wrapped"]

_PIECES = re.compile(r"\s+|(?:[\u2e80-\uffef]|[^\s\u2e80-\uffef]+)[，。、：；！？）》”]*")
"""Blanks; a wide character, or a word, with the marks that no line begins with."""


def columns(text: str) -> int:
    """Columns of a terminal that a text takes: Chinese characters take two."""
    return sum(1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def terminal_width() -> int | None:
    """Columns of the terminal that stdout is; None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def wrapped(text: str, width: int | None, indent: int = 0) -> str:
    """The text in lines of at most `width` columns, all but the first indented; one line for None.

    A word that is longer than a line stays whole, and with what stands before it up to the indentation: its label.
    """
    if width is None or columns(text) <= width:
        return text
    lines, line, gap = [], "", ""
    for piece in _PIECES.findall(text):
        if piece.isspace():
            gap = piece
        elif columns(line + gap) > indent and columns(line + gap + piece) > width:
            lines.append(line)
            line, gap = " " * indent + piece, ""
        else:
            line, gap = line + gap + piece, ""
    return "\n".join((*lines, line))

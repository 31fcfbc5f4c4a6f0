"""The console for a stream."""

import io
from typing import TextIO

from rich.console import Console

__all__ = ["console_on"]

_WIDTH_OF_A_PIPE = 120


def console_on(stream: TextIO) -> Console:
    """A console that adds no highlighting; NO_COLOR is honoured, a pipe gets no escape codes and 120 columns.

    What the stream's encoding lacks is written as `\\u9e92` instead of ending the job.
    """
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    width = None if stream.isatty() else _WIDTH_OF_A_PIPE
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)

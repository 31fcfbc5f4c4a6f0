"""The console for a stream."""

import io
from typing import Any, TextIO, cast

from rich.console import Console

__all__ = ["console_on"]

_WIDTH_OF_A_PIPE = 120


def console_on(stream: TextIO) -> Console:
    """A console that adds no highlighting; NO_COLOR is honoured, a pipe gets no escape codes and 120 columns.

    What the stream's encoding lacks is written as `\\u9e92` instead of ending the job.
    """
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    if stream.isatty():
        return Console(file=stream, highlight=False, markup=False, emoji=False)
    trimmed = cast("TextIO", _Trimmed(stream))
    return Console(file=trimmed, width=_WIDTH_OF_A_PIPE, highlight=False, markup=False, emoji=False)


class _Trimmed:
    """Leaves out the blanks at lines' ends, with which rich fills tables: diff(1) and editors show them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        return self._stream.write("\n".join(line.rstrip(" ") for line in text.split("\n")))

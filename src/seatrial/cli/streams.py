"""stdin, stdout and stderr as a verb can rely on them: open, and a stderr whose loss changes nothing."""

import contextlib
import os
import sys
from typing import Any, TextIO, cast

__all__ = ["ready_streams"]


def ready_streams() -> None:
    """Put /dev/null in the place of what is closed; what stderr cannot take is passed over."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:  # closed, as by the shell's `>&-`
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:  # else the next file that is opened would get the number, and the output
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))
    sys.stderr = cast("TextIO", _Talk(sys.stderr))


class _Talk:
    """A stream that loses what cannot be written: a full disk, a reader or a terminal that is gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()

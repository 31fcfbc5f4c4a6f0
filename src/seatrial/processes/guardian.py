"""Kills what its parent started, once the parent is gone. Run as a process of its own; reads its orders from stdin.

"+N" puts process group N under guard, "-N" releases it. The end of the input is the parent's end, however it came:
the kernel closes the pipe after kill -9 too. Imports next to nothing, so that it starts in milliseconds.
"""

import os
import signal
import sys


def _guard() -> None:
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            continue


if __name__ == "__main__":
    _guard()

"""Ends what its parent started and deletes its scratch folders, once the parent is gone.

Run as a process of its own; reads its orders from stdin. "+N" puts process group N under guard, "-N" releases it;
">H" and "<H" do so with a folder, H being its path in hexadecimal. The end of the input is the parent's end, however it
came: the kernel closes the pipe after kill -9 too. Imports next to nothing, so that it starts in milliseconds.
"""

import os
import signal
import sys
import time

_ATTEMPTS = 50
_PAUSE_SECONDS = 0.1


def _guard() -> None:
    groups: set[int] = set()
    folders: set[bytes] = set()
    for line in sys.stdin:
        match line[0]:
            case "+":
                groups.add(int(line[1:]))
            case "-":
                groups.discard(int(line[1:]))
            case ">":
                folders.add(bytes.fromhex(line[1:]))
            case "<":
                folders.discard(bytes.fromhex(line[1:]))
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            continue
    for folder in folders:
        _delete(folder)


def _delete(folder: bytes) -> None:
    """Delete a folder in which what was killed may write for a moment yet."""
    import shutil  # takes longer than the rest, and is rarely needed

    for _ in range(_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    _guard()

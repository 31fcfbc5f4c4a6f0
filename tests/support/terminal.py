"""A command on a terminal of its own, and somebody who types."""

import os
import pty
import select
import time

__all__ = ["typed_into"]


def typed_into(argv: list[str], prompt: bytes, typed: bytes, seconds: float) -> tuple[int, bytes]:
    """The exit code and all that was on the screen of a command into which `typed` went at its first prompt."""
    child, terminal = pty.fork()
    if not child:
        os.environ["TERM"] = "dumb"
        os.execvp(argv[0], argv)
    said, asked = b"", False
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1.0)[0]:
            continue
        try:
            part = os.read(terminal, 4096)
        except OSError:  # EIO: nobody holds the other end
            break
        if not part:
            break
        said += part
        if prompt in said and not asked:
            asked = True
            os.write(terminal, typed)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said

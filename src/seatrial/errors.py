"""The one family of errors. Each class is one exit code (design: verdicts.md, "Exit codes").

A message says what happened, to which object, and what to do next; `remedy` holds the last part.
"""

__all__ = ["CouldNotCheck", "SeatrialError", "UsageError"]


class SeatrialError(Exception):
    """Base of every error that ends in one clear line. Anything else that escapes is a bug of ours (exit 70)."""

    exit_code = 70

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class UsageError(SeatrialError):
    """The command, a file or a name that the user gave is wrong (exit 2)."""

    exit_code = 2


class CouldNotCheck(SeatrialError):
    """Something that was planned could not be done: a tool, the network or the host failed (exit 3)."""

    exit_code = 3

"""Absence has a reason: what could not be read is a value that says why, never a None to be guessed at."""

import msgspec

__all__ = ["Unknown"]


class Unknown(msgspec.Struct, frozen=True):
    """Something that exists, or may exist, and that could not be read. `unknown` is the reason in one sentence."""

    unknown: str

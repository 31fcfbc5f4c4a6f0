"""Types for msgspec, read by it one at a time.

msgspec reads a Struct's fields when it first decodes one, and shows other threads what is half read: they crash
(SIGSEGV; msgspec 0.22, StructInfo_Convert in _core.c). So the first time is under a lock.
"""

import threading
from typing import TypeVar

import msgspec

__all__ = ["ready"]

T = TypeVar("T")

_lock = threading.Lock()
_known: set[object] = set()


def ready(kind: type[T]) -> type[T]:
    """The type, which msgspec knows now with all that is in it."""
    if kind not in _known:
        with _lock:
            msgspec.json.Decoder(kind)
            _known.add(kind)
    return kind

"""The cache that glibc's loader finds libraries by: /etc/ld.so.cache (glibc source: sysdeps/generic/dl-cache.h)."""

import struct
from pathlib import Path
from typing import NamedTuple

__all__ = ["Entry", "read_loader_cache"]

_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER, _ENTRY = 48, 24
_SIZE_LIMIT = 64 << 20
_HWCAPS = 1 << 62


class Entry(NamedTuple):
    path: str
    some_cpus: bool
    """In a glibc-hwcaps folder: taken before the others by CPUs of that level."""


def read_loader_cache(file: Path) -> dict[str, tuple[Entry, ...]]:
    """Soname to the files for it, in order. {} where there is no cache, or one that is not of this form."""
    try:
        with file.open("rb") as opened:
            data = opened.read(_SIZE_LIMIT)
    except OSError:
        return {}
    # Before it there may be a cache of the old form; offsets count from here.
    start = data.find(_MAGIC)
    data = data[max(start, 0) :]
    if start < 0 or len(data) < _HEADER:
        return {}
    order = ">" if data[28] & 3 == 3 else "<"
    (count,) = struct.unpack_from(f"{order}I", data, len(_MAGIC))
    count = min(count, (len(data) - _HEADER) // _ENTRY)
    found: dict[str, list[Entry]] = {}
    for index in range(count):
        key, value, _, hwcap = struct.unpack_from(f"{order}IIIQ", data, _HEADER + index * _ENTRY + 4)
        path = _text(data, value)
        if path.startswith("/"):
            found.setdefault(_text(data, key), []).append(Entry(path, bool(hwcap & _HWCAPS)))
    return {name: tuple(entries) for name, entries in found.items()}


def _text(data: bytes, at: int) -> str:
    return data[at : max(data.find(b"\0", at), at)].decode("utf-8", "replace")

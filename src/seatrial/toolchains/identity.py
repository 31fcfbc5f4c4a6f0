"""Which file a tool is: the digest of its content, read once and remembered by its stat."""

from pathlib import Path

import msgspec

from seatrial.store import Store, digest, file_digest

__all__ = ["tool_digest"]

_known: dict[str, str] = {}


class _Digest(msgspec.Struct):
    sha256: str


def tool_digest(path: Path, store: Store | None = None) -> str:
    """SHA-256 of a tool's file; with a store computed once for each (path, size, times, inode). Raises OSError."""
    stat = path.stat()
    key = digest("tool", str(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
    if key in _known:
        return _known[key]
    kept = store.get("tools", key, _Digest) if store else None
    found = kept.sha256 if kept else file_digest(path)
    if store and not kept:
        store.put("tools", key, _Digest(found))
    _known[key] = found
    return found

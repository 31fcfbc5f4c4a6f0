"""The Go build id of files that have no notes: a text at the start of the code (cmd/internal/buildid)."""

from seatrial.formats.window import Window, printable

__all__ = ["find_go_build_id"]

_BEGIN, _END = b'\xff Go build ID: "', b'"\n \xff'
_LIMIT = 1024


def find_go_build_id(window: Window, at: int, size: int) -> str:
    """The id in the first 32 KiB of a range of the file; "" where there is none."""
    start = window.find(_BEGIN, at, min(size, 32768))
    if start < 0:
        return ""
    start += len(_BEGIN)
    raw = window.read(start, min(_LIMIT, window.size - start), "the Go build id")
    id_, end, _ = raw.partition(_END)
    return printable(id_) if end else ""

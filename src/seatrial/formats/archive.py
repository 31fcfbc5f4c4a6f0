"""ar archives, as `-buildmode=c-archive` makes them: GNU, BSD and COFF forms (ar(5); Microsoft "PE Format")."""

from collections.abc import Iterator
from typing import NamedTuple

from seatrial.formats.window import CutOff, NotABinary, Window, printable

__all__ = ["Member", "is_archive", "read_members"]

_MAGIC, _THIN_MAGIC = b"!<arch>\n", b"!<thin>\n"
_HEADER = 60
_MEMBER_LIMIT = 65536
_INDEXES = ("/", "//", "/SYM64/", "/<ECSYMBOLS>/", "__.SYMDEF", "__.SYMDEF SORTED", "__.SYMDEF_64")


class Member(NamedTuple):
    name: str
    offset: int
    size: int


def is_archive(magic: bytes) -> bool:
    """Whether a file that begins so is an ar archive."""
    return magic in (_MAGIC, _THIN_MAGIC)


def read_members(window: Window) -> Iterator[Member]:
    """The members that are no index, in the file's order; they may reach beyond its end. Raises CutOff."""
    if window.read(0, 8, "the archive's magic") == _THIN_MAGIC:
        raise NotABinary("it is a thin archive: its objects are other files")
    long_names = b""
    at = 8
    for _ in range(_MEMBER_LIMIT):
        if at >= window.size:
            return
        if not window.holds(at, _HEADER):
            raise CutOff(f"the file ends at byte {window.size}, inside the header of a member at {at:#x}")
        header = window.read(at, _HEADER, "a member's header")
        digits = header[48:58].strip()
        if header[58:] != b"`\n" or not digits.isdigit():
            raise CutOff(f"the header of a member at {at:#x} is damaged")
        start, size = at + _HEADER, int(digits)
        raw = header[:16].rstrip()
        if raw == b"//":
            long_names = window.read(start, min(size, window.size - start), "the long names")
        name, skip = _name(window, raw, start, size, long_names)
        if name not in _INDEXES:
            yield Member(name, start + skip, size - skip)
        at = start + size + (size & 1)


def _name(window: Window, raw: bytes, start: int, size: int, long_names: bytes) -> tuple[str, int]:
    """The name of a member, and how many bytes of it stand before its contents (BSD)."""
    if raw.startswith(b"#1/") and raw[3:].isdigit():
        length = int(raw[3:])
        if length <= size and length <= 4096 and window.holds(start, length):
            return printable(window.read(start, length, "a member's name").rstrip(b"\0")), length
        raise CutOff(f"the header of a member at {start - _HEADER:#x} is damaged")
    if raw[:1] == b"/" and raw[1:].isdigit():
        # GNU ends a long name with "/\n", Microsoft with a NUL.
        rest = long_names[int(raw[1:]) : int(raw[1:]) + 4096]
        ends = [end for end in (rest.find(b"/\n"), rest.find(b"\0")) if end >= 0]
        return printable(rest[: min(ends, default=0)]), 0
    text = printable(raw)
    return (text if text in _INDEXES else text.removesuffix("/")), 0

"""ELF notes: build ids and the marks of operating systems (gABI chapter 5, "Note Section")."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from seatrial.formats.elf import PT_NOTE, SHT_NOTE, ElfImage
from seatrial.formats.window import Malformed, Window, printable
from seatrial.model.absence import Unknown

__all__ = ["Marks", "read_notes"]

_NT_GNU_ABI_TAG, _NT_GNU_BUILD_ID, _NT_GO_BUILD_ID = 1, 3, 4
_NT_OS_VERSION = 1
"""Type of the version note of FreeBSD, NetBSD, OpenBSD and Android."""

_NOTE_LIMIT = 4096
_GNU_SYSTEMS = {0: "linux", 2: "solaris", 3: "freebsd", 4: "netbsd"}  # glibc abi-tags: the first word of the tag
_OWNERS = {b"FreeBSD": "freebsd", b"NetBSD": "netbsd", b"OpenBSD": "openbsd", b"Android": "android"}


class Marks(NamedTuple):
    """What the notes say."""

    build_id: str = ""
    go_build_id: str = ""
    goos: str = ""
    minimum_os: str = ""


def read_notes(image: ElfImage) -> Marks:
    """The marks from PT_NOTE, or from note sections where there are no segments. Raises Malformed."""
    marks = Marks()
    for owner, type_, content in islice(_all_notes(image), _NOTE_LIMIT):
        if owner == b"GNU" and type_ == _NT_GNU_BUILD_ID:
            marks = marks._replace(build_id=content[:64].hex())
        elif owner == b"Go" and type_ == _NT_GO_BUILD_ID:
            marks = marks._replace(go_build_id=printable(content[:1024].rstrip(b"\0")))
        elif owner == b"GNU" and type_ == _NT_GNU_ABI_TAG and len(content) >= 16:
            system, major, minor, patch = Window(content, order=image.window.order).numbers("IIII", 0, "the ABI tag")
            version = f"{major}.{minor}.{patch}"
            marks = marks._replace(goos=_GNU_SYSTEMS.get(system, ""), minimum_os=version)
        elif owner in _OWNERS and type_ == _NT_OS_VERSION:
            number = Window(content, order=image.window.order).numbers("I", 0, "a version note")[0]
            marks = marks._replace(goos=_OWNERS[owner], minimum_os=_version(owner, number))
    return marks


def _version(owner: bytes, number: int) -> str:
    if owner == b"FreeBSD":
        return f"{number // 100000}.{number // 1000 % 100}"  # __FreeBSD_version: 1400097 is 14.0
    if owner == b"NetBSD":
        return f"{number // 100000000}.{number // 1000000 % 100}"  # __NetBSD_Version__: MMmmrrpp00
    # OpenBSD always writes 0; Android writes its API level.
    return str(number) if number else ""


def _all_notes(image: ElfImage) -> Iterator[tuple[bytes, int, bytes]]:
    parts = [(header.offset, header.file_size, header.align) for header in image.segments(PT_NOTE)]
    if not parts and not isinstance(image.sections, Unknown):
        parts = [(section.offset, section.size, 4) for section in image.sections if section.type == SHT_NOTE]
    for offset, size, align in parts:
        yield from _notes(image.window.part(offset, size, "a note"), 8 if align == 8 else 4)


def _notes(window: Window, align: int) -> Iterator[tuple[bytes, int, bytes]]:
    at = 0
    while window.size - at >= 12:
        name_size, content_size, type_ = window.numbers("III", at, "a note")
        content_at = -(-(12 + name_size) // align) * align
        if not window.holds(at + content_at, content_size):
            raise Malformed(f"a note of {name_size} + {content_size} bytes goes beyond its segment")
        owner = window.read(at + 12, min(name_size, 64), "a note's name").rstrip(b"\0")
        yield owner, type_, window.read(at + content_at, min(content_size, 4096), "a note")
        at += -(-(content_at + content_size) // align) * align

"""Which format a file has, and the formats that hold others: universal Mach-O files and archives."""

import hashlib

import msgspec

from seatrial.formats.archive import is_archive, read_members
from seatrial.formats.elf_facts import read_elf
from seatrial.formats.macho import MAGIC_32, MAGIC_64, MAGIC_UNIVERSAL, MAGIC_UNIVERSAL_64, read_slices
from seatrial.formats.macho_facts import read_macho
from seatrial.formats.pe_facts import read_object, read_pe
from seatrial.formats.window import CutOff, Malformed, NotABinary, Window
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind
from seatrial.tables.binary_formats import load

__all__ = ["read_image"]

_MACHO = tuple(magic.to_bytes(4, order) for magic in (MAGIC_32, MAGIC_64) for order in ("little", "big"))
_UNIVERSAL = tuple(magic.to_bytes(4, "big") for magic in (MAGIC_UNIVERSAL, MAGIC_UNIVERSAL_64))


def read_image(window: Window, name: str) -> BinaryFacts:
    """The facts of a file, by its first bytes; path and digest are the caller's to fill in. Raises CutOff.

    `name`: what members are named after, "lib.a(go.o)".
    """
    magic = window.read(0, min(8, window.size), "the first bytes")
    try:
        if magic.startswith(b"\x7fELF"):
            return read_elf(window)
        if magic.startswith(b"MZ"):
            return read_pe(window)
        if magic.startswith(_UNIVERSAL):
            return _read_universal(window, name)
        return _read_thin(window, name, magic)
    except CutOff:
        raise
    except Malformed as error:
        raise CutOff(str(error)) from error


def _read_thin(window: Window, name: str, magic: bytes) -> BinaryFacts:
    """What a universal file may hold."""
    if magic.startswith(_MACHO):
        return read_macho(window)
    if is_archive(magic):
        return _read_archive(window, name)
    raise NotABinary("it is neither ELF, PE, Mach-O nor an ar archive")


def _named(facts: BinaryFacts, window: Window, name: str) -> BinaryFacts:
    digest = hashlib.sha256()
    for _, piece in window.chunks(0, window.size):
        digest.update(piece)
    return msgspec.structs.replace(facts, path=name, size=window.size, sha256=digest.hexdigest())


def _read_universal(window: Window, name: str) -> BinaryFacts:
    members, cpus, problems = [], [], []
    for part in read_slices(window):
        cpu = next((row.goarch for row in load().macho_cpu if row.number == part.cpu), f"{part.cpu:#x}")
        try:
            inner = window.part(part.offset, part.size, "its bytes")
            facts = _read_thin(inner, name, inner.read(0, min(8, inner.size), "its first bytes"))
            members.append(_named(facts, inner, f"{name}({cpu})"))
            cpus.append(cpu)
            problems += [f"architecture {cpu}: {line}" for line in facts.problems]
        except Malformed as error:
            problems.append(f"architecture {cpu}: {error}")
    if not members:
        raise CutOff(f"none of its architectures can be read: {'; '.join(problems)}")
    several = Unknown("a universal file: " + ", ".join(cpus))
    return msgspec.structs.replace(
        members[0],
        format=BinaryFormat.UNIVERSAL,
        goarch=members[0].goarch if len(members) == 1 else several,
        members=tuple(members),
        problems=tuple(problems),
    )


def _read_archive(window: Window, name: str) -> BinaryFacts:
    """The facts of the first object, which in a c-archive is Go's own."""
    machines = {row.number for row in load().pe_machine}
    skipped = ""
    for member in read_members(window):
        cut = max(0, member.offset + member.size - window.size)
        inner = window.part(member.offset, member.size - cut, f"member {member.name}")
        magic = inner.read(0, min(8, inner.size), "its first bytes")
        if magic.startswith(b"\x7fELF"):
            facts = read_elf(inner)
        elif magic.startswith(_MACHO):
            facts = read_macho(inner)
        elif int.from_bytes(magic[:2], "little") in machines:
            facts = read_object(inner)
        else:
            skipped = skipped or f": {member.name} is none"
            continue
        return msgspec.structs.replace(
            facts,
            format=BinaryFormat.ARCHIVE,
            kind=Kind.ARCHIVE,
            linkage=Unknown("an archive is not linked"),
            members=(_named(facts, inner, f"{name}({member.name})"),),
            problems=((f"member {member.name}: its last {cut} bytes are missing",) if cut else ()) + facts.problems,
        )
    raise NotABinary(f"the archive holds no ELF, Mach-O or COFF object{skipped}")

"""Writes ELF files: what a test says, byte for byte, in either class and byte order."""

import struct
from dataclasses import dataclass, field

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_GNU_STACK = 1, 2, 3, 4, 0x6474E551
BASE = 0x10000
"""The address of the file's first byte: everything is mapped by one segment."""


@dataclass(frozen=True)
class Part:
    """A piece of the file, optionally a section, optionally covered by program headers of its own."""

    content: bytes
    name: str = ""
    type: int = 1
    flags: int = 2
    link: str = ""
    info: int = 0
    entry_size: int = 0
    segment: int = 0
    segment_flags: int = 4
    align: int = 16


@dataclass(frozen=True)
class Symbol:
    name: str
    version: str = ""
    library: str = ""
    bind: int = 1
    kind: int = 2
    defined: bool = False
    visibility: int = 0
    weak_version: bool = False


@dataclass(frozen=True)
class Elf:
    """A file. With `parts` empty it has headers only."""

    parts: tuple[Part, ...] = ()
    bits: int = 64
    order: str = "<"
    machine: int = 62
    type: int = 2
    flags: int = 0
    osabi: int = 0
    with_sections: bool = True
    sections_first: bool = False
    writable: bool = True
    extra_headers: tuple[tuple[int, int], ...] = ()
    """Program headers without bytes: type and flags."""
    load_align: int = 0x10000

    def pack(self, layout: str, *values: int) -> bytes:
        return struct.pack(self.order + layout, *values)

    @property
    def word(self) -> str:
        return "Q" if self.bits == 64 else "I"

    def offsets(self) -> list[int]:
        """Where each part begins."""
        at = self._head()
        places = []
        for part in self.parts:
            at = -(-at // part.align) * part.align
            places.append(at)
            at += len(part.content)
        return places

    def address(self, index: int) -> int:
        return BASE + self.offsets()[index]

    def _named(self) -> list[Part]:
        return [part for part in self.parts if part.name]

    def _section_count(self) -> int:
        return len(self._named()) + 2 if self.with_sections else 0

    def _header_count(self) -> int:
        loads = 1 if self.parts and self.type != 1 else 0
        return loads + sum(part.segment != 0 for part in self.parts) + len(self.extra_headers)

    def _head(self) -> int:
        size = 64 if self.bits == 64 else 52
        size += self._header_count() * (56 if self.bits == 64 else 32)
        return size + (self._section_count() * (64 if self.bits == 64 else 40) if self.sections_first else 0)

    def build(self) -> bytes:
        names = b"\0" + b"".join(part.name.encode() + b"\0" for part in self._named()) + b".shstrtab\0"
        places = self.offsets()
        end = places[-1] + len(self.parts[-1].content) if places else self._head()
        body = bytearray(end)
        for place, part in zip(places, self.parts, strict=True):
            body[place : place + len(part.content)] = part.content
        header_size, entry = (64, 56) if self.bits == 64 else (52, 32)
        section_size = 64 if self.bits == 64 else 40
        headers = b"".join(self._program_headers(places, end))
        names_at = len(body)
        body += names
        body += bytes(-len(body) % 8)
        shoff = 0
        if self.with_sections:
            shoff = header_size + len(headers) if self.sections_first else len(body)
        count = self._section_count()
        ident = (
            b"\x7fELF" + bytes((2 if self.bits == 64 else 1, 1 if self.order == "<" else 2, 1, self.osabi)) + bytes(8)
        )
        header = ident + self.pack(
            f"HHI{self.word * 3}IHHHHHH",
            *(self.type, self.machine, 1, BASE, header_size if headers else 0, shoff, self.flags, header_size),
            *(entry if headers else 0, len(headers) // entry, section_size, count, max(0, count - 1)),
        )
        body[: len(header)] = header
        body[header_size : header_size + len(headers)] = headers
        table = self._sections(places, names, names_at)
        if self.with_sections and self.sections_first:
            body[shoff : shoff + len(table)] = table
        elif self.with_sections:
            body += table
        return bytes(body)

    def _program_header(self, type_: int, flags: int, offset: int, size: int, align: int) -> bytes:
        address = BASE + offset
        if self.bits == 64:
            return self.pack("IIQQQQQQ", type_, flags, offset, address, address, size, size, align)
        return self.pack("IIIIIIII", type_, offset, address, address, size, size, flags, align)

    def _program_headers(self, places: list[int], end: int) -> list[bytes]:
        headers = []
        if self.parts and self.type != 1:
            headers.append(self._program_header(PT_LOAD, 6 if self.writable else 4, 0, end, self.load_align))
        for place, part in zip(places, self.parts, strict=True):
            if part.segment:
                flags = part.segment_flags
                headers.append(self._program_header(part.segment, flags, place, len(part.content), 4))
        headers += [self._program_header(type_, flags, 0, 0, 16) for type_, flags in self.extra_headers]
        return headers

    def _sections(self, places: list[int], names: bytes, names_at: int) -> bytes:
        layout = "IIQQQQIIQQ" if self.bits == 64 else "IIIIIIIIII"
        order = [part.name for part in self._named()]
        rows = [(0,) * 10]
        for place, part in zip(places, self.parts, strict=True):
            if part.name:
                link = order.index(part.link) + 1 if part.link else 0
                name_at = names.index(b"\0" + part.name.encode() + b"\0") + 1
                size = len(part.content)
                address = BASE + place if self.type != 1 else 0
                rows.append(
                    (name_at, part.type, part.flags, address, place, size, link, part.info, 16, part.entry_size)
                )
        rows.append((names.index(b".shstrtab"), 3, 0, 0, names_at, len(names), 0, 0, 1, 0))
        return b"".join(self.pack(layout, *row) for row in rows)


def note(owner: bytes, type_: int, content: bytes, order: str = "<") -> bytes:
    head = struct.pack(order + "III", len(owner) + 1, len(content), type_)
    return (
        head
        + (owner + b"\0").ljust(-(-(len(owner) + 1) // 4) * 4, b"\0")
        + content.ljust(-(-len(content) // 4) * 4, b"\0")
    )


class Names:
    """A string table in the making."""

    def __init__(self) -> None:
        self.raw = b"\0"

    def at(self, name: str) -> int:
        entry = name.encode() + b"\0"
        place = self.raw.find(b"\0" + entry)
        if place >= 0:
            return place + 1
        self.raw += entry
        return len(self.raw) - len(entry)


def symbol_table(elf: Elf, symbols: tuple[Symbol, ...], names: Names) -> bytes:
    table = bytes(24 if elf.bits == 64 else 16)
    for symbol in symbols:
        info, place = symbol.bind << 4 | symbol.kind, 1 if symbol.defined else 0
        value = BASE if symbol.defined else 0
        if elf.bits == 64:
            table += elf.pack("IBBHQQ", names.at(symbol.name), info, symbol.visibility, place, value, 0)
        else:
            table += elf.pack("IIIBBH", names.at(symbol.name), value, 0, info, symbol.visibility, place)
    return table


@dataclass(frozen=True)
class Library:
    """What the dynamic section of a file says."""

    symbols: tuple[Symbol, ...] = ()
    needed: tuple[str, ...] = ()
    soname: str = ""
    runpath: str = ""
    rpath: str = ""
    flags: int = 0
    flags_1: int = 0
    relr: bool = False
    interpreter: str = ""
    hash: str = "sysv"
    """`sysv`, `gnu` or "" for none."""
    relocations: tuple[tuple[int, int], ...] = ()
    """Type and symbol number of each."""
    addend: bool = True
    tags: tuple[tuple[int, int], ...] = ()
    """More entries of the dynamic section."""
    more: tuple[Part, ...] = ()
    elf: Elf = field(default_factory=Elf)

    def build(self) -> bytes:
        """The file; its parts are laid out twice, the second time with the addresses of the first."""
        addresses = [0] * 8
        for _ in range(2):
            made = self._file(addresses)
            addresses = [made.address(index) for index in range(8)]
        return made.build()

    def _file(self, addresses: list[int]) -> Elf:
        elf, names = self.elf, Names()
        indexes, needs = self._versions(names)
        table = symbol_table(elf, self.symbols, names)
        hashes = self._gnu_hash() if self.hash == "gnu" else elf.pack("IIII", 1, len(self.symbols) + 1, 0, 0)
        rela = b"".join(self._relocation(type_, symbol) for type_, symbol in self.relocations)
        symtab, strtab, versym, verneed, table_at, rel_at = addresses[:6]
        tags = [(1, names.at(name)) for name in self.needed]
        tags += [(14, names.at(self.soname))] if self.soname else []
        tags += [(29, names.at(self.runpath))] if self.runpath else []
        tags += [(15, names.at(self.rpath))] if self.rpath else []
        tags += [(6, symtab), (5, strtab)]
        tags += {"sysv": [(4, table_at)], "gnu": [(0x6FFFFEF5, table_at)], "": []}[self.hash]
        if needs:
            tags += [(0x6FFFFFF0, versym), (0x6FFFFFFE, verneed), (0x6FFFFFFF, len(self._libraries()))]
        if rela:
            tags += [(7, rel_at), (8, len(rela))] if self.addend else [(17, rel_at), (18, len(rela))]
        tags += [(36, BASE)] if self.relr else []
        tags += [(30, self.flags)] if self.flags else []
        tags += [(0x6FFFFFFB, self.flags_1)] if self.flags_1 else []
        tags += [*self.tags, (10, len(names.raw)), (0, 0)]
        dynamic = b"".join(elf.pack(elf.word * 2, *tag) for tag in tags)
        parts = (
            Part(table, ".dynsym", 11, link=".dynstr"),
            Part(names.raw, ".dynstr", 3),
            Part(indexes, ".gnu.version", 0x6FFFFFFF),
            Part(needs, ".gnu.version_r", 0x6FFFFFFE, link=".dynstr"),
            Part(hashes, ".gnu.hash" if self.hash == "gnu" else ".hash", 5),
            Part(rela, ".rela.dyn" if self.addend else ".rel.dyn", 4 if self.addend else 9, link=".dynsym"),
            Part(dynamic, ".dynamic", 6, segment=PT_DYNAMIC, link=".dynstr"),
            Part(self.interpreter.encode() + b"\0", ".interp", segment=PT_INTERP if self.interpreter else 0),
        )
        return Elf(**{**elf.__dict__, "parts": (*parts, *self.more)})

    def _libraries(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for symbol in self.symbols:
            if symbol.version and symbol.version not in found.setdefault(symbol.library, []):
                found[symbol.library].append(symbol.version)
        return found

    def _versions(self, names: Names) -> tuple[bytes, bytes]:
        elf, number, numbers, blocks = self.elf, 2, {}, []
        libraries = self._libraries()
        for library, versions in libraries.items():
            entries = b""
            for index, version in enumerate(versions):
                numbers[library, version] = number
                step = 16 if index + 1 < len(versions) else 0
                weak = any(symbol.weak_version for symbol in self.symbols if symbol.version == version)
                entries += elf.pack("IHHII", 0, 2 if weak else 0, number, names.at(version), step)
                number += 1
            blocks.append((library, len(versions), entries))
        needs = b""
        for index, (library, count, entries) in enumerate(blocks):
            following = 16 + len(entries) if index + 1 < len(blocks) else 0
            needs += elf.pack("HHIII", 1, count, names.at(library), 16, following) + entries
        indexes = [0] + [numbers.get((symbol.library, symbol.version), 1) for symbol in self.symbols]
        return elf.pack(f"{len(indexes)}H", *indexes), needs

    def _gnu_hash(self) -> bytes:
        """One bucket for the defined symbols, which must stand last."""
        first = 1 + sum(not symbol.defined for symbol in self.symbols)
        count = len(self.symbols) + 1 - first
        chain = [2] * (count - 1) + [3] if count else []
        head = self.elf.pack("IIII", 1, first, 1, 0) + self.elf.pack(self.elf.word, 0)
        return head + self.elf.pack("I", first if count else 0) + self.elf.pack(f"{len(chain)}I", *chain)

    def _relocation(self, type_: int, symbol: int) -> bytes:
        if self.elf.bits == 32:
            return self.elf.pack(
                "III" if self.addend else "II", BASE, symbol << 8 | type_, *([0] if self.addend else [])
            )
        info = symbol << 32 | type_
        if self.elf.machine == 8 and self.elf.order == "<":
            info = symbol | type_ << 56  # MIPS: r_sym, r_ssym, r_type3, r_type2, r_type
        return self.elf.pack("QQQ" if self.addend else "QQ", BASE, info, *([0] if self.addend else []))

"""Writes Mach-O files, universal files and ar archives."""

import struct
from dataclasses import dataclass

AMD64, ARM64 = 0x01000007, 0x0100000C
ADDRESS = 0x100000000
_NLIST_64, _NLIST_32 = "IBBHQ", "IBBHI"


@dataclass(frozen=True)
class Symbol:
    name: str
    defined: bool = False
    library: int = 0
    """Number of the library, from 1."""
    weak: bool = False


@dataclass(frozen=True)
class Macho:
    cpu: int = ARM64
    bits: int = 64
    order: str = "<"
    type: int = 2
    flags: int = 0x200085
    libraries: tuple[str, ...] = ()
    weak_libraries: tuple[str, ...] = ()
    symbols: tuple[Symbol, ...] = ()
    """Defined ones first, as LC_DYSYMTAB counts them."""
    data: bytes = b""
    """Of section __go_buildinfo."""
    loader: str = "/usr/lib/dyld"
    own_name: str = ""
    run_path: str = ""
    minimum: int = 0x000D0000
    sdk: int = 0x001A0200
    old_minimum: bool = False
    uuid: bytes = b""
    signed: bool = False
    with_dysymtab: bool = True

    def pack(self, layout: str, *values: int) -> bytes:
        return struct.pack(self.order + layout, *values)

    def _command(self, type_: int, content: bytes) -> bytes:
        content += bytes(-len(content) % 8)
        return self.pack("II", type_, len(content) + 8) + content

    def _path(self, type_: int, path: str, numbers: tuple[int, ...] = ()) -> bytes:
        raw = path.encode() + b"\0"
        return self._command(type_, self.pack(f"I{len(numbers)}I", 12 + 4 * len(numbers), *numbers) + raw)

    def build(self) -> bytes:
        size = sum(map(len, self._commands(0)))
        head = 32 if self.bits == 64 else 28
        start = -(-(head + size) // 16) * 16
        commands = self._commands(start)
        magic = 0xFEEDFACF if self.bits == 64 else 0xFEEDFACE
        header = self.pack("7I", magic, self.cpu, 0, self.type, len(commands), size, self.flags) + bytes(head - 28)
        names, table = self._symbol_table()
        return (header + b"".join(commands)).ljust(start, b"\0") + self.data + table + names

    def _symbol_table(self) -> tuple[bytes, bytes]:
        names, table = b"\0", b""
        for symbol in self.symbols:
            kind = 0x0F if symbol.defined else 0x01
            description = symbol.library << 8 | (0x40 if symbol.weak else 0)
            layout = _NLIST_64 if self.bits == 64 else _NLIST_32
            table += self.pack(layout, len(names), kind, 1 if symbol.defined else 0, description, int(symbol.defined))
            names += symbol.name.encode() + b"\0"
        return names, table

    def _commands(self, start: int) -> list[bytes]:
        names, table = self._symbol_table()
        commands = [self._segment(start)]
        commands += [self._path(0xC, path, (2, 0, 0)) for path in self.libraries]
        commands += [self._path(0x80000018, path, (2, 0, 0)) for path in self.weak_libraries]
        commands += [self._path(0xE, self.loader)] if self.loader else []
        commands += [self._path(0xD, self.own_name, (2, 0, 0))] if self.own_name else []
        commands += [self._path(0x8000001C, self.run_path)] if self.run_path else []
        commands += [self._command(0x1B, self.uuid)] if self.uuid else []
        commands += [self._command(0x1D, bytes(8))] if self.signed else []
        if self.old_minimum:
            commands.append(self._command(0x24, self.pack("II", self.minimum, self.sdk)))
        else:
            commands.append(self._command(0x32, self.pack("IIII", 1, self.minimum, self.sdk, 0)))
        if self.symbols:
            at = start + len(self.data)
            fields = self.pack("IIII", at, len(self.symbols), at + len(table), len(names))
            commands.append(self._command(2, fields))
            if self.with_dysymtab:
                defined = sum(symbol.defined for symbol in self.symbols)
                counts = (0, 0, 0, defined, defined, len(self.symbols) - defined)
                commands.append(self._command(0xB, self.pack("6I", *counts) + bytes(48)))
        return commands

    def _segment(self, start: int) -> bytes:
        name, section = b"__DATA".ljust(16, b"\0"), b"__go_buildinfo".ljust(16, b"\0")
        size = len(self.data)
        if self.bits == 64:
            header = name + self.pack("QQQQIIII", ADDRESS, size, start, size, 3, 3, 1, 0)
            return self._command(0x19, header + section + name + self.pack("QQ8I", ADDRESS, size, start, *[0] * 7))
        address = ADDRESS & 0xFFFFFFFF
        header = name + self.pack("8I", address, size, start, size, 3, 3, 1, 0)
        return self._command(0x1, header + section + name + self.pack("9I", address, size, start, *[0] * 6))


def universal(*slices: tuple[int, bytes], wide: bool = False) -> bytes:
    """A universal file of CPU type and content."""
    layout, entry = (">IIQQII", 32) if wide else (">IIIII", 20)
    at = 8 + entry * len(slices)
    table, body = b"", b""
    for cpu, content in slices:
        body += bytes(-(at + len(body)) % 4096)
        place = at + len(body)
        table += struct.pack(layout, cpu, 0, place, len(content), 12, *([0] if wide else []))
        body += content
    return struct.pack(">II", 0xCAFEBABF if wide else 0xCAFEBABE, len(slices)) + table + body


def archive(*members: tuple[str, bytes], form: str = "gnu") -> bytes:
    """An archive in the form of `gnu`, `bsd` or `coff`, with an index in front."""
    raw = b"!<arch>\n"
    long_names = b""
    places = {}
    for name, _ in members:
        if len(name) > 15 and form != "bsd":
            places[name] = len(long_names)
            long_names += name.encode() + (b"\0" if form == "coff" else b"/\n")
    raw += _member(b"__.SYMDEF SORTED" if form == "bsd" else b"/", bytes(8))
    raw += _member(b"//", long_names) if long_names else b""
    for name, content in members:
        if form == "bsd":
            padded = name.encode() + bytes(-len(name) % 4)
            raw += _member(f"#1/{len(padded)}".encode(), padded + content)
        else:
            raw += _member(f"/{places[name]}".encode() if name in places else name.encode() + b"/", content)
    return raw


def _member(name: bytes, content: bytes) -> bytes:
    header = name.ljust(16) + b"0".ljust(12) + b"0".ljust(6) + b"0".ljust(6) + b"644".ljust(8)
    return header + str(len(content)).encode().ljust(10) + b"`\n" + content + b"\n" * (len(content) & 1)

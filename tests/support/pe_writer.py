"""Writes PE images and COFF objects: headers, imports, delay-loads, exports and one data section."""

import struct
from dataclasses import dataclass

IMAGE_BASE = 0x140000000
FIRST = 0x1000
"""Address, relative to the image base, of the only section's first byte."""


@dataclass(frozen=True)
class Pe:
    machine: int = 0x8664
    bits: int = 64
    imports: tuple[tuple[str, tuple[str | int, ...]], ...] = ()
    """Library and its functions; a number is an ordinal."""
    delayed: tuple[tuple[str, tuple[str | int, ...]], ...] = ()
    exports: tuple[str, ...] = ()
    data: bytes = b""
    characteristics: int = 0x22
    dll_characteristics: int = 0x8160
    subsystem: int = 3
    os_version: tuple[int, int] = (10, 0)
    subsystem_version: tuple[int, int] = (6, 1)
    signed: bool = False

    def build(self) -> bytes:
        body = _Body(self.data, self.bits)
        directories = [(0, 0)] * 16
        if self.exports:
            directories[0] = body.exports(self.exports)
        if self.imports:
            directories[1] = body.imports(self.imports)
        if self.delayed:
            directories[13] = body.delayed(self.delayed)
        if self.signed:
            directories[4] = (0x200, 8)
        content = bytes(body.raw)
        section = b".data\0\0\0" + struct.pack(
            "<IIIIIIHHI", len(content), FIRST, len(content), 0x400, 0, 0, 0, 0, 0xC0000040
        )
        optional = self._optional(directories)
        coff = struct.pack("<HHIIIHH", self.machine, 1, 0, 0, 0, len(optional), self.characteristics)
        head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80)
        return (head.ljust(0x80, b"\0") + b"PE\0\0" + coff + optional + section).ljust(0x400, b"\0") + content

    def _optional(self, directories: list[tuple[int, int]]) -> bytes:
        wide = self.bits == 64
        base = struct.pack("<Q", IMAGE_BASE) if wide else struct.pack("<II", 0, IMAGE_BASE & 0xFFFFFFFF)
        head = struct.pack("<HBBIIIII", 0x20B if wide else 0x10B, 3, 0, 0, 0, 0, FIRST, FIRST) + base
        rest = struct.pack(
            "<IIHHHHHHIIIIHH",
            *(0x1000, 0x200, *self.os_version, 1, 0, *self.subsystem_version, 0, 0x10000, 0x400, 0),
            *(self.subsystem, self.dll_characteristics),
        )
        stack = struct.pack("<QQQQII" if wide else "<IIIIII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
        return head + rest + stack + b"".join(struct.pack("<II", *entry) for entry in directories)


class _Body:
    """The section in the making; tables hold addresses, so what they point to is written first."""

    def __init__(self, data: bytes, bits: int) -> None:
        self.raw = bytearray(data)
        self.bits = bits

    def put(self, content: bytes) -> int:
        self.raw += bytes(-len(self.raw) % 16)
        place = FIRST + len(self.raw)
        self.raw += content
        return place

    def thunks(self, functions: tuple[str | int, ...]) -> int:
        top = 1 << (self.bits - 1)
        values = [
            top | function if isinstance(function, int) else self.put(b"\0\0" + function.encode() + b"\0")
            for function in functions
        ]
        return self.put(struct.pack(f"<{len(values) + 1}{'Q' if self.bits == 64 else 'I'}", *values, 0))

    def imports(self, libraries: tuple[tuple[str, tuple[str | int, ...]], ...]) -> tuple[int, int]:
        rows = b""
        for library, functions in libraries:
            table = self.thunks(functions)
            rows += struct.pack("<IIIII", table, 0, 0, self.put(library.encode() + b"\0"), table)
        return self.put(rows + bytes(20)), len(rows) + 20

    def delayed(self, libraries: tuple[tuple[str, tuple[str | int, ...]], ...]) -> tuple[int, int]:
        rows = b""
        for library, functions in libraries:
            table = self.thunks(functions)
            rows += struct.pack("<IIIIIIII", 1, self.put(library.encode() + b"\0"), 0, 0, table, 0, 0, 0)
        return self.put(rows + bytes(32)), len(rows) + 32

    def exports(self, names: tuple[str, ...]) -> tuple[int, int]:
        places = [self.put(name.encode() + b"\0") for name in names]
        table = self.put(struct.pack(f"<{len(places)}I", *places))
        count = len(places)
        return self.put(struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, 0, 1, count, count, table, table, table)), 40


def coff_object(symbols: tuple[tuple[str, int], ...], data: bytes = b"", machine: int = 0x8664) -> bytes:
    """An object with external symbols: name and section number (0: undefined)."""
    strings = b""
    rows = b""
    for name, section in symbols:
        raw = name.encode()
        if len(raw) > 8:
            field = struct.pack("<II", 0, 4 + len(strings))
            strings += raw + b"\0"
        else:
            field = raw.ljust(8, b"\0")
        rows += field + struct.pack("<IHHBB", 0, section, 0x20, 2, 0)
    data_at = 60
    header = struct.pack("<HHIIIHH", machine, 1, 0, data_at + len(data), len(symbols), 0, 0)
    table = b".data\0\0\0" + struct.pack("<IIIIIIHHI", 0, 0, len(data), data_at, 0, 0, 0, 0, 0xC0000040)
    return header + table + data + rows + struct.pack("<I", 4 + len(strings)) + strings

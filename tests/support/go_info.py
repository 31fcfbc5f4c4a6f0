"""Writes Go build information as Go's linker does (Go source: cmd/link/internal/ld/data.go, buildinfo)."""

import struct

START, END = bytes.fromhex("3077af0c9274080241e1c107e6d618e6"), bytes.fromhex("f932433186182072008242104116d8f2")
"""The marks around the module information (cmd/go/internal/modload/build.go)."""

MODULES = (
    "path\texample.com/app\n"
    "mod\texample.com/app\t(devel)\t\n"
    "dep\texample.com/old\tv1.0.0\n"
    "=>\texample.com/new\tv1.1.0\th1:abc=\n"
    "dep\texample.com/other\tv0.2.0\th1:def=\n"
    "build\t-buildmode=exe\n"
    'build\t-ldflags="-X main.text=\\"a\\tb\\" -s"\n'
    'build\t"odd key"=`raw value`\n'
    "build\tGOARCH={goarch}\nbuild\tGOOS={goos}\n"
)


def modules(goos: str = "linux", goarch: str = "amd64") -> str:
    return MODULES.format(goos=goos, goarch=goarch)


def framed(text: str) -> bytes:
    return START + text.encode() + END


def varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def inline(version: str, text: str) -> bytes:
    """The form since Go 1.18."""
    info = framed(text) if text else b""
    head = b"\xff Go buildinf:" + bytes((8, 2)) + bytes(16)
    return head + varint(len(version)) + version.encode() + varint(len(info)) + info


def pointers(version: str, text: str, address: int, bits: int, order: str) -> bytes:
    """The form of Go 1.13 to 1.17, to be placed at `address`: two pointers to string headers behind it."""
    word, size = ("Q", 8) if bits == 64 else ("I", 4)
    info = framed(text)
    texts_at = address + 32 + 4 * size
    flags = 1 if order == ">" else 0
    head = b"\xff Go buildinf:" + bytes((size, flags))
    head += struct.pack(order + 2 * word, address + 32, address + 32 + 2 * size).ljust(16, b"\0")
    strings = struct.pack(order + 4 * word, texts_at, len(version), texts_at + len(version), len(info))
    return head + strings + version.encode() + info

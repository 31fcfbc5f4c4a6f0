"""What a kernel's file is, and the form of it that QEMU boots fastest.

Documents: Linux Documentation/arch/x86/boot.rst, arch/arm64/booting.rst, arch/riscv/boot-image-header.rst,
drivers/firmware/efi/libstub/zboot-header.S, arch/arm/boot/compressed/head.S, arch/s390/boot/head.S; Xen's elfnote.h.
"""

import bz2
import lzma
import os
import re
import shutil
import struct
import zlib
from pathlib import Path
from typing import Protocol

import msgspec

from seatrial.errors import CouldNotCheck
from seatrial.packages import Packages
from seatrial.processes import run
from seatrial.tables.architectures import architectures

__all__ = ["Image", "bootable", "identify", "unpack"]

_LIMIT = 1 << 30  # no kernel unpacks to more
_PE_MACHINES = {0x6264: "loong64", 0xAA64: "arm64", 0x5064: "riscv64"}
_ARM64_PAGES = {1: 4096, 2: 16384, 3: 65536}
_PVH_ENTRY = 18  # XEN_ELFNOTE_PHYS32_ENTRY

_MAGICS = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\0": "xz",
    b"\x5d\0\0": "lzma",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x02\x21\x4c\x18": "lz4",
}


class Image(msgspec.Struct, frozen=True):
    """What a kernel's file says of itself."""

    goarch: str
    """"" where it is no kernel that we know."""
    page_size: int = 0
    """Bytes; 0 where only the guest can tell."""
    version: str = ""
    """As `uname -r` will say; "" where only the guest can tell."""


def _word(data: bytes, offset: int, form: str = "<I") -> int:
    """The number at this offset; 0 beyond the end."""
    if len(data) < offset + struct.calcsize(form):
        return 0
    return int(struct.unpack_from(form, data, offset)[0])


def _is_bzimage(data: bytes) -> bool:
    return data[0x202:0x206] == b"HdrS"


def _is_zboot(data: bytes) -> bool:
    return data[:2] == b"MZ" and data[4:8] == b"zimg"


def identify(data: bytes) -> Image:
    """What the bytes of a kernel's file say: architecture, and page size and version where they do."""
    if _is_bzimage(data):
        goarch = "amd64" if _word(data, 0x236, "<H") & 1 else "386"
        start = _word(data, 0x20E, "<H") + 0x200
        words = data[start : start + 256].split(b"\0")[0].split()
        return Image(goarch, 4096, words[0].decode("ascii", "replace") if words else "")
    banner = re.search(rb"Linux version ([!-~]+) ", data)
    version = banner[1].decode() if banner else ""
    if data[0x38:0x3C] == b"ARM\x64":
        return Image("arm64", _ARM64_PAGES.get(_word(data, 0x18) >> 1 & 3, 0), version)
    if data[0x38:0x3C] == b"RSC\x05":
        return Image("riscv64", 4096, version)
    if data[:2] == b"MZ" and data[_word(data, 0x3C) :][:4] == b"PE\0\0":
        return Image(_PE_MACHINES.get(_word(data, _word(data, 0x3C) + 4, "<H"), ""), 0, version)
    if _word(data, 0x24) == 0x016F2818:
        return Image("arm", 4096, version)
    if data[0x10008:0x1000E] == b"S390EP":
        return Image("s390x", 4096, version)
    return Image(_elf_goarch(data), 0, version)


def _elf_goarch(data: bytes) -> str:
    if data[:4] != b"\x7fELF" or data[5:6] not in (b"\1", b"\2"):
        return ""
    bits, order = (64 if data[4] == 2 else 32), ("little" if data[5] == 1 else "big")
    machine = _word(data, 18, "<H" if order == "little" else ">H")
    wanted = (machine, bits, order)
    rows = architectures().items()
    return next((name for name, row in rows if (row.elf_machine, row.bits, row.order) == wanted), "")


def bootable(packages: Packages, data: bytes, directory: Path) -> bytes:
    """The form that is booted: an x86 kernel without its decompressor where QEMU can enter it directly (PVH), any other
    as it is, but never within an EFI wrapper or gzip: QEMU does not unpack all of those.

    `directory` is for what an outside program needs. Raises CouldNotCheck for what cannot be unpacked.
    """
    if _is_bzimage(data):
        start = (_word(data, 0x1F1, "<B") or 4) * 512 + 512 + _word(data, 0x248)
        payload = data[start : start + _word(data, 0x24C)]
        if not payload.startswith(b"\x1f\x8b"):
            payload = payload[:-4]  # the size of what it unpacks to, as the kernel's makefile appends it
        if compression(payload):
            kernel = unpack(packages, payload, directory)
            if _has_pvh_entry(kernel):
                return kernel
        return data
    if _is_zboot(data):
        start = _word(data, 8)
        return unpack(packages, data[start : start + _word(data, 12)], directory)
    return unpack(packages, data, directory) if data.startswith(b"\x1f\x8b") else data


def _has_pvh_entry(data: bytes) -> bool:
    """Whether a 64-bit ELF kernel has the note with its PVH entry point (QEMU: hw/i386/x86-common.c)."""
    if data[:5] != b"\x7fELF\2":
        return False
    headers, size, count = _word(data, 32, "<Q"), _word(data, 54, "<H"), _word(data, 56, "<H")
    for index in range(count):
        header = headers + index * size
        if _word(data, header) != 4:  # PT_NOTE
            continue
        offset, end = _word(data, header + 8, "<Q"), _word(data, header + 8, "<Q") + _word(data, header + 32, "<Q")
        while offset + 12 <= min(end, len(data)):
            name, content, kind = (_word(data, offset + step) for step in (0, 4, 8))
            if kind == _PVH_ENTRY and data[offset + 12 : offset + 16] == b"Xen\0":
                return True
            offset += 12 + -(-name // 4) * 4 + -(-content // 4) * 4
    return False


def compression(data: bytes) -> str:
    """How the bytes are compressed; "" for those that are not, or in a way that we do not know."""
    return next((name for magic, name in _MAGICS.items() if data.startswith(magic)), "")


def unpack(packages: Packages, data: bytes, directory: Path) -> bytes:
    """The bytes uncompressed. Raises CouldNotCheck if they are damaged, or no program for it can be had."""
    name = compression(data)
    try:
        if name == "gzip":
            return _whole(name, zlib.decompressobj(31), data)
        if name in ("xz", "lzma"):
            return _whole(name, lzma.LZMADecompressor(), data)
        if name == "bzip2":
            return _whole(name, bz2.BZ2Decompressor(), data)
    except (zlib.error, lzma.LZMAError, OSError) as error:
        raise _damaged(name, str(error)) from error
    if name in ("zstd", "lz4"):
        return _unpack_outside(packages, name, data, directory)
    raise CouldNotCheck(
        "The kernel is compressed in a way that is not known here.",
        "gzip, xz, lzma, bzip2, zstd and lz4 can be unpacked; unpack it with the kernel's scripts/extract-vmlinux.",
    )


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _whole(name: str, decompressor: _Decompressor, data: bytes) -> bytes:
    plain = decompressor.decompress(data, _LIMIT)
    if not decompressor.eof:
        raise _damaged(name, "it ends too early, or is larger than any kernel")
    return plain


def _damaged(name: str, why: str) -> CouldNotCheck:
    return CouldNotCheck(f"The {name} data in the kernel cannot be unpacked: {why}.", "Fetch or copy the kernel again.")


def _unpack_outside(packages: Packages, name: str, data: bytes, directory: Path) -> bytes:
    """By `zstd` or `lz4`: this Python has neither format, and lz4's is the legacy one of kernels."""
    program = shutil.which(name) or str(packages.fetch(name).path / "usr/bin" / name)
    packed, plain = directory / f"packed.{name}", directory / "plain"
    packed.write_bytes(data)
    try:
        words: list[str | Path] = [program, "-d", "-q", "-f", packed, *(["-o"] if name == "zstd" else []), plain]
        outcome = run(words, {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}, 300.0)
        if not outcome.ok:
            raise _damaged(name, (outcome.stderr.strip() or outcome.ending).splitlines()[-1])
        return plain.read_bytes()
    finally:
        packed.unlink()
        plain.unlink(missing_ok=True)

"""Files that show, without any compiler, what a kernel or an emulator does with an ELF header (`elf(5)`)."""

import struct

from seatrial.tables.architectures import Architecture

__all__ = ["EXIT_386", "magic_and_mask", "unloadable"]

_ET_EXEC = 2
_ET_DYN = 3


def _identification(row: Architecture) -> bytes:
    return b"\x7fELF" + bytes([row.bits // 32, 1 if row.order == "little" else 2, 1]) + bytes(9)


def unloadable(row: Architecture) -> bytes:
    """A header of this architecture that every loader refuses: its table of segments has entries of one byte.

    Whoever tries to load it says so: an emulator after it has made its CPU, the kernel by ENOEXEC.
    """
    order = "<" if row.order == "little" else ">"
    words = "QQQ" if row.bits == 64 else "III"
    size = 64 if row.bits == 64 else 52
    return _identification(row) + struct.pack(
        f"{order}HHI{words}IHHHHHH", _ET_EXEC, row.elf_machine, 1, 0, 0, 0, 0, size, 1, 1, 0, 0, 0
    )


def magic_and_mask(row: Architecture, only_fixed_address: bool) -> tuple[bytes, bytes]:
    """What binfmt_misc compares: class, byte order, kind and machine; the OS ABI may be any.

    `only_fixed_address` leaves out position-independent programs: registered for the host's own architecture, they
    would be the emulator itself and nearly all of the host's programs. Go builds programs of fixed address by default.
    """
    order = "<" if row.order == "little" else ">"
    kind_mask = 0xFFFF if only_fixed_address else 0xFFFF ^ (_ET_EXEC ^ _ET_DYN)
    magic = _identification(row) + struct.pack(f"{order}HH", _ET_EXEC, row.elf_machine)
    mask = b"\xff" * 7 + b"\x00" * 9 + struct.pack(f"{order}HH", kind_mask, 0xFFFF)
    return magic, mask


def _exit_386() -> bytes:
    code = bytes.fromhex("b801000000 31db cd80")  # mov eax, 1 (exit); xor ebx, ebx; int 0x80
    address, start = 0x08048000, 52 + 32
    header = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    header += struct.pack("<HHIIIIIHHHHHH", _ET_EXEC, 3, 1, address + start, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    size = start + len(code)
    return header + struct.pack("<IIIIIIII", 1, 0, address, address, size, size, 5, 0x1000) + code


EXIT_386 = _exit_386()
"""A whole 32-bit x86 program that ends with exit code 0."""

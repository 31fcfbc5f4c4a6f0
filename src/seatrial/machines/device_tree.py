"""Changes the device tree that QEMU made, before the guest's first instruction, through QEMU's gdb stub.

QEMU's `virt` of loong64 describes its PCI bus as a generic one, for which distributions' kernels have no driver: there
the bus is known by ACPI, which only a firmware brings, and that takes longer than the whole boot. They do have the
driver of a Loongson chip whose configuration space QEMU's looks like, for the devices of slot 1.

Documents: the kernel's drivers/pci/controller/pci-loongson.c and Documentation/devicetree/bindings/pci/loongson.yaml;
Devicetree Specification 0.4, chapter 5; GDB's "Remote Serial Protocol"; QEMU's docs/system/gdb.rst.
"""

import socket
import struct
from collections.abc import Mapping

__all__ = ["GdbError", "padded", "rewrite"]

_MAGIC = 0xD00DFEED
_PART = 1024
_SECONDS = 20.0


class GdbError(Exception):
    """QEMU's gdb stub, or what lies in the guest's memory, is not as expected."""


class _Gdb:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        connection.settimeout(_SECONDS)

    def ask(self, command: str) -> str:
        """The answer to a packet."""
        framed = f"${command}#{sum(command.encode()) % 256:02x}".encode()
        received = b""
        try:
            self._connection.sendall(framed)
            while not (b"#" in received and len(received) >= received.index(b"#") + 3):
                part = self._connection.recv(65536)
                if not part:
                    raise GdbError("QEMU has ended")
                received += part
            self._connection.sendall(b"+")
        except OSError as error:
            raise GdbError(str(error)) from error
        return received[received.index(b"$") + 1 : received.index(b"#")].decode("latin-1")

    def read(self, address: int, size: int) -> bytes:
        """Physical memory."""
        memory = b""
        while len(memory) < size:
            answer = self.ask(f"m{address + len(memory):x},{min(_PART, size - len(memory)):x}")
            try:
                memory += bytes.fromhex(answer)
            except ValueError as error:
                raise GdbError(f"reading memory: {answer}") from error
        return memory

    def write(self, address: int, content: bytes) -> None:
        """Physical memory."""
        answer = self.ask(f"M{address:x},{len(content):x}:{content.hex()}")
        if answer != "OK":
            raise GdbError(f"writing memory: {answer}")


def rewrite(connection: socket.socket, address: int, names: Mapping[str, str]) -> None:
    """Replace `compatible` names in the device tree at this address, and let the stopped machine run.

    A new name is not longer than the old one. Raises GdbError.
    """
    gdb = _Gdb(connection)
    if gdb.ask("Qqemu.PhyMemMode:1") != "OK":
        raise GdbError("QEMU's gdb stub knows no physical memory")
    magic, _, start, *_ = header = struct.unpack(">10I", gdb.read(address, 40))
    if magic != _MAGIC:
        raise GdbError(f"there is no device tree at {address:#x}")
    structure = gdb.read(address + start, header[9])
    for old, new in names.items():
        place = structure.find(old.encode() + b"\0")
        if place < 0:
            raise GdbError(f"the device tree has no {old}")
        gdb.write(address + start + place, padded(new, len(old) + 1))
    gdb.ask("D")


def padded(name: str, size: int) -> bytes:
    """A list of names in exactly this many bytes: what is left over is a second name, which nothing has."""
    content = name.encode() + b"\0"
    left = size - len(content)
    return content + (b"-" * (left - 1) + b"\0" if left else b"")

"""From addresses in memory to offsets in the file, through what the loader would map."""

from typing import NamedTuple

from seatrial.formats.window import Malformed, Window

__all__ = ["AddressSpace", "Mapping"]


class Mapping(NamedTuple):
    """`size` bytes of the file from `offset`, seen at `address`."""

    address: int
    offset: int
    size: int
    writable: bool = False


class AddressSpace:
    """The mapped parts of one image."""

    def __init__(self, window: Window, mappings: tuple[Mapping, ...]) -> None:
        self.window = window
        self.mappings = mappings

    def offset(self, address: int, what: str) -> tuple[int, int]:
        """The offset of an address in the file, and how many bytes of its mapping follow. Raises Malformed."""
        for mapping in self.mappings:
            if mapping.address <= address < mapping.address + mapping.size:
                skip = address - mapping.address
                return mapping.offset + skip, mapping.size - skip
        raise Malformed(f"{what} at address {address:#x} is in no part of the file that is mapped")

    def part(self, address: int, size: int, what: str) -> Window:
        """A window on `size` bytes at an address. Raises Malformed."""
        at, left = self.offset(address, what)
        if size > left:
            raise Malformed(f"{what} ({size} bytes at address {address:#x}) goes beyond the end of its segment")
        return self.window.part(at, size, what)

    def rest(self, address: int, what: str) -> Window:
        """A window from an address to the end of its mapping, or of the file. Raises Malformed."""
        at, left = self.offset(address, what)
        if at >= self.window.size:
            raise Malformed(f"{what} at offset {at:#x} lies outside the file's {self.window.size} bytes")
        return self.window.part(at, min(left, self.window.size - at), what)

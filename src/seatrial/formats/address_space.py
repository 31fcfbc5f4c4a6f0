"""From addresses in memory to offsets in the file, through what the loader would map."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from seatrial.formats.window import Malformed, Window

__all__ = ["AddressSpace", "Mapping", "uncovered"]


class Mapping(NamedTuple):
    """`size` bytes of the file from `offset`, seen at `address`."""

    address: int
    offset: int
    size: int
    writable: bool = False


def uncovered(mappings: Iterable[Mapping]) -> Iterator[Mapping]:
    """The mappings by offset, each without what an earlier one shows of the file: a search reads no byte twice."""
    end = 0
    for mapping in sorted(mappings, key=lambda mapping: mapping.offset):
        skip = max(0, end - mapping.offset)
        if skip < mapping.size:
            yield Mapping(mapping.address + skip, mapping.offset + skip, mapping.size - skip, mapping.writable)
            end = mapping.offset + mapping.size


class AddressSpace:
    """The mapped parts of one image. Loaders want them not to overlap; where they do, the later one counts."""

    def __init__(self, window: Window, mappings: Iterable[Mapping]) -> None:
        self.window = window
        self.mappings = tuple(sorted(mappings))
        self._starts = [mapping.address for mapping in self.mappings]

    def offset(self, address: int, what: str) -> tuple[int, int]:
        """The offset of an address in the file, and how many bytes of its mapping follow. Raises Malformed."""
        index = bisect_right(self._starts, address) - 1
        skip = address - self._starts[index] if index >= 0 else 0
        if index >= 0 and skip < self.mappings[index].size:
            return self.mappings[index].offset + skip, self.mappings[index].size - skip
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

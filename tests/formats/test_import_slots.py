"""Slots of imports in damaged files: what no machine can address, and sections that claim the same symbols."""

import struct
from pathlib import Path

import pytest

from seatrial.formats import read_binary
from seatrial.formats.deep import deep_request
from seatrial.formats.import_slots import macho_slots
from seatrial.formats.macho import LoadCommand, MachoImage, MachoSection
from seatrial.formats.macho_facts import LC_DYSYMTAB, LC_SYMTAB
from seatrial.formats.window import Malformed, Window
from support.elf_writer import Elf, Library, Symbol


@pytest.mark.parametrize(("table", "names"), [((1 << 64) - 16, ["malloc"]), (0x20000, ["malloc", "free"])])
def test_a_slot_that_no_machine_can_address_is_left_out(table: int, names: list[str], tmp_path: Path) -> None:
    tags = ((3, table), (0x7000000A, 1), (0x70000011, 3), (0x70000013, 1))
    path = tmp_path / "library.so"
    library = Library((Symbol("malloc"), Symbol("free")), elf=Elf(machine=8, type=3), tags=tags)
    path.write_bytes(library.build())
    assert list(deep_request(path, read_binary(path), {}).image.slots.values()) == names


def macho(*sections: MachoSection) -> MachoImage:
    """One symbol, `_malloc`, and two indirect symbols that are it."""
    raw = struct.pack("<IBBHQ", 1, 0, 0, 0, 0) + b"\0_malloc\0\0\0\0\0\0\0\0" + struct.pack("<2I", 0, 0)
    symbols = Window(struct.pack("<6I", 0, 0, 0, 1, 16, 16))
    dynamic = Window(bytes(56) + struct.pack("<2I", 32, 2))
    commands = (LoadCommand(LC_SYMTAB, symbols), LoadCommand(LC_DYSYMTAB, dynamic))
    return MachoImage(Window(raw), 64, 0, 2, 0, commands, (), sections)


def test_sections_that_share_indirect_symbols() -> None:
    """Thousands of them would take hours."""
    first, second = (MachoSection("__got", "__DATA", 0x1000 * n, 8, 0, 6, n - 1) for n in (1, 2))
    assert macho_slots(macho(first, second)) == {0x1000: "_malloc", 0x2000: "_malloc"}
    with pytest.raises(Malformed, match="share indirect symbols"):
        macho_slots(macho(first, second, first))

import io

import pytest
from elftools.elf.elffile import ELFFile

from seatrial.runners.elf import EXIT_386, magic_and_mask, unloadable
from seatrial.tables.architectures import architectures


@pytest.mark.parametrize("goarch", architectures())
def test_the_header_is_of_the_architecture_and_matches_its_own_magic(goarch: str) -> None:
    row = architectures()[goarch]
    header = unloadable(row)
    elf = ELFFile(io.BytesIO(header + bytes(64)))
    assert (elf.elfclass, elf.little_endian) == (row.bits, row.order == "little")
    assert elf.header["e_type"] == "ET_EXEC"
    assert elf.header["e_phentsize"] == 1
    for fixed in (True, False):
        magic, mask = magic_and_mask(row, fixed)
        assert len(magic) == len(mask) == 20
        assert all(found & keep == wanted & keep for found, keep, wanted in zip(header, mask, magic, strict=False))


def test_no_architecture_is_taken_for_another() -> None:
    for goarch, row in architectures().items():
        for other, other_row in architectures().items():
            magic, mask = magic_and_mask(other_row, only_fixed_address=False)
            same = all(a & keep == b & keep for a, keep, b in zip(unloadable(row), mask, magic, strict=False))
            assert same == (goarch == other)


def test_position_independent_programs_are_left_out_on_request() -> None:
    row = architectures()["amd64"]
    program = bytearray(unloadable(row))
    program[16] = 3  # ET_DYN
    matches = []
    for fixed in (True, False):
        magic, mask = magic_and_mask(row, fixed)
        matches.append(all(a & keep == b & keep for a, keep, b in zip(program, mask, magic, strict=False)))
    assert matches == [False, True]


def test_the_386_program_is_whole() -> None:
    elf = ELFFile(io.BytesIO(EXIT_386))
    (segment,) = elf.iter_segments()
    assert elf.header["e_machine"] == "EM_386"
    assert segment["p_filesz"] == len(EXIT_386)
    assert elf.header["e_entry"] - segment["p_vaddr"] + 9 == len(EXIT_386)

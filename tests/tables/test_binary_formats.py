"""The table of what header numbers mean, held against pyelftools' own lists (which lack RISC-V's relocations)."""

from collections.abc import Mapping

import pytest
from elftools.elf import enums

from seatrial.model.go_target import VARIANT_AXES
from seatrial.tables.binary_formats import load

RELOCATIONS: dict[int, tuple[Mapping[str, int], set[str]]] = {
    62: (enums.ENUM_RELOC_TYPE_x64, {"R_X86_64_TPOFF64"}),
    3: (enums.ENUM_RELOC_TYPE_i386, {"R_386_TLS_TPOFF", "R_386_TLS_TPOFF32"}),
    183: (enums.ENUM_RELOC_TYPE_AARCH64, {"R_AARCH64_TLS_TPREL64"}),
    40: (enums.ENUM_RELOC_TYPE_ARM, {"R_ARM_TLS_TPOFF32"}),
    258: (enums.ENUM_RELOC_TYPE_LOONGARCH, {"R_LARCH_TLS_TPREL32", "R_LARCH_TLS_TPREL64"}),
    243: ({"R_RISCV_TLS_TPREL32": 10, "R_RISCV_TLS_TPREL64": 11}, {"R_RISCV_TLS_TPREL32", "R_RISCV_TLS_TPREL64"}),
    21: (enums.ENUM_RELOC_TYPE_PPC64, {"R_PPC64_TPREL64"}),
    22: (enums.ENUM_RELOC_TYPE_S390X, {"R_390_TLS_TPOFF"}),
    8: (enums.ENUM_RELOC_TYPE_MIPS, {"R_MIPS_TLS_TPREL32", "R_MIPS_TLS_TPREL64"}),
}


def test_machines_have_the_names_of_the_standard() -> None:
    for row in load().elf_machine:
        assert enums.ENUM_E_MACHINE[row.name] == row.number


@pytest.mark.parametrize("number", sorted(RELOCATIONS))
def test_initial_exec_relocations_have_the_numbers_of_the_psabi(number: int) -> None:
    names, expected = RELOCATIONS[number]
    row = load().machine(number)
    assert row is not None
    assert row.tls_dynamic == {names[name] for name in expected}


def test_every_architecture_with_variants_is_known() -> None:
    known = {name for row in load().elf_machine for name in row.goarch.values()}
    assert known >= VARIANT_AXES.keys()
    assert "loong64" in known and "s390x" in known


@pytest.mark.parametrize(
    "rows", ["elf_machine", "elf_osabi", "pe_machine", "pe_subsystem", "macho_cpu", "macho_platform"]
)
def test_a_number_has_one_meaning(rows: str) -> None:
    numbers = [row.number for row in getattr(load(), rows)]
    assert len(numbers) == len(set(numbers))


def test_every_row_has_its_source() -> None:
    tables = load()
    for field in tables.__struct_fields__:
        assert all(row.source for row in getattr(tables, field)), field

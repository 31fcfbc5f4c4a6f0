"""Machines beside each other, float ABIs, default stacks."""

import pytest

from seatrial.tables.machines import float_abi_of_loader, second_machine, stack_without_note


def test_second_machines() -> None:
    beside = second_machine("linux", "amd64", "386")
    assert beside is not None
    assert (beside.always, beside.needs) == (False, "CONFIG_IA32_EMULATION")
    assert beside.source
    wow64 = second_machine("windows", "amd64", "386")
    assert wow64 is not None
    assert wow64.always
    assert second_machine("linux", "amd64", "arm64") is None
    assert second_machine("linux", "386", "amd64") is None


@pytest.mark.parametrize(
    ("goarch", "loader", "abi"),
    [
        ("arm", "/lib/ld-linux-armhf.so.3", "hard"),
        ("arm", "/lib/ld-linux.so.3", "soft"),
        ("arm", "/lib/ld-musl-armhf.so.1", "hard"),
        ("riscv64", "/lib/ld-linux-riscv64-lp64d.so.1", "hard"),
        ("riscv64", "/lib/ld-linux-riscv64-lp64.so.1", "soft"),
        ("loong64", "/lib64/ld-linux-loongarch-lp64d.so.1", "hard"),
        ("amd64", "/lib64/ld-linux-x86-64.so.2", ""),
        ("arm", "", ""),
    ],
)
def test_float_abi_of_a_loader(goarch: str, loader: str, abi: str) -> None:
    assert float_abi_of_loader(goarch, loader) == abi


def test_stack_without_note() -> None:
    amd64, old = stack_without_note("amd64"), stack_without_note("386")
    assert amd64 is not None
    assert amd64.until == "5.8"
    assert old is not None
    assert old.until == ""
    assert stack_without_note("loong64") is None

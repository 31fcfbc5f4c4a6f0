"""Which machines run beside which, how they pass floating point, and how Linux makes their stacks by default."""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready

__all__ = ["SecondMachine", "StackWithoutNote", "float_abi_of_loader", "second_machine", "stack_without_note"]


class StackWithoutNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Linux gives programs of these machines an executable stack when they have no PT_GNU_STACK."""

    goarch: tuple[str, ...]
    source: str
    until: str = ""
    """The first kernel that does not do so any more; "" for none."""


class SecondMachine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Programs for `runs` start on a kernel of `goarch`."""

    goos: str
    goarch: str
    runs: str
    always: bool
    needs: str
    """What the system must have for it (a kernel option, an emulator's name)."""
    source: str


class _FloatAbi(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    goarch: str
    loader: str
    abi: str
    source: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    second: tuple[SecondMachine, ...]
    float_abi: tuple[_FloatAbi, ...]
    stack_without_note: tuple[StackWithoutNote, ...]


@cache
def _table() -> _Table:
    return msgspec.toml.decode(Path(__file__).with_name("machines.toml").read_bytes(), type=ready(_Table))


def second_machine(goos: str, goarch: str, runs: str) -> SecondMachine | None:
    """The row for programs of `runs` on systems of `goos/goarch`; None where they cannot start."""
    return next((row for row in _table().second if (row.goos, row.goarch, row.runs) == (goos, goarch, runs)), None)


def float_abi_of_loader(goarch: str, loader: str) -> str:
    """`hard` or `soft`, as the C library behind this loader passes floating point; "" where the path does not say."""
    return next((row.abi for row in _table().float_abi if row.goarch == goarch and row.loader in loader), "")


def stack_without_note(goarch: str) -> StackWithoutNote | None:
    """The row for a machine whose programs get an executable stack without PT_GNU_STACK; None where they do not."""
    return next((row for row in _table().stack_without_note if goarch in row.goarch), None)

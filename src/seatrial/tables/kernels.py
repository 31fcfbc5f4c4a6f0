"""Kernels that machines boot (`kernels.toml`)."""

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.model.machine import CgroupMode
from seatrial.tables.packages import PackageRow

__all__ = ["KernelPackage", "KernelRow", "kernels", "package_row"]


class KernelPackage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A package that a part of the kernel comes from: fields as in `PackageRow`."""

    suite: str
    package: str
    architecture: str
    follow: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


class KernelRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kernel of one architecture."""

    name: str
    goarch: str
    release: str
    """Major and minor: "6.1"."""
    package: KernelPackage
    page_size: int
    """Bytes."""
    cgroups: tuple[CgroupMode, ...]
    needs: tuple[str, ...]
    """What a guest must have to speak to us: modules to load first, unless they are built in."""
    source: str
    more_modules: KernelPackage | None = None
    """Fetched only when a module is wanted that `package` does not have."""
    arguments: tuple[str, ...] = ()
    """Of the kernel command line, needed on every machine."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keep: tuple[str, ...]
    kernel: tuple[KernelRow, ...]


@cache
def _table() -> _Table:
    data = tomllib.loads((Path(__file__).parent / "kernels.toml").read_text())
    return msgspec.convert(data, ready(_Table))


def kernels() -> tuple[KernelRow, ...]:
    """The rows, in the order of the table."""
    return _table().kernel


def package_row(kernel: KernelRow, part: KernelPackage) -> PackageRow:
    """What to fetch for a part of a kernel."""
    return PackageRow(
        title=f"the kernel {kernel.name} for {kernel.goarch}",
        package=part.package,
        suite=part.suite,
        source=kernel.source,
        architecture=part.architecture,
        follow=part.follow,
        also=part.also,
        keep=_table().keep,
    )

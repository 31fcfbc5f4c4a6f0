import pytest

from seatrial.model.go_target import VARIANT_AXES
from seatrial.tables.architectures import architectures, goarch_of_machine
from seatrial.tables.packages import packages


def test_every_package_that_an_architecture_names_is_a_row() -> None:
    named = {name for row in architectures().values() for name in (*row.glibc, *row.musl)}
    assert named <= packages().keys()
    unused = {name for name in packages() if name.startswith(("glibc-", "musl-"))} - named
    assert not unused


def test_every_architecture_of_go_on_linux_is_there() -> None:
    assert architectures().keys() == VARIANT_AXES.keys() | {"loong64", "s390x"}


def test_every_package_has_a_source_and_a_suite_of_debian() -> None:
    assert all(row.source and row.title for row in packages().values())
    assert {row.suite for row in packages().values()} == {"bookworm", "bookworm-backports", "sid", "trixie"}


def test_emulators_of_every_architecture_are_kept() -> None:
    for row in architectures().values():
        assert f"usr/bin/qemu-{row.qemu}" in packages()["qemu-user-10"].keep
        assert f"usr/bin/qemu-{row.qemu}-static" in packages()["qemu-user-7"].keep


@pytest.mark.parametrize(
    ("machine", "goarch"),
    [("x86_64", "amd64"), ("aarch64", "arm64"), ("i686", "386"), ("armv7l", "arm"), ("sw_64", ""), ("mips64", "")],
)
def test_goarch_of_machine(machine: str, goarch: str) -> None:
    assert goarch_of_machine(machine) == goarch

from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.model.platform import Platform
from seatrial.model.runner import CannotOffer, Workload
from seatrial.packages import Package, Packages
from seatrial.runners.loaders import Sysroot, ask_version, libc_version, sysroot
from seatrial.store import Store

_ARM64 = Workload("linux", "arm64", "/lib/ld-linux-aarch64.so.1", "glibc")


class _Made(Packages):
    """Packages of a few empty files, instead of fetched ones."""

    def __init__(self, root: Path, files: dict[str, list[str]]) -> None:
        self._root = root
        self._files = files
        self.asked: list[tuple[str, bool]] = []

    def fetch(self, name: str, newer: bool = False) -> Package:
        self.asked.append((name, newer))
        for file in self._files.get(name, []):
            path = self._root / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        return Package(name, "1", name, str(self._root / name))


_GLIBC = {
    "glibc-arm64": ["usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1", "usr/aarch64-linux-gnu/lib/libc.so.6"],
    "libgcc-arm64": ["usr/aarch64-linux-gnu/lib/libgcc_s.so.1"],
}


def test_a_sysroot_joins_its_packages(tmp_path: Path, platform: Callable[..., Platform]) -> None:
    made = sysroot(Store(tmp_path / "store"), _Made(tmp_path, _GLIBC), "x", libc_version(platform("arm64")), _ARM64)
    assert isinstance(made, Sysroot)
    assert sorted(path.name for path in (made.path / "lib").iterdir()) == [
        "ld-linux-aarch64.so.1",
        "libc.so.6",
        "libgcc_s.so.1",
    ]
    assert (made.path / "lib64/libc.so.6").read_text() == "glibc-arm64"


def test_a_package_without_lib(tmp_path: Path, platform: Callable[..., Platform]) -> None:
    packages = _Made(tmp_path, {"musl-riscv64": ["usr/lib/ld-musl-riscv64.so.1"]})
    workload = Workload("linux", "riscv64", "/lib/ld-musl-riscv64.so.1", "musl")
    assert isinstance(
        sysroot(Store(tmp_path / "store"), packages, "x", libc_version(platform("riscv64")), workload), Sysroot
    )


@pytest.mark.parametrize(("libc", "newer"), [("glibc 2.28", False), ("glibc 2.36", False), ("glibc 2.38", True)])
def test_the_c_library_is_no_older_than_the_platforms(
    tmp_path: Path, platform: Callable[..., Platform], libc: str, newer: bool
) -> None:
    packages = _Made(tmp_path, _GLIBC)
    sysroot(Store(tmp_path / "store"), packages, "x", libc_version(platform("arm64", libc=libc)), _ARM64)
    assert packages.asked == [(name, newer) for name in ("glibc-arm64", "libgcc-arm64", "libstdcxx-arm64")]


def test_a_loader_that_no_package_has(tmp_path: Path, platform: Callable[..., Platform]) -> None:
    workload = Workload("linux", "arm64", "/lib64/ld.so.1", "glibc")
    refusal = sysroot(
        Store(tmp_path / "store"), _Made(tmp_path, _GLIBC), "x", libc_version(platform("arm64")), workload
    )
    assert isinstance(refusal, CannotOffer)
    assert refusal.reason_code == "no-sysroot"
    assert "/lib64/ld.so.1" in refusal.reason.text


def test_no_package_and_no_network(tmp_path: Path, platform: Callable[..., Platform]) -> None:
    class Nothing(Packages):
        def fetch(self, name: str, newer: bool = False) -> Package:
            raise CouldNotCheck("No network.", "Connect.")

    store = Store(tmp_path)
    workload = Workload("linux", "loong64", "/lib/ld-musl-loongarch64.so.1", "musl")
    refusals = [
        sysroot(store, Nothing(store, print), "x", libc_version(platform("loong64")), workload),
        sysroot(store, Nothing(store, print), "x", libc_version(platform("arm64")), _ARM64),
    ]
    assert [str(one.reason) for one in refusals if isinstance(one, CannotOffer)] == [
        "No package with musl for loong64 is known.",
        "glibc for arm64 is not on this host and could not be fetched: No network.",
    ]


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("ld.so (Debian GLIBC 2.36-9+deb12u10) stable release version 2.36.", "glibc 2.36"),
        ("musl libc (x86_64)\nVersion 1.2.5\nDynamic Program Loader", "glibc 1.2.5"),
        ("Illegal instruction", ""),
    ],
)
def test_a_loader_says_its_version_itself(tmp_path: Path, said: str, version: str) -> None:
    loader = tmp_path / "ld.so"
    loader.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    loader.chmod(0o755)
    assert ask_version(Store(tmp_path / "store"), (), loader, "glibc") == version

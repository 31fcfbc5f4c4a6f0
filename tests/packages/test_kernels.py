"""Kernels: the table against Debian's own packages, what is made of them, and a user's own."""

import gzip
import re
import shutil
from pathlib import Path

import msgspec
import pytest

from seatrial.errors import CouldNotCheck, UsageError
from seatrial.model.machine import CgroupMode
from seatrial.packages import Packages
from seatrial.packages.kernels import fetch, fetched, intact, kernels, nearest, own
from seatrial.platforms import load
from seatrial.store import Store, default_root
from seatrial.tables.kernels import KernelRow, package_row
from seatrial.tables.system_calls import release_of

_CHEAP = [("debian-12", "amd64"), ("debian-sid", "loong64")]
_ALL = [(row.name, row.goarch) for row in kernels()]
_PAGES = {"4K": 4096, "4KB": 4096, "16K": 16384, "16KB": 16384, "64K": 65536, "64KB": 65536}


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(default_root())


@pytest.fixture(scope="module")
def packages(store: Store) -> Packages:
    return Packages(store, print)


def _row(name: str, goarch: str) -> KernelRow:
    return next(row for row in kernels() if (row.name, row.goarch) == (name, goarch))


def _fetch_or_skip(store: Store, packages: Packages, name: str, goarch: str) -> None:
    try:
        fetch(store, packages, name, goarch)
    except CouldNotCheck as error:
        pytest.skip(f"the kernel {name} for {goarch} was missing: {error}")


def _agrees_with_its_package(store: Store, packages: Packages, name: str, goarch: str) -> None:
    _fetch_or_skip(store, packages, name, goarch)
    row = _row(name, goarch)
    kernel = fetched(store, packages, row)
    assert kernel is not None
    assert intact(kernel)
    config = next(packages.obtain(package_row(row, row.package)).path.rglob("config*")).read_text()
    assert release_of(kernel.version)[:2] == release_of(row.release)
    page = re.search(r"^CONFIG_(?:ARM64_|PPC_|PAGE_SIZE_)(\d+KB?)(?:_PAGES)?=y", config, re.MULTILINE)
    assert row.page_size == (_PAGES[page[1]] if page else 4096)
    has_v1 = release_of(row.release) < (6, 12) or "CONFIG_MEMCG_V1=y" in config
    assert (CgroupMode.V1 in row.cgroups) == has_v1
    assert "CONFIG_MEMCG=y" in config
    assert "CONFIG_CPUSETS=y" in config
    assert {Path(path).stem for path in kernel.modules} | set(kernel.builtin) >= set(row.needs)
    assert not any(path.endswith(".xz") for path in kernel.modules)


@pytest.mark.parametrize(("name", "goarch"), _CHEAP)
def test_a_kernel_is_what_its_row_says(store: Store, packages: Packages, name: str, goarch: str) -> None:
    _agrees_with_its_package(store, packages, name, goarch)


@pytest.mark.sweep
@pytest.mark.parametrize(("name", "goarch"), _ALL)
def test_every_kernel_is_what_its_row_says(store: Store, packages: Packages, name: str, goarch: str) -> None:
    _agrees_with_its_package(store, packages, name, goarch)


def test_an_x86_kernel_is_kept_without_its_decompressor(store: Store, packages: Packages) -> None:
    _fetch_or_skip(store, packages, "debian-12", "amd64")
    kernel = fetch(store, packages, "debian-12", "amd64")
    assert Path(kernel.image).read_bytes()[:4] == b"\x7fELF"
    assert kernel.package is not None
    assert re.fullmatch("[0-9a-f]{64}", kernel.package.sha256)


def test_further_modules_follow_those_that_the_guest_needs(store: Store, packages: Packages) -> None:
    _fetch_or_skip(store, packages, "debian-12", "amd64")
    names = [
        Path(path).stem for path in fetch(store, packages, "debian-12", "amd64", ("dm-flakey", "sch_netem")).modules
    ]
    assert names.index("virtio_console") < names.index("dm_mod") < names.index("dm_flakey") < names.index("sch_netem")
    with pytest.raises(CouldNotCheck, match="has no module no_such_thing"):
        fetch(store, packages, "debian-12", "amd64", ("no_such_thing",))


def test_an_unknown_name_is_a_mistake_of_the_user(store: Store, packages: Packages) -> None:
    with pytest.raises(UsageError, match=r"No kernel named debian-7 is known for amd64.*debian-12"):
        fetch(store, packages, "debian-7", "amd64")
    with pytest.raises(UsageError, match="No kernel named debian-11 is known for loong64"):
        fetch(store, packages, "debian-11", "loong64")


def test_a_kernel_that_was_changed_is_not_intact(tmp_path: Path, store: Store, packages: Packages) -> None:
    _fetch_or_skip(store, packages, "debian-sid", "loong64")
    kernel = fetch(store, packages, "debian-sid", "loong64")
    copy = tmp_path / "image"
    copy.write_bytes(Path(kernel.image).read_bytes()[:-1] + b"!")
    assert not intact(msgspec.structs.replace(kernel, image=str(copy)))
    assert not intact(msgspec.structs.replace(kernel, image=str(tmp_path / "gone")))


def test_nothing_is_asked_for_a_kernel_that_was_never_fetched(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert fetched(store, Packages(store, print), _row("debian-12", "amd64")) is None
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("platform", "name"),
    [
        ("kylin-v10-sp3/hygon-c86-3s", "debian-11"),
        ("kylin-v10-sp3/ft-2000-4", "debian-11"),
        ("debian-12/amd64", "debian-12"),
        ("debian-13/amd64", "debian-13"),
        ("debian-12/ppc64le", "debian-12"),
        ("debian-12/s390x", "debian-12"),
        ("debian-13/riscv64", "debian-13"),
        ("openeuler-22.03/kunpeng-920", "debian-11"),
        ("openeuler-24.03/kunpeng-920", "debian-12"),
        ("loongnix-25/3a6000", "debian-sid"),
    ],
)
def test_the_nearest_kernel_of_a_platform(platform: str, name: str) -> None:
    assert nearest(load().platform(platform)) == name


def test_page_size_comes_before_release() -> None:
    platform = load().platform("openeuler-22.03/kunpeng-920")
    page = msgspec.structs.replace(platform.page_size, value=16384)
    assert nearest(msgspec.structs.replace(platform, page_size=page)) == "debian-13-16k"


def test_no_kernel_for_an_architecture_is_said() -> None:
    platform = msgspec.structs.replace(load().platform("debian-12/amd64"), goarch="mips")
    with pytest.raises(CouldNotCheck, match="No kernel is known for mips"):
        nearest(platform)


class TestOwn:
    """A user's own kernel."""

    @pytest.fixture
    def place(self, tmp_path: Path, store: Store, packages: Packages) -> Path:
        """An unpacked package of Debian, as a user might have one."""
        _fetch_or_skip(store, packages, "debian-12", "amd64")
        row = _row("debian-12", "amd64")
        root = packages.obtain(package_row(row, row.package)).path
        return Path(shutil.copytree(root, tmp_path / "kernel", symlinks=True))

    def test_it_is_recognised_and_its_modules_are_found_beside_it(
        self, place: Path, tmp_path: Path, packages: Packages
    ) -> None:
        vmlinuz = next((place / "boot").glob("vmlinuz-*"))
        kernel = own(Store(tmp_path / "store"), packages, vmlinuz)
        assert kernel.goarch == "amd64"
        assert kernel.version == vmlinuz.name.partition("-")[2]
        assert kernel.page_size == 4096
        assert [Path(path).stem for path in kernel.modules][-1] == "virtio_console"
        assert intact(kernel)
        assert own(Store(tmp_path / "store"), packages, vmlinuz) == kernel

    def test_without_modules_all_is_taken_to_be_built_in(self, place: Path, tmp_path: Path, packages: Packages) -> None:
        alone = tmp_path / "vmlinuz.gz"
        alone.write_bytes(gzip.compress(next((place / "boot").glob("vmlinuz-*")).read_bytes(), 1))
        kernel = own(Store(tmp_path / "store"), packages, alone, "amd64")
        assert kernel.modules == ()
        assert Path(kernel.image).read_bytes()[:4] == b"\x7fELF"

    def test_modules_without_the_one_that_is_needed(self, place: Path, tmp_path: Path, packages: Packages) -> None:
        for path in place.rglob("virtio_console.ko"):
            path.unlink()
        with pytest.raises(CouldNotCheck, match="has no virtio_console"):
            own(Store(tmp_path / "store"), packages, next((place / "boot").glob("vmlinuz-*")))

    def test_what_is_no_kernel_is_a_mistake_of_the_user(self, tmp_path: Path, packages: Packages) -> None:
        store = Store(tmp_path / "store")
        text = tmp_path / "notes.txt"
        text.write_text("no kernel")
        for path, message in [
            (text, "is no Linux kernel"),
            (tmp_path / "missing", "No such file"),
            (tmp_path, "no regular file"),
            (Path("/dev/zero"), "no regular file"),
        ]:
            with pytest.raises(UsageError, match=message):
                own(store, packages, path)

    def test_a_kernel_of_another_architecture_is_refused(self, place: Path, tmp_path: Path, packages: Packages) -> None:
        with pytest.raises(UsageError, match="is a kernel for amd64, not for arm64"):
            own(Store(tmp_path / "store"), packages, next((place / "boot").glob("vmlinuz-*")), "arm64")

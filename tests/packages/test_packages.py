"""Fetching with a fake apt-get (no network) and the real dpkg-deb."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import seatrial.packages as room
from seatrial.errors import CouldNotCheck
from seatrial.packages import Packages, upstream_version
from seatrial.store import Store
from seatrial.tables.packages import PackageRow

_NAME = "glibc-arm64"  # any row of the table of bookworm


class _Archive:
    """A fake apt-get that serves one package, and what it was asked for."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bin = tmp_path / "bin"
        self.bin.mkdir()
        self.log = tmp_path / "asked"
        self.notes: list[str] = []
        self.file = tmp_path / "libc6-arm64-cross_1%3a1.2.3-1_amd64.deb"
        self.sha256 = ""
        self.store = Store(tmp_path / "store")
        etc = tmp_path / "etc"
        etc.mkdir()
        (etc / "sources.list").write_text("deb [signed-by=/keys/debian.gpg] http://mirror.example bookworm main\n")
        (tmp_path / "os-release").write_text('ID=debian\nVERSION_CODENAME="bookworm"\n')
        monkeypatch.setattr(room, "_APT", etc)
        monkeypatch.setattr(room, "_OS_RELEASE", tmp_path / "os-release")
        monkeypatch.setenv("PATH", f"{self.bin}{os.pathsep}{os.environ['PATH']}")

    def build(self, content: str) -> None:
        if not shutil.which("dpkg-deb"):
            pytest.skip("dpkg-deb was missing")
        tree = self.file.parent / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(
            "Package: musl\nVersion: 1:1.2.3-1\nArchitecture: amd64\nMaintainer: a <a@b.c>\nDescription: test\n"
        )
        (tree / "lib").mkdir()
        (tree / "usr").mkdir()
        (tree / "lib/libc.so").write_text(content)
        (tree / "lib/ld.so").symlink_to("/lib/libc.so")
        subprocess.run(["dpkg-deb", "--build", tree, self.file], check=True, capture_output=True)
        self.sha256 = hashlib.sha256(self.file.read_bytes()).hexdigest()

    def serve(self, update: str = "exit 0", sha256: str = "") -> None:
        size, sha256 = self.file.stat().st_size, sha256 or self.sha256
        script = f"""#!/bin/sh
echo "$@" >> {self.log}
for word; do
    file=${{word%%=*}}_1%3a1.2.3-1_amd64.deb
    case "$word:$*" in
    -*|download:*) ;;
    update:*) {update};;
    *--print-uris*) echo "'http://mirror.example/x' $file {size} SHA256:{sha256}";;
    *) cp {self.file} $file;;
    esac
done
"""
        (self.bin / "apt-get").write_text(script)
        (self.bin / "apt-get").chmod(0o755)

    @property
    def packages(self) -> Packages:
        return Packages(self.store, self.notes.append)

    def asked(self, word: str) -> int:
        return sum(word in line for line in self.log.read_text().splitlines()) if self.log.exists() else 0


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Archive:
    return _Archive(tmp_path, monkeypatch)


def test_a_package_is_fetched_once_and_unpacked(archive: _Archive) -> None:
    archive.build("one")
    archive.serve()
    package = archive.packages.fetch(_NAME)
    assert (package.name, package.version, package.sha256) == ("libc6-arm64-cross", "1:1.2.3-1", archive.sha256)
    assert (package.path / "lib/libc.so").read_text() == "one"
    assert archive.notes == [
        "reading the package index of bookworm (amd64)",
        "fetching glibc for arm64, 1.2.3 (1 MB)",
    ]
    asked = archive.log.read_text()
    assert archive.packages.fetch(_NAME) == package
    assert archive.log.read_text() == asked
    assert not list(archive.store.root.rglob("*.deb"))


def test_the_newer_suite_is_another_package(archive: _Archive) -> None:
    archive.build("one")
    archive.serve()
    archive.packages.fetch("glibc-arm64")
    archive.packages.fetch("glibc-arm64", newer=True)
    assert sorted(path.name for path in (archive.store.root / "apt").iterdir()) == ["bookworm-amd64", "trixie-amd64"]


def test_links_stay_inside_the_unpacked_tree(archive: _Archive) -> None:
    archive.build("one")
    archive.serve()
    link = archive.packages.fetch(_NAME).path / "lib/ld.so"
    assert link.readlink() == Path("libc.so")


def test_the_tree_is_private_and_knows_the_hosts_mirror(archive: _Archive) -> None:
    archive.build("one")
    archive.serve()
    archive.packages.fetch(_NAME)
    tree = archive.store.root / "apt/bookworm-amd64"
    assert (tree / "sources.list").read_text() == (
        "deb [arch=amd64 signed-by=/keys/debian.gpg] http://mirror.example bookworm main\n"
    )
    config = (tree / "apt.conf").read_text()
    assert f'Dir::State "{tree}/state";' in config
    assert f'Dir::Etc::parts "{tree}/empty";' in config  # the host's hooks must not run


def test_a_file_that_is_not_what_the_index_says_is_not_used(archive: _Archive) -> None:
    archive.build("one")
    archive.serve(sha256="0" * 64)
    with pytest.raises(CouldNotCheck, match="is not what the index says"):
        archive.packages.fetch(_NAME)
    assert not list((archive.store.root / "packages").rglob("libc.so"))


def test_no_network_is_one_clear_line(archive: _Archive) -> None:
    archive.build("one")
    archive.serve(update="echo 'W: x' >&2; echo 'E: Failed to fetch the index' >&2; exit 100")
    with pytest.raises(CouldNotCheck, match="could not read the index of bookworm for amd64: Failed to fetch"):
        archive.packages.fetch(_NAME)


def test_the_index_is_read_once_a_day_and_again_when_a_package_is_gone(archive: _Archive) -> None:
    archive.build("one")
    archive.serve()
    archive.packages.fetch(_NAME)
    assert archive.asked("update") == 1
    archive.packages.fetch("glibc-arm")  # the same suite and architecture
    assert archive.asked("update") == 1
    (archive.bin / "apt-get").write_text(
        f'#!/bin/sh\necho "$@" >> {archive.log}\ncase "$*" in *update*) exit 0;; esac\necho \'E: gone\' >&2; exit 100\n'
    )
    with pytest.raises(CouldNotCheck, match="gone"):
        archive.packages.fetch("glibc-s390x")
    assert archive.asked("update") == 2


def test_a_host_without_apt_or_sources(archive: _Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc/sources.list").write_text("")
    with pytest.raises(CouldNotCheck, match="name no archive for this host's release"):
        archive.packages.fetch(_NAME)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CouldNotCheck, match="no dpkg-deb"):
        archive.packages.fetch(_NAME)


def test_files_that_are_not_wanted_are_left_out(tmp_path: Path) -> None:
    for name in ("usr/bin/qemu-arm", "usr/bin/qemu-armeb", "usr/share/doc/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    room.prune(tmp_path, ("usr/bin/*",), ("*eb",))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["qemu-arm"]


@pytest.mark.parametrize(
    ("version", "upstream"),
    [("1:10.0.2+ds-2+deb13u1~bpo12+1", "10.0.2"), ("2.36-8cross1", "2.36"), ("8.0~repack-4", "8.0")],
)
def test_upstream_version(version: str, upstream: str) -> None:
    assert upstream_version(version) == upstream


@pytest.mark.qemu
def test_a_real_package_of_this_hosts_mirror(tmp_path: Path) -> None:
    if not shutil.which("apt-get"):
        pytest.skip("apt-get was missing")
    package = Packages(Store(tmp_path), print).fetch("musl-amd64")
    assert (package.path / "usr/lib/ld-musl-x86_64.so.1").is_file()
    assert not (package.path / "usr/lib/ld-musl-x86_64.so.1").readlink().is_absolute()


def _kernel_row(*follow: str, also: tuple[str, ...] = ()) -> PackageRow:
    return PackageRow("a kernel", "linux-image-cloud", "bookworm", "a test", follow=follow, also=also)


def _depends(archive: _Archive) -> None:
    """A fake apt-cache: the metapackage depends on one with a version, and that on two parts."""
    (archive.bin / "apt-cache").write_text("""#!/bin/sh
for last; do :; done
case $last in
linux-image-cloud) echo 'Depends: linux-image-6.1-cloud (= 6.1.1-1), other';;
linux-image-6.1-cloud) echo 'Depends: initramfs-tools | dracut, linux-base-6.1 (= 1), linux-binary-6.1 (= 1)';;
esac
""")
    (archive.bin / "apt-cache").chmod(0o755)


def test_a_package_with_a_version_in_its_name_is_followed_to(archive: _Archive) -> None:
    archive.build("kernel")
    archive.serve()
    _depends(archive)
    row = _kernel_row("linux-image-*", "linux-binary-*", also=("linux-base-*", "fixed"))
    package = archive.packages.obtain(row)
    assert package.name == "linux-binary-6.1"
    assert [(one.name, one.version) for one in package.also] == [
        ("linux-base-6.1", "1:1.2.3-1"),
        ("fixed", "1:1.2.3-1"),
    ]
    assert archive.packages.have(row) == package
    assert archive.asked("update") == 1


def test_a_dependency_that_is_not_there_ends_in_one_clear_line(archive: _Archive) -> None:
    archive.build("kernel")
    archive.serve()
    _depends(archive)
    with pytest.raises(CouldNotCheck, match=r"no package linux-image-cloud for \w+ that depends on linux-rt-\*"):
        archive.packages.obtain(_kernel_row("linux-rt-*"))
    assert archive.packages.have(_kernel_row("linux-rt-*")) is None

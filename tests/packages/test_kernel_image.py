"""Kernel files of every kind, made here: what they say of themselves, and the form that is booted."""

import bz2
import gzip
import lzma
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.errors import CouldNotCheck
from seatrial.packages import Packages
from seatrial.packages.kernel_image import Image, bootable, compression, identify, unpack
from seatrial.store import Store


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    return Packages(Store(tmp_path / "store"), print)


def vmlinux(pvh: bool = True) -> bytes:
    """A 64-bit ELF kernel with a note segment: Linux's own note, and the PVH entry where wanted."""
    notes = struct.pack("<III", 6, 4, 257) + b"Linux\0\0\0" + bytes(4)
    if pvh:
        notes += struct.pack("<III", 4, 8, 18) + b"Xen\0" + struct.pack("<Q", 0x1000000)
    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 4, 4, 120, 0, 0, len(notes), len(notes), 4)
    return header + segment + notes + b"Linux version 6.1.0-9-amd64 (someone)\n"


def bzimage(payload: bytes, sectors: int = 4, wide: bool = True, appended: bytes = b"\x40\0\0\0") -> bytes:
    """An x86 boot file around a payload, as Documentation/arch/x86/boot.rst describes it."""
    data = bytearray((sectors + 1) * 512)
    data[0x1F1] = sectors
    data[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", data, 0x236, int(wide))
    struct.pack_into("<H", data, 0x20E, 0x300)
    data[0x500:0x520] = b"6.1.0-9-amd64 (deb@example) #1\0\0"
    struct.pack_into("<II", data, 0x248, 16, len(payload) + len(appended))
    return bytes(data) + bytes(16) + payload + appended


def zboot(payload: bytes, name: bytes = b"gzip") -> bytes:
    data = bytearray(b"MZ\0\0zimg" + struct.pack("<II", 128, len(payload)) + bytes(112))
    data[24 : 24 + len(name)] = name
    return bytes(data) + payload


def lz4(data: bytes) -> bytes:
    return _outside(["lz4", "-l", "-c"], data)


def zstd(data: bytes) -> bytes:
    return _outside(["zstd", "-q", "-c"], data)


def _outside(argv: list[str], data: bytes) -> bytes:
    if shutil.which(argv[0]) is None:
        pytest.skip(f"{argv[0]} was missing")
    return subprocess.run(argv, input=data, capture_output=True, check=True).stdout


def _lzma(data: bytes) -> bytes:
    return lzma.compress(data, lzma.FORMAT_ALONE)


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, _lzma, lz4, zstd])
def test_an_x86_kernel_is_booted_without_its_decompressor(pack: object, packages: Packages, tmp_path: Path) -> None:
    assert callable(pack)
    assert bootable(packages, bzimage(pack(vmlinux())), tmp_path) == vmlinux()


def test_gzip_carries_its_size_itself(packages: Packages, tmp_path: Path) -> None:
    assert bootable(packages, bzimage(gzip.compress(vmlinux()), appended=b""), tmp_path) == vmlinux()


def test_an_x86_kernel_that_qemu_cannot_enter_directly_stays_as_it_is(packages: Packages, tmp_path: Path) -> None:
    whole = bzimage(lzma.compress(vmlinux(pvh=False)))
    assert bootable(packages, whole, tmp_path) == whole
    unknown = bzimage(b"\x89LZO" + bytes(64))
    assert bootable(packages, unknown, tmp_path) == unknown


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_an_efi_wrapper_is_taken_off(pack: object, packages: Packages, tmp_path: Path) -> None:
    assert callable(pack)
    assert bootable(packages, zboot(pack(b"kernel" * 1000)), tmp_path) == b"kernel" * 1000
    assert [path.name for path in tmp_path.iterdir()] == []


def test_what_is_damaged_ends_in_one_clear_line(packages: Packages, tmp_path: Path) -> None:
    for pack in (gzip.compress, lzma.compress, bz2.compress, zstd, lz4):
        packed = pack(bytes(range(256)) * 64)
        with pytest.raises(CouldNotCheck, match="cannot be unpacked"):
            unpack(packages, packed[:8] + b"\xff" * 8 + packed[16:-4], tmp_path)
        with pytest.raises(CouldNotCheck, match="cannot be unpacked"):
            unpack(packages, packed[:-4], tmp_path)
    with pytest.raises(CouldNotCheck, match="not known here"):
        bootable(packages, zboot(b"nothing that is compressed"), tmp_path)


def test_a_program_that_the_host_lacks_is_fetched(
    packages: Packages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = zstd(b"kernel")
    program = shutil.which("zstd")
    assert program
    (tmp_path / "root/usr/bin").mkdir(parents=True)
    (tmp_path / "root/usr/bin/zstd").symlink_to(program)
    asked: list[str] = []

    class Root:
        path = tmp_path / "root"

    def fetch(name: str) -> type[Root]:
        asked.append(name)
        return Root

    monkeypatch.setattr(packages, "fetch", fetch)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert unpack(packages, packed, tmp_path) == b"kernel"
    assert asked == ["zstd"]


def _at(offset: int, magic: bytes, size: int = 0x10100) -> bytes:
    data = bytearray(size)
    data[offset : offset + len(magic)] = magic
    return bytes(data)


def _arm64(pages: int) -> bytes:
    data = bytearray(_at(0x38, b"ARM\x64"))
    struct.pack_into("<Q", data, 0x18, pages << 1)
    return bytes(data) + b"\0Linux version 6.12.1-arm64 (x)\0"


@pytest.mark.parametrize(
    ("data", "image"),
    [
        (bzimage(b""), Image("amd64", 4096, "6.1.0-9-amd64")),
        (bzimage(b"", wide=False), Image("386", 4096, "6.1.0-9-amd64")),
        (_arm64(1), Image("arm64", 4096, "6.12.1-arm64")),
        (_arm64(2), Image("arm64", 16384, "6.12.1-arm64")),
        (_arm64(3), Image("arm64", 65536, "6.12.1-arm64")),
        (_at(0x38, b"RSC\x05"), Image("riscv64", 4096)),
        (_at(0x24, b"\x18\x28\x6f\x01"), Image("arm", 4096)),
        (_at(0x10008, b"S390EP"), Image("s390x", 4096)),
        (_at(0, b"MZ" + bytes(0x3A) + b"\x40\0\0\0" + b"PE\0\0\x64\x62"), Image("loong64")),
        (vmlinux(), Image("amd64", 0, "6.1.0-9-amd64")),
        (b"\x7fELF\2\1\1" + bytes(11) + struct.pack("<H", 21) + bytes(64), Image("ppc64le")),
        (b"#!/bin/sh\necho no kernel\n", Image("")),
        (b"", Image("")),
    ],
)
def test_a_kernels_file_says_what_it_is(data: bytes, image: Image) -> None:
    assert identify(data) == image


_STARTS = st.sampled_from(
    [b"", b"MZ", b"MZ\0\0zimg", b"\x7fELF\2\1", b"\x1f\x8b", bzimage(b"")[:0x260], vmlinux()[:120]]
)


@given(start=_STARTS, rest=st.binary(max_size=2048))
def test_no_bytes_make_it_stumble(start: bytes, rest: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    data = start + rest
    identify(data)
    directory = tmp_path_factory.mktemp("scratch")
    try:
        bootable(Packages(Store(directory), print), data, directory)
    except CouldNotCheck as error:
        assert "kernel" in str(error)


def test_the_compression_is_told_by_the_first_bytes() -> None:
    assert compression(gzip.compress(b"x")) == "gzip"
    assert compression(lzma.compress(b"x")) == "xz"
    assert compression(b"plain") == ""

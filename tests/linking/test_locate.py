"""Where a loader would find a library, by files that are made for it: sysroots of glibc, musl, Windows, macOS."""

import struct
from pathlib import Path

import pytest

from seatrial.formats import read_binary
from seatrial.linking.loader_cache import Entry, read_loader_cache
from seatrial.linking.locate import Locator
from seatrial.model.absence import Unknown
from seatrial.model.comparison import Loaded
from support.elf_writer import Elf, Library
from support.macho_writer import ARM64, Macho
from support.pe_writer import Pe

_AARCH64 = 183
_LOADER = "/lib/ld-linux-aarch64.so.1"


def elf(path: Path, machine: int = _AARCH64, interpreter: str = "", runpath: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        Library((), ("libx.so.1",), elf=Elf(type=3, machine=machine), interpreter=interpreter, runpath=runpath).build()
    )
    return path


def find(program: Path, library: str, sysroot: Path | None = None) -> Loaded:
    return Locator(program, read_binary(program), sysroot).find(library)


def why(loaded: Loaded) -> str:
    assert isinstance(loaded.path, Unknown), loaded
    return loaded.path.unknown


def cache(*rows: tuple[str, str, int]) -> bytes:
    """A cache of the new form: soname, path, hwcap."""
    names, entries, start = b"", b"", 48 + 24 * len(rows)
    for name, path, hwcap in rows:
        key, value = start + len(names), start + len(names) + len(name) + 1
        names += f"{name}\0{path}\0".encode()
        entries += struct.pack("<iIIIQ", 0xA03, key, value, 0, hwcap)
    return b"glibc-ld.so.cache1.1" + struct.pack("<II20x", len(rows), len(names)) + entries + names


def test_a_sysroot_of_glibc(tmp_path: Path) -> None:
    root = tmp_path / "root"
    app = elf(tmp_path / "app", interpreter=_LOADER)
    assert "no loader /lib/ld-linux-aarch64.so.1" in why(find(app, "libx.so.1"))
    root.mkdir()
    assert "the sysroot has no loader" in why(find(app, "libx.so.1", root))
    elf(root / "lib" / "ld-linux-aarch64.so.1")
    assert "none of the places" in why(find(app, "libx.so.1", root))
    at = elf(root / "usr" / "lib" / "libx.so.1")
    assert find(app, "libx.so.1", root) == Loaded(str(at), "default")


def test_the_cache_comes_before_the_folders(tmp_path: Path) -> None:
    root = tmp_path / "root"
    app = elf(tmp_path / "app", interpreter=_LOADER)
    elf(root / "lib" / "ld-linux-aarch64.so.1")
    elf(root / "usr" / "lib" / "libx.so.1")
    kept = elf(root / "opt" / "libx.so.1")
    elf(root / "opt" / "other" / "libx.so.1", machine=62)
    (root / "etc").mkdir()
    (root / "etc" / "ld.so.cache").write_bytes(
        cache(
            ("libx.so.1", "/opt/glibc-hwcaps/x/libx.so.1", 1 << 62),
            ("libx.so.1", "/opt/other/libx.so.1", 0),
            ("libx.so.1", "/opt/libx.so.1", 0),
        )
    )
    found = find(app, "libx.so.1", root)
    assert found.path == str(kept)
    assert found.by == "cache /etc/ld.so.cache; CPUs that can do more get /opt/glibc-hwcaps/x/libx.so.1"
    (passed,) = found.passed_over
    assert "another machine" in passed.text


def test_the_run_path_comes_first(tmp_path: Path) -> None:
    app = elf(tmp_path / "bin" / "app", interpreter=_LOADER, runpath="$ORIGIN/../own:/opt/own")
    root = tmp_path / "root"
    elf(root / "lib" / "ld-linux-aarch64.so.1")
    elf(root / "lib" / "libx.so.1")
    second = elf(root / "opt" / "own" / "libx.so.1")
    assert find(app, "libx.so.1", root) == Loaded(str(second), "run path /opt/own")
    elf(tmp_path / "own" / "libx.so.1")
    first = find(app, "libx.so.1", root)
    assert Path(str(first.path)).resolve() == tmp_path / "own" / "libx.so.1"
    assert first.by == "run path $ORIGIN/../own"


def test_links_that_are_absolute_within_a_sysroot(tmp_path: Path) -> None:
    root = tmp_path / "root"
    app = elf(tmp_path / "app", interpreter=_LOADER)
    elf(root / "usr" / "lib" / "ld-2.36.so")
    (root / "lib").mkdir()
    (root / "lib" / "ld-linux-aarch64.so.1").symlink_to("/usr/lib/ld-2.36.so")
    elf(root / "usr" / "lib" / "libx.so.1.2")
    (root / "lib" / "libx.so.1").symlink_to("/usr/lib/libx.so.1.2")
    assert find(app, "libx.so.1", root).path == str(root / "usr" / "lib" / "libx.so.1.2")


def test_musl(tmp_path: Path) -> None:
    root = tmp_path / "root"
    app = elf(tmp_path / "app", interpreter="/lib/ld-musl-aarch64.so.1")
    loader = elf(root / "lib" / "ld-musl-aarch64.so.1")
    assert find(app, "libc.so", root).path == find(app, "libm.so.6", root).path == str(loader)
    local = elf(root / "usr" / "local" / "lib" / "libx.so.1")
    elf(root / "usr" / "lib" / "libx.so.1")
    assert find(app, "libx.so.1", root) == Loaded(str(local), "default")
    (root / "etc").mkdir()
    (root / "etc" / "ld-musl-aarch64.path").write_text("/usr/lib\n")
    assert find(app, "libx.so.1", root).path == str(root / "usr" / "lib" / "libx.so.1")


def test_windows(tmp_path: Path) -> None:
    app = tmp_path / "bin" / "app.exe"
    app.parent.mkdir()
    app.write_bytes(Pe().build())
    assert "--sysroot DIR" in why(find(app, "USER32.dll"))
    assert "API set" in why(find(app, "api-ms-win-crt-heap-l1-1-0.dll"))
    system = tmp_path / "prefix" / "drive_c" / "Windows" / "system32"
    system.mkdir(parents=True)
    (system / "user32.dll").write_bytes(Pe().build())
    assert find(app, "USER32.dll", tmp_path / "prefix") == Loaded(str(system / "user32.dll"), "System32")
    (app.parent / "User32.dll").write_bytes(Pe().build())
    assert find(app, "USER32.dll").path == str(app.parent / "User32.dll")
    (app.parent / "User32.dll").write_bytes(Pe(machine=0x14C, bits=32).build())
    found = find(app, "USER32.dll", tmp_path / "prefix")
    assert found.path == str(system / "user32.dll")
    assert "another machine" in found.passed_over[0].text


def test_macos(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.write_bytes(Macho(cpu=ARM64).build())
    assert "shared cache" in why(find(app, "/usr/lib/libSystem.B.dylib"))
    assert "not on this host" in why(find(app, "/opt/local/lib/libz.dylib"))
    assert "LC_RPATH" in why(find(app, "@rpath/libz.dylib"))
    at = tmp_path / "libz.dylib"
    at.write_bytes(Macho(cpu=ARM64).build())
    assert find(app, "@executable_path/libz.dylib") == Loaded(str(at), "@executable_path")
    placed = tmp_path / "root" / "opt" / "libz.dylib"
    placed.parent.mkdir(parents=True)
    placed.write_bytes(at.read_bytes())
    assert find(app, "/opt/libz.dylib", tmp_path / "root") == Loaded(str(placed), "its path")


@pytest.mark.parametrize("damage", ["empty", "old", "short", "count", "names"])
def test_a_cache_that_cannot_be_read(damage: str, tmp_path: Path) -> None:
    whole = cache(("libx.so.1", "/opt/libx.so.1", 0))
    data = {
        "empty": b"",
        "old": b"ld.so-1.7.0" + bytes(100),
        "short": whole[:40],
        "count": whole[:20] + b"\xff\xff\xff\x7f" + whole[24:],
        "names": whole[:72],
    }[damage]
    path = tmp_path / "cache"
    path.write_bytes(data)
    found = read_loader_cache(path)
    assert found == ({"libx.so.1": (Entry("/opt/libx.so.1", False),)} if damage == "count" else {})
    assert read_loader_cache(tmp_path / "gone") == {}


def test_the_cache_behind_one_of_the_old_form(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    path.write_bytes(b"ld.so-1.7.0" + bytes(21) + cache(("libx.so.1", "/opt/libx.so.1", 0)))
    assert read_loader_cache(path) == {"libx.so.1": (Entry("/opt/libx.so.1", False),)}

"""Link stubs for the macOS libraries that Go's own packages ask for: zig brings libSystem alone.

The names come from the toolchain itself (`//go:cgo_import_dynamic` lines of net, crypto/x509 and others), so nothing
of Apple's is needed. A stub is a text file that tells the linker which library has which symbols (TAPI, TBD v4).
"""

import re
from pathlib import Path

from seatrial.store import Store, digest
from seatrial.toolchains.go import GoToolchain

__all__ = ["apple_stubs"]

_IMPORT = re.compile(r'^//go:cgo_import_dynamic \S+ (\S+) "(/[^"]+)"', re.MULTILINE)
_SOURCES = ("net", "internal/syscall/unix", "crypto/x509/internal/macos", "crypto/x509/internal/macOS", "os/user")
_PROVIDED = "/usr/lib/libSystem"


def apple_stubs(go: GoToolchain, store: Store) -> Path:
    """The directory of stubs for this Go release, for `-L` and `-F`."""
    return store.make("apple-stubs", digest("apple-stubs", 1, go.digest), lambda place: _write(place, Path(go.root)))


def _write(place: Path, root: Path) -> None:
    symbols: dict[str, set[str]] = {}
    for package in _SOURCES:
        for file in sorted((root / "src" / package).glob("*.go")):
            for symbol, library in _IMPORT.findall(file.read_text(encoding="utf-8", errors="replace")):
                if not library.startswith(_PROVIDED):
                    symbols.setdefault(library, set()).add(symbol)
    for library, names in sorted(symbols.items()):
        file = place / _stub_name(library)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_stub(library, sorted(names)), encoding="utf-8")


def _stub_name(library: str) -> str:
    """`/usr/lib/libresolv.9.dylib` is found as libresolv.tbd, a framework as Name.framework/Name.tbd."""
    name = library.rsplit("/", 1)[-1]
    if ".framework/" in library:
        return f"{name}.framework/{name}.tbd"
    return f"{name.split('.', 1)[0]}.tbd"


def _stub(library: str, names: list[str]) -> str:
    targets = "[ x86_64-macos, arm64-macos ]"
    exported = ", ".join(f"'_{name}'" for name in names)
    return (
        "--- !tapi-tbd\n"
        "tbd-version: 4\n"
        f"targets: {targets}\n"
        f"install-name: '{library}'\n"
        "exports:\n"
        f"  - targets: {targets}\n"
        f"    symbols: [ {exported} ]\n"
        "...\n"
    )

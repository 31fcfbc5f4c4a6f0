from pathlib import Path

from seatrial.store import Store
from seatrial.toolchains.apple_stubs import apple_stubs
from seatrial.toolchains.go import GoToolchain


def test_stubs_are_made_from_what_go_imports(tmp_path: Path) -> None:
    source = tmp_path / "src" / "net" / "x_darwin.go"
    source.parent.mkdir(parents=True)
    source.write_text(
        "package net\n"
        '//go:cgo_import_dynamic libc_res_9_ninit res_9_ninit "/usr/lib/libresolv.9.dylib"\n'
        '//go:cgo_import_dynamic libc_open open "/usr/lib/libSystem.B.dylib"\n'
        "//go:cgo_import_dynamic x CFRelease "
        '"/System/Library/Frameworks/CoreFoundation.framework/Versions/A/CoreFoundation"\n'
    )
    place = apple_stubs(GoToolchain("", str(tmp_path), "go1.99", "d"), Store(tmp_path / "cache"))
    assert {str(path.relative_to(place)) for path in place.rglob("*.tbd")} == {
        "libresolv.tbd",
        "CoreFoundation.framework/CoreFoundation.tbd",
    }
    text = (place / "libresolv.tbd").read_text()
    assert "install-name: '/usr/lib/libresolv.9.dylib'" in text and "'_res_9_ninit'" in text

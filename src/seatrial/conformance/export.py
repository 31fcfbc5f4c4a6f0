"""The whole suite as one static file for a machine without Python: the pure probe, with the cgo probe inside it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from seatrial.build.conformance import SUITE, CgoProbe, build_cgo_probe
from seatrial.build.plan import go_target
from seatrial.conformance.host_platform import host_platform
from seatrial.errors import UsageError
from seatrial.model.platform import Certainty, Fact, Libc, Platform
from seatrial.model.project import BuildSettings
from seatrial.platforms.files import GOARCHES
from seatrial.processes import scratch_folder
from seatrial.store import Store, write_atomically
from seatrial.tables.conformance_cases import cases_of
from seatrial.tables.instruction_sets import default_variant
from seatrial.tables.version_ranges import numbers
from seatrial.tables.zig_targets import zig_target
from seatrial.toolchains import compile_probe, find_go

__all__ = ["export_suite"]

_GLIBC = "2.28"
"""Kylin V10, UOS 20, Anolis 8, RHEL 8: the oldest that is still shipped to."""
_LIBC = {"windows": "msvcrt", "darwin": "libSystem", "freebsd": "freebsd"}


def export_suite(
    port: str, output: Path, store: Store, *, glibc: str = "", go: str = "", note: Callable[[str], None]
) -> Path:
    """Build the file for a port of Go and return its path.

    Raises UsageError for what is no port, CouldNotCheck when it cannot be built or written.
    """
    platform = _platform(port, glibc)
    toolchain = find_go(go, store)
    note(f"building the suite for {port}")
    carried = build_cgo_probe(platform, toolchain, store, note=note)
    with scratch_folder("seatrial-export-") as folder:
        source = folder / "conformance"
        shutil.copytree(SUITE, source)
        payload = source / "payload"
        _fill(payload, platform, carried)
        target = go_target(platform, BuildSettings())
        made = compile_probe(toolchain, source, target, store, tags=("export",))
        write_atomically(output, made.read_bytes())
    output.chmod(0o755)
    if not isinstance(carried, CgoProbe):
        note(f"without the cases that take C: {carried.text}")
    elif carried.instead_of:
        note(f"the cases that take C are built by {carried.compiler.title}: {carried.instead_of.text}")
    return output


def _fill(payload: Path, platform: Platform, carried: object) -> None:
    (payload / "libraries").mkdir(parents=True)
    (payload / "libraries" / ".keep").touch()  # go:embed wants a file
    infos = [info for info in cases_of(platform.goos, platform.goarch) if info.cgo]
    (payload / "cases.json").write_bytes(msgspec.json.encode(infos))
    if isinstance(carried, CgoProbe):
        shutil.copy(carried.path, payload / ("probe.exe" if platform.goos == "windows" else "probe"))
        shutil.copytree(carried.libraries, payload / "libraries", dirs_exist_ok=True)
    else:
        (payload / "absent").write_text(str(carried), "utf-8")


def _platform(port: str, glibc: str) -> Platform:
    """As much of a platform as building for a port asks for."""
    goos, _, goarch = port.partition("/")
    if goos not in ("linux", *_LIBC) or goarch not in GOARCHES:
        raise UsageError(f"{port!r} is no port that the suite is built for.", "For example linux/loong64.")
    family = _LIBC.get(goos, "glibc")
    version = ""
    if family == "glibc":
        row = zig_target(goos, goarch, family, default_variant(goarch))
        version = glibc or max(_GLIBC, row.minimum if row else "", key=numbers)
    return msgspec.structs.replace(
        host_platform(),
        goos=goos,
        goarch=goarch,
        libc=Fact(Libc(family, version), "", Certainty.DOCUMENTED),
        variant=Fact("", "", Certainty.ASSUMED),
        system="glibc" if family == "glibc" else goos,
    )

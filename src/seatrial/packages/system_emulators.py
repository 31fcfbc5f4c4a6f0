"""QEMU's system emulation: the one that is installed where it is new enough, else one of unpacked packages.

An unpacked QEMU is used from its place below the store: it is told where its firmware, its modules (there are none)
and the libraries beside it lie. Document: QEMU's "Invocation" (`-L`), util/module.c (QEMU_MODULE_DIR).
"""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck
from seatrial.model.machine import SystemEmulator
from seatrial.model.report import ToolVersion
from seatrial.packages import Package, Packages
from seatrial.processes import run
from seatrial.store import Store, digest, file_digest
from seatrial.tables.system_emulators import LIBRARIES, SystemEmulatorRow, system_emulators

__all__ = ["WANTED_MAJOR", "system_emulator"]

WANTED_MAJOR = 10
"""The first release with YongFeng, loong64's virt machine as kernels of today want it, and quiet firmware."""

_FIRMWARE = ("usr/share/qemu", "usr/share/seabios")


def system_emulator(store: Store, packages: Packages, goarch: str) -> SystemEmulator:
    """The QEMU that boots machines of this GOARCH, tried by asking for its version.

    Raises CouldNotCheck where QEMU has none, or where none is installed and none can be fetched.
    """
    row = system_emulators().get(goarch)
    if row is None:
        raise CouldNotCheck(
            f"No QEMU system emulator is known for {goarch}.",
            f"Machines can be booted for {', '.join(sorted(system_emulators()))}.",
        )
    installed = shutil.which(row.program)
    if installed and (found := _identify(store, goarch, Path(installed))) and _major(found) >= WANTED_MAJOR:
        return found
    return _unpacked(store, packages, goarch, row)


def _major(emulator: SystemEmulator) -> int:
    return int(emulator.version.partition(".")[0])


def _unpacked(store: Store, packages: Packages, goarch: str, row: SystemEmulatorRow) -> SystemEmulator:
    program, libraries = packages.fetch(row.package), packages.fetch(LIBRARIES)
    roots = [program.path / name for name in _FIRMWARE]
    arguments = [word for root in roots if root.is_dir() for word in ("-L", str(root))]
    directories = sorted({str(path.parent) for path in libraries.path.rglob("*.so.*")})
    # No module fits another build of QEMU: without this it would look for those of an installed one.
    environment = {"LD_LIBRARY_PATH": ":".join(directories), "QEMU_MODULE_DIR": str(program.path)}
    found = _identify(store, goarch, program.path / "usr/bin" / row.program, arguments, environment)
    if found is None:
        raise CouldNotCheck(
            f"The {row.program} of the package {program.name} {program.version} does not run here.",
            f"Install QEMU {WANTED_MAJOR} or newer, so that {row.program} is on the PATH.",
        )
    return msgspec.structs.replace(found, tools=(*found.tools, *_tools(program), *_tools(libraries)))


def _tools(package: Package) -> tuple[ToolVersion, ...]:
    return (ToolVersion(package.name, package.version, package.sha256, package.root), *package.also)


def _identify(
    store: Store, goarch: str, path: Path, arguments: list[str] | None = None, environment: Mapping[str, str] = {}
) -> SystemEmulator | None:
    """The emulator at this path with its version as it says itself; None if it does not run. Asked once a state."""
    try:
        stat = path.stat()
    except OSError:
        return None
    words = tuple(arguments or ())
    state = [str(path.resolve()), stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_ctime_ns]
    key = digest(goarch, state, words, dict(environment))
    if known := store.get("system-emulators", key, SystemEmulator):
        return known
    outcome = run([path, *words, "--version"], {"PATH": os.defpath, "LC_ALL": "C", **environment}, 20.0)
    found = re.search(r"version (\d+\.\d+(?:\.\d+)?)", outcome.stdout)
    if not outcome.ok or not found:
        return None
    sha256 = file_digest(path)
    tool = ToolVersion(path.name, found[1], sha256, str(path))
    emulator = SystemEmulator(str(path), found[1], sha256, goarch, words, environment, (tool,))
    store.put("system-emulators", key, emulator)
    return emulator

"""QEMU's user emulators: those on the PATH, and those of unpacked packages. Two releases where they can be had."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck
from seatrial.packages import Packages
from seatrial.processes import run
from seatrial.runners.launcher import environment
from seatrial.store import Store, digest, file_digest
from seatrial.tables.architectures import Architecture

__all__ = [
    "WANTED_MAJOR",
    "Emulator",
    "Trial",
    "emulators",
    "identify",
    "kernels_name",
    "older_emulator",
    "quiet_model",
    "try_model",
    "unsupported_features",
]

WANTED_MAJOR = 10
"""The first release that runs everything that this Go release makes (facts/feasibility.md, section 9)."""


class Emulator(msgspec.Struct, frozen=True):
    """One emulator binary."""

    path: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        return f"qemu-user {self.version}"

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])


class Trial(msgspec.Struct, frozen=True):
    """What an emulator said when it was asked to make a CPU."""

    works: bool
    said: str
    """Its last line when it does not work."""
    unsupported: tuple[str, ...] = ()
    """Features of the model that the emulator said it cannot give, in its own names."""


def identify(store: Store, path: Path) -> Emulator | None:
    """The emulator at this path, with its version as it says itself; None if it does not run here.

    Asked once for each state of the file.
    """
    try:
        stat = path.stat()
    except OSError:
        return None
    key = digest(str(path.resolve()), stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_ctime_ns)
    if known := store.get("emulators", key, Emulator):
        return known
    outcome = run([path, "--version"], environment(), 20.0)
    found = re.search(r"version (\d+\.\d+(?:\.\d+)?)", outcome.stdout)
    if not outcome.ok or not found:
        return None
    emulator = Emulator(str(path), found[1], file_digest(path))
    store.put("emulators", key, emulator)
    return emulator


def _installed(store: Store, row: Architecture) -> list[Emulator]:
    names = (f"qemu-{row.qemu}", f"qemu-{row.qemu}-static")
    paths = [Path(found) for name in names if (found := shutil.which(name))]
    return [emulator for path in paths if (emulator := identify(store, path))]


def _packaged(store: Store, packages: Packages, name: str, row: Architecture) -> Emulator | CouldNotCheck:
    try:
        package = packages.fetch(name)
    except CouldNotCheck as error:
        return error
    for file in (f"qemu-{row.qemu}", f"qemu-{row.qemu}-static"):
        if emulator := identify(store, package.path / "usr/bin" / file):
            return emulator
    return CouldNotCheck(
        f"The qemu-{row.qemu} of the package {package.name} {package.version} does not run here.",
        "Install the package qemu-user of this distribution.",
    )


def emulators(store: Store, packages: Packages, row: Architecture) -> Iterator[Emulator | CouldNotCheck]:
    """Two implementations, the newer first; a CouldNotCheck stands for one that could not be had.

    What is installed is used where it fits; the rest is fetched, each when it is asked for.
    """
    yield _pick(store, packages, row, lambda one: one.major >= WANTED_MAJOR, "qemu-user-10")
    yield older_emulator(store, packages, row)


def older_emulator(store: Store, packages: Packages, row: Architecture) -> Emulator | CouldNotCheck:
    """The second of `emulators` alone."""
    return _pick(store, packages, row, lambda one: one.major < WANTED_MAJOR, "qemu-user-7")


def _pick(
    store: Store, packages: Packages, row: Architecture, fits: Callable[[Emulator], bool], package: str
) -> Emulator | CouldNotCheck:
    found = [one for one in _installed(store, row) if fits(one)]
    if found:
        return max(found, key=lambda one: [int(part) for part in one.version.split(".")])
    return _packaged(store, packages, package, row)


def unsupported_features(stderr: str) -> tuple[str, ...]:
    """The features of QEMU's warnings "TCG doesn't support requested feature", in QEMU's names."""
    names = re.findall(r"support requested feature: \S+?\.([\w.-]+) \[bit", stderr)
    return tuple(sorted(set(names)))


def kernels_name(feature: str) -> str:
    """The kernel's name of a feature in QEMU's: "sse4_1" of "sse4.1", "sha_ni" of "sha-ni"."""
    return re.sub(r"[-.]", "_", feature)


def try_model(store: Store, emulator: Emulator, sample: Path, model: str) -> Trial:
    """Let the emulator make this CPU ("" for its default) and load a file that it must refuse. Remembered."""
    key = digest(emulator.sha256, model, file_digest(sample), os.uname().release)
    if known := store.get("cpu-trials", key, Trial):
        return known
    options = ["-cpu", model] if model else []
    outcome = run([emulator.path, *options, sample], environment(), 20.0)
    works = "Invalid ELF image" in outcome.stderr
    lines = outcome.stderr.strip().splitlines()
    said = "" if works else (lines[-1] if lines else outcome.ending).removeprefix(f"{emulator.path}: ")
    trial = Trial(works, said, unsupported_features(outcome.stderr))
    if works:  # a failure may have passed by the next time
        store.put("cpu-trials", key, trial)
    return trial


def quiet_model(store: Store, emulator: Emulator, sample: Path, model: str, trial: Trial) -> str:
    """The same CPU without what the emulator cannot give: its warnings would be among the program's own output."""
    quiet = ",".join([model, *(f"-{feature}" for feature in trial.unsupported)])
    again = try_model(store, emulator, sample, quiet)
    return quiet if again.works and not again.unsupported else model

"""The loader and C library that a dynamic program gets: the host's own, or a sysroot made of unpacked packages."""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck
from seatrial.model.message import Message
from seatrial.model.platform import Platform
from seatrial.model.runner import CannotOffer, Workload
from seatrial.packages import Package, Packages
from seatrial.processes import run
from seatrial.runners.launcher import environment
from seatrial.store import Store, digest
from seatrial.tables.architectures import architectures
from seatrial.tables.messages import message
from seatrial.tables.packages import packages as rows

__all__ = ["Loader", "Sysroot", "ask_version", "cannot_fetch", "libc_version", "sysroot"]


class Loader(msgspec.Struct, frozen=True):
    """What a dynamic program uses."""

    path: str
    libc: str
    """Family and version, as the loader itself says: "glibc 2.36"."""

    @property
    def version(self) -> str:
        return self.libc.partition(" ")[2]

    def __str__(self) -> str:
        return f"{self.path}, {self.libc}"


class Sysroot(msgspec.Struct, frozen=True):
    """Loader and libraries of one architecture and C library."""

    path: Path
    """Stands for `/`."""
    packages: tuple[Package, ...]

    @property
    def key(self) -> str:
        """Digest of what it is made of."""
        return digest([package.sha256 for package in self.packages])


def libc_version(platform: Platform) -> str:
    """Of the platform's C library; "" where nobody knows it."""
    return platform.libc.value.version if platform.libc.value else ""


def cannot_fetch(runner: str, what: str, error: CouldNotCheck, code: str) -> CannotOffer:
    """For a package that could not be had."""
    return CannotOffer(
        runner,
        message("runners.cannot_fetch", what=what, why=error.message),
        code,
        message("runners.cannot_fetch_needs", what=what, remedy=error.remedy),
    )


def sysroot(store: Store, packages: Packages, runner: str, wanted: str, workload: Workload) -> Sysroot | CannotOffer:
    """The sysroot for a dynamic program, fetched the first time; its C library is no older than the version wanted.

    Where Debian has none as new, it is the newest.
    """
    row = architectures()[workload.goarch]
    names = {"glibc": row.glibc, "musl": row.musl}.get(workload.libc, ())
    what = f"{workload.libc or workload.interpreter} for {workload.goarch}"
    if not names:
        return _none(runner, what, message("runners.no_sysroot", what=what))
    try:
        newer = _numbers(wanted) > _numbers(rows()[names[0]].version)
        parts = tuple(packages.fetch(name, newer) for name in names)
        key = digest([part.root for part in parts], row.triple)
        place = store.make("sysroots", key, lambda new: _fill(new, parts, row.triple))
    except CouldNotCheck as error:
        return cannot_fetch(runner, what, error, "no-sysroot")
    made = Sysroot(place, parts)
    if not (place / workload.interpreter.lstrip("/")).exists():
        reason = message("runners.no_loader", interpreter=workload.interpreter, package=parts[0].name)
        return _none(runner, what, reason)
    return made


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _none(runner: str, what: str, reason: Message) -> CannotOffer:
    return CannotOffer(runner, reason, "no-sysroot", message("runners.needs_machine", what=what))


def _fill(new: Path, parts: tuple[Package, ...], triple: str) -> None:
    """Debian's cross packages keep everything below `/usr/<triple>/lib`; loaders are asked for in /lib and /lib64."""
    for part in parts:
        for base in (part.path / "usr" / triple, part.path):
            for name in ("lib", "lib64", "usr/lib", "etc"):
                for entry in (base / name).iterdir() if (base / name).is_dir() else ():
                    link = new / name / entry.name
                    link.parent.mkdir(parents=True, exist_ok=True)
                    if not link.is_symlink():
                        link.symlink_to(entry)
    if not (new / "lib").exists():  # packages of a release without /lib
        (new / "lib").symlink_to("usr/lib")
    if not (new / "lib64").exists():
        (new / "lib64").symlink_to("lib")


def ask_version(store: Store, prefix: Sequence[str], loader: Path, family: str, key: str = "", place: str = "") -> str:
    """The C library's family and version, asked of the loader through this prefix. "" when it does not run there.

    Remembered for each state of the loader's file, with `key` for whatever else decides the answer, and `place` for
    what the prefix stands for where its words are others each time.
    """
    words = (*prefix, str(loader))
    known_as = digest((place, str(loader)) if place else words, _state(loader), key)
    if (known := store.get("loader-versions", known_as, str)) is not None:
        return known
    outcome = run([*words, "--version"], environment(), 20.0)  # musl prints its usage, which names the version
    said = outcome.stdout + outcome.stderr
    found = re.search(r"(?:stable release version|^Version) (\d+(?:\.\d+)+)", said, re.MULTILINE)
    if not found:
        return ""
    answer = f"{family} {found[1]}"
    store.put("loader-versions", known_as, answer)
    return answer


def _state(path: Path) -> list[int]:
    try:
        stat = path.stat()
    except OSError:  # a loader that is there only in a launcher's namespaces
        return []
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino]

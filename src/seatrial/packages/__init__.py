"""Distribution packages, fetched and unpacked below the store, used from there and never installed.

What `tables/packages.toml` names is fetched the first time that it is wanted, checked against the signed index of
this host's own mirror, and stays pinned until the store is emptied: later uses ask nobody.
"""

import fnmatch
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck
from seatrial.model.report import ToolVersion
from seatrial.packages.apt import Candidate, Tree, host_mirror
from seatrial.processes import run
from seatrial.store import Store, digest, file_digest
from seatrial.tables.packages import PackageRow, packages

__all__ = ["Package", "Packages", "upstream_version"]

_APT = Path("/etc/apt")
_OS_RELEASE = Path("/etc/os-release")


class Package(msgspec.Struct, frozen=True):
    """An unpacked package."""

    name: str
    version: str
    """Debian's: "1:10.0.2+ds-2+deb13u1~bpo12+1"."""
    sha256: str
    """Of the package file, as in the signed index."""
    root: str
    """The directory that stands for `/`."""
    also: tuple[ToolVersion, ...] = ()
    """The other packages that were unpacked into the same directory."""

    @property
    def path(self) -> Path:
        return Path(self.root)


def upstream_version(version: str) -> str:
    """The upstream part of a Debian version, for people: "10.0.2" of "1:10.0.2+ds-2+deb13u1"."""
    return re.split(r"[-+~]", version.split(":")[-1], maxsplit=1)[0]


class Packages:
    """Fetches packages into a store. `note` is told what takes time: "fetching glibc for arm64 2.36 (1 MB)"."""

    def __init__(self, store: Store, note: Callable[[str], None]) -> None:
        self._store = store
        self.note = note
        self._unreachable: dict[Path, CouldNotCheck] = {}

    def have(self, row: PackageRow) -> Package | None:
        """The unpacked package if it was fetched before; nobody is asked."""
        package = self._store.get("package-pins", digest(row), Package)
        return package if package is not None and package.path.is_dir() else None

    def fetch(self, name: str, newer: bool = False) -> Package:
        """The unpacked package of this row of `packages.toml`; fetched if it is not there yet.

        `newer` takes it from the row's newer suite where it has one.
        Raises CouldNotCheck without Debian's tools, its mirror or a network.
        """
        row = packages()[name]
        return self.obtain(msgspec.structs.replace(row, suite=row.newer) if newer and row.newer else row)

    def obtain(self, row: PackageRow) -> Package:
        """The same for a row of another table."""
        if package := self.have(row):
            return package
        with self._store.lock(f"package-{row.package}-{row.suite}-{row.architecture}"):
            if package := self.have(row):  # another process was faster
                return package
            package = self._fetch(row)
            self._store.put("package-pins", digest(row), package)
        return package

    def _fetch(self, row: PackageRow) -> Package:
        dpkg_deb = shutil.which("dpkg-deb")
        if dpkg_deb is None:
            raise CouldNotCheck(
                "This host has no dpkg-deb, so packages cannot be unpacked.",
                "Packages can be used on Debian only; install what is missing by hand elsewhere.",
            )
        architecture = _dpkg_architecture() if row.architecture == "host" else row.architecture
        place = self._store.root / "apt" / f"{row.suite}-{architecture}"
        tree = Tree(place, host_mirror(_APT, _codename()), row.suite, architecture)
        with self._store.lock(f"apt-{row.suite}-{architecture}"):
            fresh = not tree.updated
            if fresh:
                if place in self._unreachable:  # without a network, one attempt is enough for all platforms
                    raise self._unreachable[place]
                self.note(f"reading the package index of {row.suite} ({architecture})")
                try:
                    tree.update()
                except CouldNotCheck as error:
                    self._unreachable[place] = error
                    raise
            try:
                return self._unpack(row, tree, dpkg_deb)
            except CouldNotCheck:
                if fresh:
                    raise
                tree.update()  # the index may be older than the mirror: packages are replaced in place
                return self._unpack(row, tree, dpkg_deb)

    def _unpack(self, row: PackageRow, tree: Tree, dpkg_deb: str) -> Package:
        above = name = row.package
        for pattern in row.follow:
            above, name = name, tree.dependency(name, pattern)
        also = [tree.dependency(above, one) if "*" in one else one for one in row.also]
        candidates = tree.candidates([name, *also])

        def fill(directory: Path) -> None:
            size = f"{max(1, round(sum(one.size for one in candidates) / 1e6))} MB"
            self.note(f"fetching {row.title}, {upstream_version(candidates[0].version)} ({size})")
            for candidate, file in zip(candidates, tree.download(candidates, directory), strict=True):
                _verify(file, candidate)
                outcome = run([dpkg_deb, "-x", file, directory / "root"], {"PATH": os.environ.get("PATH", "")}, 600.0)
                if not outcome.ok:
                    raise CouldNotCheck(
                        f"dpkg-deb could not unpack {file.name}: {outcome.stderr.strip() or outcome.ending}",
                        "Free some space and try again.",
                    )
                file.unlink()
            prune(directory / "root", row.keep, row.drop)
            relative_links(directory / "root")

        first, *others = candidates
        beside = tuple(ToolVersion(one.name, one.version, one.sha256) for one in others)
        content = [one.sha256 for one in candidates] if others else first.sha256
        place = self._store.make("packages", digest(content, row.keep, row.drop), fill)
        return Package(first.name, first.version, first.sha256, str(place / "root"), beside)


def _verify(file: Path, candidate: Candidate) -> None:
    found = file_digest(file)
    if found != candidate.sha256:
        raise CouldNotCheck(
            f"{file.name} is not what the index says: SHA-256 {found} in place of {candidate.sha256}.",
            "Check this host's package mirror; nothing of the file was used.",
        )


def _dpkg_architecture() -> str:
    outcome = run(["dpkg", "--print-architecture"], {"PATH": os.environ.get("PATH", "")}, 30.0)
    if not outcome.ok:
        raise CouldNotCheck(
            f"dpkg does not tell this host's architecture: {outcome.stderr.strip() or outcome.ending}",
            "Packages can be fetched on Debian only; install what is missing by hand elsewhere.",
        )
    return outcome.stdout.strip()


def _codename() -> str:
    try:
        found = re.search(r'^VERSION_CODENAME="?([^"\n]*)', _OS_RELEASE.read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found[1] if found else ""


def prune(root: Path, keep: tuple[str, ...], drop: tuple[str, ...]) -> None:
    """Delete the files below `root` that match no pattern of `keep`, and those that match one of `drop`."""

    def match(name: str, patterns: tuple[str, ...]) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

    for path in list(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if (path.is_symlink() or not path.is_dir()) and (not match(name, keep) or match(name, drop)):
            path.unlink()


def relative_links(root: Path) -> None:
    """Turn absolute symbolic links into relative ones: below a sysroot, "/lib" means the sysroot's."""
    for path in list(root.rglob("*")):
        if path.is_symlink() and (target := path.readlink()).is_absolute():
            inside = root / target.relative_to("/")
            path.unlink()
            path.symlink_to(os.path.relpath(inside, path.parent))

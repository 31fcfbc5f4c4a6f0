"""Has anything changed? Stat signatures of files and name listings of directories, cheap enough to ask on every run."""

import fnmatch
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable

import msgspec

__all__ = ["Manifest", "Watch", "content_digest", "go_names"]

_GRANULARITY = 20_000_000
"""Nanoseconds. A file system stamps times with the kernel's tick (up to 10 ms): what changed so shortly before it was
looked at may change once more without a trace."""

_GO_NAME = re.compile(r"[^_.].*\.(go|c|cc|cpp|cxx|m|h|hh|hpp|hxx|f|F|for|f90|s|S|sx|swig|swigcxx|syso)")

Signature = tuple[int, ...]
"""Size, mtime, ctime (ns), inode; of something that is not there: empty."""

_digests: dict[tuple[str, Signature], str] = {}


def _signature(path: str) -> Signature:
    try:
        stat = os.stat(path)  # noqa: PTH116 - called thousands of times, Path costs more than the call
    except OSError:
        return ()
    return (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


def content_digest(path: str) -> str:
    """SHA-256 of a file, remembered by its signature; "" for what cannot be read."""
    signature = _signature(path)
    known = _digests.get((path, signature))
    if known is None:
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - see _signature
                known = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            known = ""
        _digests[path, signature] = known
    return known


def go_names(name: str) -> bool:
    """Whether a file of this name may belong to a package (go help packages; go/build.goodOSArchFile)."""
    return _GO_NAME.fullmatch(name) is not None


class _Listing(msgspec.Struct, frozen=True, array_like=True):
    """A directory in which names matter: all of them, or those that a package may consist of."""

    path: str
    signature: Signature
    names: str
    """Digest of the names."""
    all: bool


class Manifest(msgspec.Struct, frozen=True):
    """What was looked at, and how it stood."""

    started: int
    """Nanoseconds since the epoch: before the first look."""
    files: tuple[tuple[str, Signature], ...]
    listings: tuple[_Listing, ...]

    def holds(self) -> bool:
        """Whether everything still stands as it did. False in any doubt."""
        limit = self.started - _GRANULARITY
        for path, signature in self.files:
            if (signature and signature[2] >= limit) or _signature(path) != signature:
                return False
        for listing in self.listings:
            signature = _signature(listing.path)
            settled = bool(signature) and signature == listing.signature and signature[2] < limit
            if not settled and _names(listing.path, listing.all) != listing.names:
                return False
        return True

    def unchanged_since(self) -> bool:
        """As `holds`, for asking right after a build: what was young then is compared by its signature alone."""
        same = all(_signature(path) == signature for path, signature in self.files)
        return same and all(_names(listing.path, listing.all) == listing.names for listing in self.listings)


def _names(path: str, every: bool) -> str:
    try:
        with os.scandir(path) as entries:
            names = sorted(
                f"{entry.name}/" if entry.is_dir() else entry.name
                for entry in entries
                if every or (go_names(entry.name) and not entry.is_dir())
            )
    except OSError:
        return "absent"
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()


class Watch:
    """Collects what a listing depends on. Make it before the first look, so that a change during it is noticed."""

    def __init__(self) -> None:
        self._started = time.time_ns()
        self._files: dict[str, None] = {}
        self._directories: dict[str, bool] = {}

    def files(self, paths: Iterable[str]) -> None:
        """Files whose content matters; also ones that are not there yet."""
        self._files.update(dict.fromkeys(paths))

    def directory(self, path: str, every: bool = False) -> None:
        """A directory whose names matter: every one, or only those of a package's files."""
        self._directories[path] = every or self._directories.get(path, False)

    def package(self, path: str, used: Callable[[str], bool] = go_names) -> None:
        """A package's directory: its names, and each file that a build constraint may bring in or leave out."""
        self.directory(path)
        try:
            with os.scandir(path) as entries:
                self.files(entry.path for entry in entries if used(entry.name) and entry.is_file())
        except OSError:
            self.files((path,))

    def tree(self, path: str, used: Callable[[str], bool] = bool) -> list[str]:
        """A whole directory: every name below it, and the files of `used` names. Returns these files, sorted."""
        found: list[str] = []
        for place, folders, files in os.walk(path):
            folders[:] = sorted(name for name in folders if name != ".git")
            self.directory(place, every=True)
            found += [f"{place}/{name}" for name in sorted(files) if used(name)]
        self.files(found)
        return found

    def pattern(self, base: str, pattern: str) -> None:
        """The directories that a `//go:embed` pattern looks into, and whole trees below directories that it names."""
        frontier = [base]
        for part in pattern.removeprefix("all:").split("/"):
            matched = []
            for place in frontier:
                self.directory(place, every=True)
                matched += [f"{place}/{name}" for name in _folders(place) if _matches(name, part)]
            frontier = matched
        for place in frontier:
            self.tree(place)

    def manifest(self) -> Manifest:
        """How everything stands now."""
        return Manifest(
            self._started,
            tuple((path, _signature(path)) for path in self._files),
            tuple(
                _Listing(path, _signature(path), _names(path, every), every)
                for path, every in self._directories.items()
            ),
        )


def _folders(place: str) -> list[str]:
    try:
        with os.scandir(place) as entries:
            return [entry.name for entry in entries if entry.is_dir()]
    except OSError:
        return []


def _matches(name: str, part: str) -> bool:
    """As path.Match of Go, or more where its syntax differs from Python's."""
    return part == "." or "\\" in part or "[" in part or fnmatch.fnmatchcase(name, part)

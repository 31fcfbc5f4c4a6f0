"""The file that a loader would take for a library, found without running anything.

Followed are ld.so(8) and glibc's elf/dl-load.c, musl's ldso/dynlink.c, dyld(1) and "Dynamic-link library search order"
of the Windows documentation.
"""

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from seatrial.errors import UsageError
from seatrial.formats import read_binary
from seatrial.linking.explain import refusal
from seatrial.linking.loader_cache import Entry, read_loader_cache
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat
from seatrial.model.comparison import Loaded
from seatrial.model.message import Message
from seatrial.tables.messages import message

__all__ = ["Locator"]

_LINKS = 16
_WINDOWS_FOLDERS = ("Windows/System32", "drive_c/windows/system32", "System32", "")
_API_SETS = ("api-ms-", "ext-ms-")
_MUSL_OWN = ("libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet.")
"""Names that musl's loader answers with itself (ldso/dynlink.c, load_library)."""

Candidates = Iterator[tuple[Path, str]]
"""A path to look at, and where the loader has it from."""


class Locator:
    """Finds libraries as the loader of one program would. `sysroot` stands for `/`; None for this host."""

    def __init__(self, program: Path, facts: BinaryFacts, sysroot: Path | None = None) -> None:
        self._folder = program.resolve().parent
        self._facts = facts
        self._sysroot = sysroot
        self._root = sysroot or Path("/")

    def find(self, library: str, by: BinaryFacts | None = None, folder: Path | None = None) -> Loaded:
        """The file for a library that the program asks for, or another file (`by`, in `folder`) that it loads."""
        asking, origin = by or self._facts, folder or self._folder
        if self._facts.format is BinaryFormat.PE:
            return self._dll(library)
        if self._facts.format is BinaryFormat.MACHO:
            return self._dylib(library, asking, origin)
        return self._shared_object(library, asking, origin)

    def _take(self, candidates: Candidates, missing: Message) -> Loaded:
        passed: list[Message] = []
        for path, by in candidates:
            found = self._followed(path)
            if not os.path.lexists(found):
                continue
            reason = self._refusal(found)
            if reason is None:
                return Loaded(str(found), by, tuple(passed))
            passed.append(reason)
        return Loaded(Unknown(missing.text), "", tuple(passed))

    def _refusal(self, path: Path) -> Message | None:
        if self._facts.format is BinaryFormat.ELF:
            return refusal(path, self._facts)
        try:
            found = read_binary(path)
        except UsageError as error:
            return message("linking.unreadable", path=path, why=error.message.rstrip("."))
        if self._facts.goarch not in [part.goarch for part in (found, *found.members)]:
            return message("linking.wrong-machine", path=path, machine=found.machine, wanted=self._facts.machine)
        return None

    def _inside(self, path: str) -> Path:
        return self._root / path.lstrip("/")

    def _followed(self, path: Path) -> Path:
        """The path behind links that are absolute within the sysroot."""
        for _ in range(_LINKS):
            if self._sysroot is None or path.exists() or not path.is_symlink():
                break
            target = str(path.readlink())
            path = self._inside(target) if target.startswith("/") else path.parent / target
        return path

    def _shared_object(self, library: str, by: BinaryFacts, origin: Path) -> Loaded:
        if "/" in library:
            place = self._inside(library) if library.startswith("/") else Path(library)
            return self._take(iter([(place, "its path")]), message("comparison.no-file", path=place))
        loader = self._inside(self._facts.interpreter) if self._facts.interpreter else None
        there = loader is not None and self._followed(loader).exists()
        musl = "ld-musl-" in self._facts.interpreter
        if musl and there and loader is not None and library.startswith(_MUSL_OWN):
            return Loaded(str(self._followed(loader)), "musl's loader is its own C library")
        if there or loader is None:
            missing = message("comparison.nowhere", library=library)
        else:
            id_ = "comparison.no-loader-in-sysroot" if self._sysroot else "comparison.no-loader"
            missing = message(id_, loader=self._facts.interpreter)
        places = self._musl_places if musl else self._glibc_places
        candidates = places(library, by, origin, there)
        return self._take(candidates, missing)

    def _named(self, library: str, by: BinaryFacts, origin: Path, there: bool) -> Candidates:
        if self._sysroot is None and there:
            for folder in os.environ.get("LD_LIBRARY_PATH", "").replace(";", ":").split(":"):
                if folder:
                    yield Path(folder) / library, "LD_LIBRARY_PATH"
        for entry in by.run_path:
            yield self._run_path(entry, origin) / library, f"run path {entry}"

    def _run_path(self, entry: str, origin: Path) -> Path:
        """A folder of DT_RUNPATH or DT_RPATH with its $ORIGIN and $LIB filled in."""
        lib = "lib64" if self._facts.bits == 64 else "lib"
        filled = entry
        for name, value in (("ORIGIN", str(origin)), ("LIB", lib)):
            filled = filled.replace("${" + name + "}", value).replace(f"${name}", value)
        if filled == entry and entry.startswith("/"):
            return self._inside(entry)
        return Path(filled)

    def _glibc_places(self, library: str, by: BinaryFacts, origin: Path, there: bool) -> Candidates:
        yield from self._named(library, by, origin, there)
        if not there:
            return
        entries = self._cache.get(library, ())
        others = [entry.path for entry in entries if entry.some_cpus]
        note = f"; CPUs that can do more get {', '.join(others)}" if others else ""
        for entry in entries:
            if not entry.some_cpus:
                yield self._inside(entry.path), f"cache /etc/ld.so.cache{note}"
        loader = self._followed(self._inside(self._facts.interpreter))
        folders = dict.fromkeys((loader.parent, loader.resolve().parent, *map(self._inside, self._defaults())))
        for folder in folders:
            yield folder / library, "default"

    def _defaults(self) -> tuple[str, ...]:
        wide = ("/lib64", "/usr/lib64") if self._facts.bits == 64 else ()
        return (*wide, "/lib", "/usr/lib")

    @cached_property
    def _cache(self) -> dict[str, tuple[Entry, ...]]:
        return read_loader_cache(self._inside("/etc/ld.so.cache"))

    def _musl_places(self, library: str, by: BinaryFacts, origin: Path, there: bool) -> Candidates:
        yield from self._named(library, by, origin, there)
        if not there:
            return
        arch = PurePosixPath(self._facts.interpreter).name.removeprefix("ld-musl-").removesuffix(".so.1")
        file = self._inside(f"/etc/ld-musl-{arch}.path")
        try:
            folders = file.read_text("utf-8", "replace").replace(":", "\n").split("\n")
            source = str(file)
        except OSError:
            folders, source = ["/lib", "/usr/local/lib", "/usr/lib"], "default"
        for folder in filter(None, folders):
            yield self._inside(folder) / library, source

    def _dylib(self, library: str, by: BinaryFacts, origin: Path) -> Loaded:
        known = {"@executable_path/": self._folder, "@loader_path/": origin}
        candidates: list[tuple[Path, str]] = []
        for begin, folder in known.items():
            if library.startswith(begin):
                candidates.append((folder / library.removeprefix(begin), begin.rstrip("/")))
        if library.startswith("@rpath/"):
            for entry in by.run_path:
                place = next(
                    (at / entry[len(mark) :] for mark, at in known.items() if f"{entry}/".startswith(mark)), None
                )
                if place is None:
                    if self._sysroot is None:
                        continue
                    place = self._inside(entry)
                candidates.append((place / library.removeprefix("@rpath/"), f"LC_RPATH {entry}"))
            missing = message("comparison.no-rpath", library=library, paths=", ".join(by.run_path) or "none")
            return self._take(iter(candidates), missing)
        if library.startswith("/") and self._sysroot:
            candidates.append((self._inside(library), "its path"))
        system = library.startswith(("/usr/lib/", "/System/"))
        id_ = "comparison.of-macos" if system else "comparison.not-on-this-host"
        return self._take(iter(candidates), message(id_, path=library))

    def _dll(self, library: str) -> Loaded:
        if library.lower().startswith(_API_SETS):
            return Loaded(Unknown(message("comparison.api-set", library=library).text), "")
        candidates = [(_whatever_case(self._folder, library), "the program's folder")]
        if self._sysroot:
            for folder in _WINDOWS_FOLDERS:
                place = self._sysroot
                for name in filter(None, folder.split("/")):
                    place = _whatever_case(place, name)
                candidates.append((_whatever_case(place, library), "System32" if folder else str(self._sysroot)))
        id_ = "comparison.no-dll-in-sysroot" if self._sysroot else "comparison.no-dll"
        return self._take(iter(candidates), message(id_, library=library))


def _whatever_case(folder: Path, name: str) -> Path:
    """The entry with this name as Windows compares names; the plain path where there is none."""
    try:
        return next((entry for entry in folder.iterdir() if entry.name.lower() == name.lower()), folder / name)
    except OSError:
        return folder / name

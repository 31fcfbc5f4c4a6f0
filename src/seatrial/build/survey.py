"""Which files a program consists of for one target, and their digest; remembered until one of them changes.

`go list` is asked once; what it looked at is kept as a manifest of stat signatures and name listings. While that
holds, no process is needed. In any doubt `go list` is asked again. Packages in the module cache are known by their
module's version and sum, the standard library by the toolchain.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec

from seatrial.build.go_list import GoPackage, Listed, ListRequest, list_packages
from seatrial.build.go_source import imports_c, names_cgo
from seatrial.build.module_files import module_files
from seatrial.build.outside_files import outside_files
from seatrial.build.signatures import Manifest, Watch, content_digest
from seatrial.model.program import CgoFiles, Program
from seatrial.store import Store, digest
from seatrial.toolchains.go import GoToolchain

__all__ = ["Survey", "survey", "survey_key"]

_FORMAT = 1
"""Raised when what a survey holds, or how its digest is made, changes."""

_HARMLESS = re.compile(r"build constraints exclude all Go files")
"""An error that follows from the files listed alone: it need not be asked for again."""


class Survey(msgspec.Struct, frozen=True):
    """What was found."""

    manifest: Manifest
    digest: str
    """Of everything outside the standard library that the target uses."""
    cgo_files: tuple[CgoFiles, ...]
    """Files with `import "C"` that are used, package by package; with cgo off always empty."""
    cgo_possible: bool
    """Whether cgo, if it is off, would change anything outside the standard library."""
    outside: str
    """Digest of C headers and libraries outside the packages' directories, which `go build` does not watch; or ""."""
    errors: tuple[str, ...]


def survey_key(program: Program, request: ListRequest, go: GoToolchain) -> str:
    """Where the survey of a request is kept."""
    return digest(
        "survey", _FORMAT, str(program.directory), program.modfile, request, go.digest, go.root, go.module_cache,
        go.environment().get("GOWORK", ""),
    )  # fmt: skip


def survey(program: Program, request: ListRequest, go: GoToolchain, store: Store) -> Survey:
    """The files of the program for this request. A broken program gives a survey with errors, which is not kept."""
    key = survey_key(program, request, go)
    kept = store.get("surveys", key, Survey)
    if kept and kept.manifest.holds():
        return kept
    watch = Watch()
    listed = list_packages(program, request, go)
    made = _made(program, request, listed, watch, go)
    if listed.whole and all(_HARMLESS.search(error) for error in listed.errors):
        store.put("surveys", key, made)
    return made


def _made(program: Program, request: ListRequest, listed: Listed, watch: Watch, go: GoToolchain) -> Survey:
    cache_prefix = f"{go.module_cache}/"
    local = [package for package in listed.packages if not package.Dir.startswith(cache_prefix)]
    remote = [package for package in listed.packages if package.Dir.startswith(cache_prefix)]
    root = str(program.directory)
    modules = module_files(program, go, watch, {package.Dir for package in local})
    outside = outside_files(local, root, request.environment, watch)
    flags = [flag for flag in request.flags if not flag.startswith("-modfile=")]  # a place in our store
    parts: list[object] = [_FORMAT, request.environment, flags, request.patterns, program.module, program.version]
    parts += [_content(root, modules), _content(root, outside), list(listed.errors)]
    parts += sorted([package.ImportPath, *_version(package)] for package in remote)
    for package in local:
        parts.append([package.ImportPath, _content(package.Dir, _used(package, request.tests, watch))])
    if request.tests:
        _watch_patterns(root, request.patterns, watch)
    cgo_files = tuple(
        CgoFiles(package.ImportPath, tuple(sorted((*package.CgoFiles, *package.SwigFiles, *package.SwigCXXFiles))))
        for package in listed.packages
        if package.uses_cgo
    )
    return Survey(
        manifest=watch.manifest(),
        digest=digest(parts),
        cgo_files=cgo_files,
        cgo_possible=any(_waits_for_cgo(package) for package in listed.packages),
        outside=digest(_content(root, outside)) if outside else "",
        errors=listed.errors,
    )


def _content(base: str, files: Iterable[str]) -> list[list[str]]:
    """Names relative to a directory, so that the same source elsewhere has the same digest, and contents."""
    return sorted([str(_relative(file, base)), content_digest(file)] for file in set(files))


def _relative(file: str, base: str) -> str:
    return file.removeprefix(f"{base}/")


def _version(package: GoPackage) -> tuple[str, ...]:
    module = package.Module
    if module is None:
        return (package.Dir,)
    if module.Replace:
        return (module.Path, module.Replace.Path, module.Replace.Version, module.Replace.Sum)
    return (module.Path, module.Version, module.Sum)


def _used(package: GoPackage, tests: bool, watch: Watch) -> list[str]:
    """The files of a local package that count. What decides which they are goes to the watch."""
    watch.package(package.Dir)
    names = list(package.sources)
    patterns = list(package.EmbedPatterns)
    trees: list[str] = []
    if tests and not package.DepOnly:
        names += package.test_sources
        patterns += [*package.TestEmbedPatterns, *package.XTestEmbedPatterns]
    if tests:
        watch.directory(f"{package.Dir}/testdata", every=True)
        trees = watch.tree(f"{package.Dir}/testdata")
    for pattern in patterns:
        watch.pattern(package.Dir, pattern)
    files = [f"{package.Dir}/{name}" for name in names]
    watch.files(files)
    return files + trees


def _watch_patterns(root: str, patterns: tuple[str, ...], watch: Watch) -> None:
    """Directories in which a new package would be matched by `./...`."""
    for pattern in patterns:
        base, dots, _ = pattern.partition("...")
        if not dots:
            continue
        place = Path(root, base if base.endswith("/") else base.rpartition("/")[0])
        pending = [place]
        while pending:
            here = pending.pop()
            watch.directory(str(here), every=True)
            try:
                pending += [
                    entry
                    for entry in here.iterdir()
                    if entry.is_dir()
                    and not entry.is_symlink()
                    and entry.name not in ("testdata", "vendor", "node_modules")
                    and entry.name[0] not in "._"
                ]
            except OSError:
                continue


def _waits_for_cgo(package: GoPackage) -> bool:
    """Whether a file that is left out imports "C", or has a build constraint that names cgo."""
    return any(_mentions_cgo(f"{package.Dir}/{name}") for name in package.IgnoredGoFiles)


def _mentions_cgo(path: str) -> bool:
    return _read_for_cgo(path, content_digest(path))


@cache
def _read_for_cgo(path: str, content: str) -> bool:
    """Remembered by content: the same files are left out for many targets."""
    try:
        source = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return ("cgo" in source or '"C"' in source) and (imports_c(source) or names_cgo(source))

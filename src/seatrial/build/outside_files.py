"""C headers and libraries that a cgo package takes from outside its own directory.

`go build` watches the files of a package's directory only: a header changed elsewhere gives a stale object from its
cache (seen with Go 1.27.3). These files go into our keys, and their digest into CGO_CPPFLAGS, so that Go compiles anew.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from seatrial.build.go_list import GoPackage
from seatrial.build.signatures import Watch

__all__ = ["outside_files"]

_DIRECTORY_FLAGS = ("-isystem", "-iquote", "-idirafter", "-I", "-L", "-F")
_INCLUDE = re.compile(r'^\s*#\s*(?:include|import|embed)\s+"([^"]+)"', re.MULTILINE)
_SYSTEM = ("/usr/", "/lib/", "/lib64/", "/System/", "/Library/")
"""What lies here belongs to the host and its package manager; a compiler is known by its own file instead."""

_LIBRARY = re.compile(r".*\.(a|o|obj|so|lib|dylib|dll|tbd|def)(\.[0-9.]+)?")

_SOURCE = re.compile(r".*\.(h|hh|hpp|hxx|inc|inl|ipp|tcc|def|c|cc|cpp|cxx|m|mm|s|S)|[a-z_]+")
"""Files that C or C++ may include; those of C++'s own kind have no suffix."""


def outside_files(packages: Iterable[GoPackage], root: str, env: dict[str, str], watch: Watch) -> list[str]:
    """Every such file of the local packages that use cgo, sorted. Their places are added to the watch."""
    found: set[str] = set()
    for package in packages:
        if package.uses_cgo:
            found |= _of_package(package, env, watch)
    watch.files(found)
    return sorted(found)


def _of_package(package: GoPackage, env: dict[str, str], watch: Watch) -> set[str]:
    flags = [*package.CgoCFLAGS, *package.CgoCPPFLAGS, *package.CgoCXXFLAGS, *package.CgoLDFLAGS]
    for name in ("CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS"):
        flags += env.get(name, "").split()
    directories, files = _places(flags, package.Dir)
    found = {file for file in files if os.path.isfile(file)}  # noqa: PTH113 - plain strings throughout
    for directory in directories:
        found |= set(watch.tree(directory, _may_be_used))
    names = (*package.CgoFiles, *package.CFiles, *package.CXXFiles, *package.MFiles, *package.HFiles, *package.SFiles)
    own = {f"{package.Dir}/{name}" for name in names}
    pending = sorted(own | found)
    seen = set(pending)
    while pending:
        for file in _included(pending.pop(), (*directories, package.Dir), watch):
            if file not in seen:
                seen.add(file)
                found.add(file)
                pending.append(file)
    return found - own


def _places(flags: list[str], base: str) -> tuple[list[str], list[str]]:
    """Directories and single files that the flags name, those of the host's system and the package's own left out."""
    directories, files = [], []
    words = iter(flags)
    for word in words:
        flag = next((flag for flag in _DIRECTORY_FLAGS if word.startswith(flag)), "")
        if flag:
            directories.append(_absolute(word.removeprefix(flag) or next(words, ""), base))
        elif word in ("-include", "-imacros"):
            files.append(_absolute(next(words, ""), base))
        elif not word.startswith("-") and _LIBRARY.fullmatch(word):
            files.append(_absolute(word, base))
    kept = [place for place in dict.fromkeys(directories) if place != base and not f"{place}/".startswith(_SYSTEM)]
    return kept, files


def _may_be_used(name: str) -> bool:
    return bool(_SOURCE.fullmatch(name) or _LIBRARY.fullmatch(name))


def _absolute(place: str, base: str) -> str:
    return os.path.normpath(os.path.join(base, place))  # noqa: PTH118 - plain strings throughout


def _included(file: str, directories: tuple[str, ...], watch: Watch) -> Iterator[str]:
    """Files that a C or cgo file includes by a quoted name, from its own directory or those of -I.

    Places where the file is looked for and is not are watched: it may come to be there.
    """
    if _LIBRARY.fullmatch(file):
        return
    try:
        text = Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for name in _INCLUDE.findall(text):
        for directory in (str(Path(file).parent), *directories):
            place = _absolute(name, directory)
            watch.files((place,))
            if Path(place).is_file():
                yield place
                break

"""The files above the packages that decide which modules, and which versions, a build uses (go.dev/ref/mod)."""

import re
from pathlib import Path

from seatrial.build.signatures import Watch
from seatrial.model.program import Program
from seatrial.toolchains.go import GoToolchain

__all__ = ["module_files"]

_LOCAL_REPLACE = re.compile(r'=>\s*"?(\.{1,2}(?:/[^\s"]*)?|/[^\s"]+)"?\s*(?://.*)?$', re.MULTILINE)
_USE = re.compile(r'^\s*(?:use\s+)?"?(\.{1,2}(?:/[^\s"]*)?|/[^\s"]+)"?\s*(?://.*)?$', re.MULTILINE)


def module_files(program: Program, go: GoToolchain, watch: Watch, packages: set[str]) -> list[str]:
    """go.mod, go.sum, go.work, vendor/modules.txt and the go.mod files of local replacements, as far as they exist.

    Those that could come into being (a go.work above, a go.mod that cuts a package out of the module) are watched.
    """
    if program.modfile:
        return []  # follows from the module's version; `go` adds sums to our copies, target by target
    root = program.directory
    possible = [f"{root}/go.mod", f"{root}/go.sum", f"{root}/vendor/modules.txt"]
    mains = [root]
    work = _work_file(root, go, watch)
    if work:
        possible += [str(work), f"{work}.sum"]
        mains += [_beside(work, place) for place in _USE.findall(_read(work))]
    for main in dict.fromkeys(mains):
        possible += [f"{main}/go.mod", f"{main}/go.sum"]
        for place in _LOCAL_REPLACE.findall(_read(main / "go.mod")):
            possible += [f"{_beside(main / 'go.mod', place)}/go.mod", f"{_beside(main / 'go.mod', place)}/go.sum"]
    watch.files(possible)
    watch.files(_between(root, packages))
    return [file for file in dict.fromkeys(possible) if Path(file).is_file()]


def _work_file(root: Path, go: GoToolchain, watch: Watch) -> Path | None:
    named = go.environment().get("GOWORK", "")
    if named == "off":
        return None
    if named:
        return Path(named)
    for place in (root, *root.parents):
        watch.files((f"{place}/go.work",))
        if (place / "go.work").is_file():
            return place / "go.work"
    return None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _beside(file: Path, place: str) -> Path:
    return Path(place) if place.startswith("/") else (file.parent / place).resolve()


def _between(root: Path, packages: set[str]) -> list[str]:
    """go.mod in each directory between the module's root and its packages."""
    files = []
    for package in packages:
        place = Path(package)
        while place != root and root in place.parents:
            files.append(f"{place}/go.mod")
            place = place.parent
    return files

"""The distribution's own cross gcc as a second C compiler, in a private tree: nothing is installed.

It is asked where zig has a known fault. Debian's packages are put together below one directory, since gcc finds its
parts relative to its own file; `--sysroot` makes its C library the tree's. gcc and binutils are linked with libraries
of the host that need not be there: they are in the tree too, and small scripts name them to the dynamic loader.
"""

import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import CouldNotCheck
from seatrial.model.program import CCompiler
from seatrial.model.report import ToolVersion
from seatrial.processes import run, writing_executable
from seatrial.store import Store, digest
from seatrial.tables.cross_compilers import CrossCompiler, cross_compilers, host_part
from seatrial.tables.messages import message
from seatrial.toolchains.c import NoCCompiler

if TYPE_CHECKING:
    from seatrial.packages import Package

__all__ = ["cross_gcc"]

_SCRIPT = """#!/bin/sh
here=$(dirname -- "$(readlink -f -- "$0")")
for libraries in "$here{up}"/usr/lib/*-linux-gnu*; do
  LD_LIBRARY_PATH=$libraries${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}
done
export LD_LIBRARY_PATH
exec "$here{up}/usr/bin/{command}" {options}"$@"
"""
_TRY_SECONDS = 60.0


def cross_gcc(goarch: str, store: Store, note: Callable[[str], None]) -> CCompiler | NoCCompiler:
    """The gcc with glibc for linux/GOARCH, fetched the first time; `note` is told what takes time."""
    from seatrial.packages import Packages, upstream_version  # most users of the toolchains fetch nothing

    row = cross_compilers().get(goarch)
    needs = message("build.name-a-c-compiler", port=f"linux/{goarch}")
    if row is None:
        return NoCCompiler(message("build.no-second-compiler", port=f"linux/{goarch}"), "no-c-compiler", needs)
    packages = Packages(store, note)
    try:
        parts = tuple(packages.fetch(name) for name in (*host_part().packages, *row.packages, *row.libc))
        key = digest([part.sha256 for part in parts], _SCRIPT, row.triple)
        tree = store.make("compilers", key, lambda new: _fill(new, parts, row))
    except CouldNotCheck as error:
        reason = message("build.second-compiler-unfetched", port=f"linux/{goarch}", why=error.message)
        return NoCCompiler(reason, "no-c-compiler", needs)
    compiler = parts[len(host_part().packages)]
    version = upstream_version(compiler.version)
    libc = upstream_version(parts[-len(row.libc)].version)
    return CCompiler(
        title=f"gcc {version} for {row.triple}, glibc {libc}",
        cc=shlex.quote(str(tree / "cc")),
        cxx="",
        ar=str(tree / "ar"),
        digest=key,
        tool=ToolVersion(compiler.name, compiler.version, compiler.sha256, str(tree / "cc")),
    )


def _fill(tree: Path, parts: tuple["Package", ...], row: CrossCompiler) -> None:
    for part in parts:
        _lay(part.path, tree)
    compiler = f"{row.triple}-gcc-{host_part().version}"
    _script(tree / "cc", "", compiler, '--sysroot="$here" ')
    _script(tree / "ar", "", f"{row.triple}-ar", "")
    # `go build` asks gcc where its ar is, and starts that.
    own = tree / "usr" / row.triple / "bin" / "ar"
    own.unlink()
    _script(own, "/../../..", f"{row.triple}-ar", "")
    _try(tree)


def _lay(root: Path, tree: Path) -> None:
    """Hard links, because gcc follows symbolic ones to find its parts; copies on another file system."""
    for path in sorted(root.rglob("*")):
        to = tree / path.relative_to(root)
        if path.is_dir() and not path.is_symlink():
            to.mkdir(parents=True, exist_ok=True)
            continue
        to.parent.mkdir(parents=True, exist_ok=True)
        if to.is_symlink() or to.exists():
            continue  # two packages that bring the same file
        try:
            os.link(path, to, follow_symlinks=False)
        except OSError:
            shutil.copy2(path, to, follow_symlinks=False)


def _script(place: Path, up: str, command: str, options: str) -> None:
    with writing_executable():
        place.write_text(_SCRIPT.format(up=up, command=command, options=options))
    place.chmod(0o755)


def _try(tree: Path) -> None:
    """Raises CouldNotCheck when it cannot make a program here: gcc's libraries are not all of its packages' making."""
    source = tree / "try.c"
    source.write_text('#include <stdio.h>\nint main(void) { return puts("") < 0; }\n')
    outcome = run([tree / "cc", "-o", tree / "try", source], {"PATH": os.environ.get("PATH", "")}, _TRY_SECONDS)
    if not outcome.ok:
        said = outcome.stderr.strip().splitlines()
        raise CouldNotCheck(
            f"it does not run here: {said[-1] if said else outcome.ending}", "Name a C compiler of your own."
        )
    source.unlink()
    (tree / "try").unlink()

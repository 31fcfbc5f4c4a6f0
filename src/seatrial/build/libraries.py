"""Builds what comes with the cgo probe: libraries that it loads, and C programs around Go archives that it starts.

Beside a file that the toolchain is known to spoil (`tables/toolchain_faults.toml`) lies `<file>.fault` with the fault,
and `second/<file>`: the same source, built by the distribution's own compiler, which decides whose fault it is.
Where a file cannot be built there is `<file>.reason` in its place.
"""

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

import seatrial
from seatrial.decoding import ready
from seatrial.errors import CouldNotCheck
from seatrial.model.go_target import GoTarget
from seatrial.model.program import CCompiler
from seatrial.processes import run
from seatrial.store import Store, digest, file_digest
from seatrial.tables.toolchain_faults import toolchain_fault
from seatrial.toolchains import GoToolchain, compile_probe, cross_gcc

__all__ = ["SUITE", "Builder", "build_libraries", "tags_of"]

SUITE = Path(seatrial.__file__).parent / "probes" / "conformance"
"""The Go module."""

_PLACE = SUITE / "libraries"
_TIME_LIMIT = 300.0


class _Library(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of `libraries/libraries.toml`."""

    folder: str
    file: str
    """Its name, the same for every port: loaders go by the path."""
    mode: str
    """`c-shared`, `plugin`, `c-archive` (a C program around it is built), or `c` for C sources alone."""
    flags: tuple[str, ...] = ()
    program: str = ""
    """Of a `c-archive`: the folder of the C program."""


class _Libraries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    goos: tuple[str, ...]
    """The systems whose cases use them."""
    library: tuple[_Library, ...]


def tags_of(faulty: bool) -> tuple[str, ...]:
    """The build tags, with the planted faults or without."""
    return ("faults",) if faulty else ()


class Builder(msgspec.Struct, frozen=True):
    """Everything that decides how the suite's own code with C is built."""

    go: GoToolchain
    store: Store
    target: GoTarget
    compiler: CCompiler
    faulty: bool = False

    def go_build(self, package: str = ".", name: str = "", buildmode: str = "") -> Path:
        """The file made from a main package of the suite. Raises CouldNotCheck when it cannot be built."""
        return compile_probe(
            self.go,
            SUITE,
            self.target,
            self.store,
            cc=self.compiler,
            package=package,
            name=name,
            buildmode=buildmode,
            tags=tags_of(self.faulty),
            env={"CGO_CFLAGS": "-O2 -g -DSEATRIAL_FAULTS"} if self.faulty else None,
        )

    def link(self, output: Path, words: list[str]) -> None:
        """Compile and link C with these words of the command line. Raises CouldNotCheck."""
        planted = ["-DSEATRIAL_FAULTS"] if self.faulty else []
        command = [*shlex.split(self.compiler.cc), "-O1", "-g0", *planted, "-o", str(output), *words]
        outcome = run(command, self.go.environment(), _TIME_LIMIT)
        if not outcome.ok:
            said = (outcome.stderr.strip().splitlines() or [outcome.ending])[0]
            raise CouldNotCheck(f"{self.compiler.title}: {said}")

    def make(self, row: _Library, output: Path) -> None:
        """The file of a row, or `<file>.reason` with why there is none."""
        try:
            if row.mode == "c":
                self.link(output, ["-shared", "-fPIC", *row.flags, *_sources(row.folder)])
            elif row.mode == "c-archive":
                archive = self.go_build(f"./libraries/{row.folder}", f"{row.folder}.a", row.mode)
                self.link(output, [*row.flags, *_sources(row.program), str(archive), "-lpthread"])
            else:
                shutil.copy(self.go_build(f"./libraries/{row.folder}", row.file, row.mode), output)
        except CouldNotCheck as error:
            output.with_name(f"{row.file}.reason").write_text(error.message, "utf-8")


def _sources(folder: str) -> list[str]:
    return [str(path) for path in sorted((_PLACE / folder).glob("*.c"))]


def build_libraries(builder: Builder, libc: str, note: Callable[[str], None]) -> Path:
    """A folder with the files of all rows, for a platform with this C library; `note` is told what takes time."""
    table = msgspec.toml.decode((_PLACE / "libraries.toml").read_bytes(), type=ready(_Libraries))
    target, compiler = builder.target, builder.compiler
    rows = table.library if target.goos in table.goos else ()
    name = compiler.tool.name if compiler.tool else ""
    faults = {row.file: toolchain_fault(name, target.goos, target.goarch, libc, row.mode) for row in rows}
    second: CCompiler | str = ""
    if any(fault and not fault.elsewhere for fault in faults.values()):
        found = cross_gcc(target.goarch, builder.store, note)
        second = found if isinstance(found, CCompiler) else found.reason.text

    def fill(folder: Path) -> None:
        (folder / "second").mkdir()
        for row in rows:
            builder.make(row, folder / row.file)
            if fault := faults[row.file]:
                (folder / f"{row.file}.fault").write_text(fault.fault, "utf-8")
                _second_opinion(builder, fault.elsewhere or second, row, folder / "second" / row.file)

    content = [[str(path.relative_to(SUITE)), file_digest(path)] for path in sorted(SUITE.rglob("*")) if path.is_file()]
    known = [fault for fault in faults.values() if fault]
    key = digest("libraries", builder.go.digest, target, compiler.digest, content, builder.faulty, known, second)
    return builder.store.make("probes", key, fill)


def _second_opinion(builder: Builder, second: CCompiler | str, row: _Library, output: Path) -> None:
    """The file by the second compiler, or why there is none."""
    if isinstance(second, CCompiler):
        msgspec.structs.replace(builder, compiler=second).make(row, output)
        output.with_name(f"{row.file}.compiler").write_text(second.title, "utf-8")
    else:
        output.with_name(f"{row.file}.reason").write_text(second, "utf-8")

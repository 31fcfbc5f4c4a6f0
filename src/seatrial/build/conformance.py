"""Builds the probes of the conformance suite for a platform: pure Go, with cgo, and the libraries that come with it."""

import shlex
import shutil
from pathlib import Path

import msgspec

import seatrial
from seatrial.build.plan import go_target
from seatrial.errors import CouldNotCheck
from seatrial.model.go_target import GoTarget
from seatrial.model.message import Message
from seatrial.model.platform import Platform
from seatrial.model.program import CCompiler
from seatrial.model.project import BuildSettings
from seatrial.processes import run
from seatrial.store import Store, digest, file_digest
from seatrial.tables.architectures import architectures
from seatrial.tables.messages import message
from seatrial.toolchains import GoToolchain, NoCCompiler, c_compiler, compile_probe

__all__ = ["SUITE", "CgoProbe", "build_cgo_probe", "build_pure_probe", "probe_compiler"]

SUITE = Path(seatrial.__file__).parent / "probes" / "conformance"
"""The Go module."""

_TIME_LIMIT = 300.0


class CgoProbe(msgspec.Struct, frozen=True):
    """The probe of the cases that take C, and the folder of its libraries."""

    path: Path
    libraries: Path
    compiler: CCompiler


class _Library(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of `libraries/libraries.toml`."""

    folder: str
    file: str
    """Its name, the same for every port: loaders go by the path."""
    mode: str
    """`c-shared`, `plugin`, or `c` for C sources alone."""
    flags: tuple[str, ...] = ()


class _Libraries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    library: tuple[_Library, ...] = ()


_FAULTY = {"CGO_CFLAGS": "-O2 -g -DSEATRIAL_FAULTS"}


def build_pure_probe(platform: Platform, go: GoToolchain, store: Store, faulty: bool = False) -> Path:
    """The static probe; `faulty`: with the planted faults in it. Raises CouldNotCheck when it cannot be built."""
    return compile_probe(go, SUITE, go_target(platform, BuildSettings()), store, tags=_tags(faulty))


def _tags(faulty: bool) -> tuple[str, ...]:
    return ("faults",) if faulty else ()


def probe_compiler(platform: Platform, go: GoToolchain, store: Store) -> CCompiler | NoCCompiler:
    """The C compiler for the platform's probe: zig, and where it fails, the distribution's own cross compiler."""
    target = go_target(platform, BuildSettings())
    found = c_compiler(platform, BuildSettings(), target.variant, go, store)
    if isinstance(found, NoCCompiler) and platform.system == "glibc":
        row = architectures().get(platform.goarch)
        second = f"{row.triple}-gcc" if row else ""
        if second and shutil.which(second):
            return c_compiler(platform, BuildSettings(cc=second), target.variant, go, store)
    return found


def build_cgo_probe(platform: Platform, go: GoToolchain, store: Store, faulty: bool = False) -> CgoProbe | Message:
    """The probe with its libraries, or why there is none."""
    compiler = probe_compiler(platform, go, store)
    if isinstance(compiler, NoCCompiler):
        return compiler.reason
    target = go_target(platform, BuildSettings())
    try:
        env = _FAULTY if faulty else None
        path = compile_probe(go, SUITE, target, store, cc=compiler, tags=_tags(faulty), env=env)
        return CgoProbe(path, _libraries(go, target, compiler, store, faulty), compiler)
    except CouldNotCheck as error:
        return message("conformance.no-cgo-probe", compiler=compiler.title, why=error.message)


def _libraries(go: GoToolchain, target: GoTarget, cc: CCompiler, store: Store, faulty: bool) -> Path:
    """A folder with each library, or `<file>.reason` with the reason why this port has it not."""
    place = SUITE / "libraries"
    table = place / "libraries.toml"
    rows = msgspec.toml.decode(table.read_bytes(), type=_Libraries).library if table.exists() else ()
    content = [[str(path.relative_to(SUITE)), file_digest(path)] for path in sorted(SUITE.rglob("*")) if path.is_file()]

    def fill(folder: Path) -> None:
        for row in rows:
            if row.mode == "c":
                flags = (*row.flags, "-DSEATRIAL_FAULTS") if faulty else row.flags
                said = _link(go, cc, sorted((place / row.folder).glob("*.c")), flags, folder / row.file)
            else:
                said = _compile(go, target, cc, row, store, folder, faulty)
            if said:
                (folder / f"{row.file}.reason").write_text(said, "utf-8")

    return store.make("probes", digest("libraries", go.digest, target, cc.digest, content, faulty), fill)


def _compile(
    go: GoToolchain, target: GoTarget, cc: CCompiler, row: _Library, store: Store, folder: Path, faulty: bool
) -> str:
    try:
        made = compile_probe(
            go,
            SUITE,
            target,
            store,
            cc=cc,
            package=f"./libraries/{row.folder}",
            name=row.file,
            buildmode=row.mode,
            tags=_tags(faulty),
            env=_FAULTY if faulty else None,
        )
    except CouldNotCheck as error:
        return error.message
    shutil.copy(made, folder / row.file)
    return ""


def _link(go: GoToolchain, cc: CCompiler, sources: list[Path], flags: tuple[str, ...], library: Path) -> str:
    command = [*shlex.split(cc.cc), "-shared", "-fPIC", "-O1", "-g0", *flags, "-o", str(library), *map(str, sources)]
    outcome = run(command, go.environment(), _TIME_LIMIT)
    return "" if outcome.ok else f"{cc.title}: {(outcome.stderr.strip().splitlines() or [outcome.ending])[0]}"

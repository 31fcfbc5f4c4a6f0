"""Builds the probes of the conformance suite for a platform: pure Go, with cgo, and the libraries that come with it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from seatrial.build.libraries import SUITE, Builder, build_libraries, tags_of
from seatrial.build.plan import go_target
from seatrial.errors import CouldNotCheck
from seatrial.model.message import Message
from seatrial.model.platform import Platform
from seatrial.model.program import CCompiler
from seatrial.model.project import BuildSettings
from seatrial.store import Store
from seatrial.tables.architectures import architectures
from seatrial.tables.messages import message
from seatrial.toolchains import GoToolchain, NoCCompiler, c_compiler, compile_probe, cross_gcc

__all__ = ["SUITE", "CgoProbe", "build_cgo_probe", "build_pure_probe", "probe_compiler"]


class CgoProbe(msgspec.Struct, frozen=True):
    """The probe of the cases that take C, and the folder of its libraries."""

    path: Path
    libraries: Path
    compiler: CCompiler
    instead_of: Message | None = None
    """Why the first compiler cannot be used, where this is the second."""


def _quiet(_: str) -> None:
    """Nobody is told what takes time."""


def build_pure_probe(platform: Platform, go: GoToolchain, store: Store, faulty: bool = False) -> Path:
    """The static probe; `faulty`: with the planted faults in it. Raises CouldNotCheck when it cannot be built."""
    return compile_probe(go, SUITE, go_target(platform, BuildSettings()), store, tags=tags_of(faulty))


def probe_compiler(
    platform: Platform, go: GoToolchain, store: Store, note: Callable[[str], None] = _quiet
) -> tuple[CCompiler | NoCCompiler, Message | None]:
    """The C compiler for the platform's probe: zig, and where it is known to fail, the distribution's cross gcc.

    With the second, why it is not the first.
    """
    target = go_target(platform, BuildSettings())
    first = c_compiler(platform, BuildSettings(), target.variant, go, store)
    if isinstance(first, CCompiler) or platform.system != "glibc":
        return first, None
    second = cross_gcc(platform.goarch, store, note)
    row = architectures().get(platform.goarch)
    installed = f"{row.triple}-gcc" if row else ""
    if isinstance(second, NoCCompiler) and installed and shutil.which(installed):
        second = c_compiler(platform, BuildSettings(cc=installed), target.variant, go, store)
    if isinstance(second, CCompiler):
        return second, first.reason
    both = message("conformance.neither-compiler", first=first.reason.text, second=second.reason.text)
    return NoCCompiler(both, first.reason_code, first.needs), None


def build_cgo_probe(
    platform: Platform, go: GoToolchain, store: Store, faulty: bool = False, note: Callable[[str], None] = _quiet
) -> CgoProbe | Message:
    """The probe with its libraries, or why there is none. `note` is told what takes time."""
    compiler, instead_of = probe_compiler(platform, go, store, note)
    if isinstance(compiler, NoCCompiler):
        return compiler.reason
    builder = Builder(go, store, go_target(platform, BuildSettings()), compiler, faulty)
    family = platform.libc.value.family if platform.libc.value else ""
    try:
        return CgoProbe(builder.go_build(), build_libraries(builder, family, note), compiler, instead_of)
    except CouldNotCheck as error:
        return message("conformance.no-cgo-probe", compiler=compiler.title, why=error.message)

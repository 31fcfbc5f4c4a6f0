"""What is to be built for a platform: the Go target with its variant, cgo or not, the C compiler, the flags."""

import re

import msgspec

from seatrial.build.command import module_flags
from seatrial.build.go_list import ListRequest
from seatrial.build.survey import Survey, survey
from seatrial.errors import UsageError
from seatrial.model.go_target import VARIANT_AXES, GoTarget
from seatrial.model.message import Message
from seatrial.model.platform import Platform
from seatrial.model.program import BuildJob, CannotBuild, CCompiler, CgoFiles, Program, ProgramKind
from seatrial.model.project import BuildSettings
from seatrial.store import Store
from seatrial.tables.instruction_sets import default_variant, exceeds, required_features
from seatrial.tables.messages import message
from seatrial.toolchains.c import NoCCompiler, c_compiler
from seatrial.toolchains.go import GoToolchain

__all__ = ["BuildJob", "CannotBuild", "go_target", "list_request", "plan"]

_BUILD_MODES = ("exe", "pie", "c-shared", "c-archive")
_OURS = {"GOOS", "GOARCH", "CGO_ENABLED", "CC", "CXX", "GOROOT", "GOTOOLCHAIN", "GOENV", *VARIANT_AXES.values()}
"""What `env` cannot set: other settings do, or it is decided here."""


def plan(
    program: Program, platform: Platform, settings: BuildSettings, go: GoToolchain, store: Store
) -> BuildJob | CannotBuild:
    """The job that gives the platform's artifact. `settings` are the project's, with the platform's overrides in them.

    Raises UsageError for settings that no platform can have, ValueError for a finished binary: it is not built.
    """
    if program.kind == ProgramKind.BINARY:
        raise ValueError("a finished binary has no build job")
    _check(settings)
    target = go_target(platform, settings)
    job = BuildJob(
        go_target=target,
        buildmode=settings.buildmode,
        tags=tuple(sorted(set(settings.tags))),
        ldflags=settings.ldflags,
        gcflags=settings.gcflags,
        env=tuple(sorted(settings.env.items())),
        reproducible=settings.reproducible,
    )
    needed = settings.buildmode in ("c-shared", "c-archive")
    if settings.cgo is False and needed:
        reason = message("build.mode-needs-cgo", mode=settings.buildmode)
        return CannotBuild(reason, "cgo-needed", message("build.mode-needs-cgo-needs"))
    with_cgo = msgspec.structs.replace(job, cgo=True)
    if settings.cgo is True or needed:
        found = survey(program, list_request(program, with_cgo), go, store)
    else:
        without = survey(program, list_request(program, job), go, store)
        if not without.cgo_possible:
            return _finished(job, without)
        found = survey(program, list_request(program, with_cgo), go, store)
        if settings.cgo is False or not found.cgo_files:
            return _finished(job, without, left_out=found.cgo_files)
    compiler = c_compiler(platform, settings, target.variant, go, store)
    if isinstance(compiler, NoCCompiler):
        return CannotBuild(compiler.reason, compiler.reason_code, compiler.needs, cgo_files=found.cgo_files)
    return _finished(_with_compiler(with_cgo, compiler), found)


def go_target(platform: Platform, settings: BuildSettings) -> GoTarget:
    """The port with the user's variant, else Go's default, or the CPU's own level where that is lower."""
    arch = platform.goarch
    variant = settings.variants.get(arch, "")
    if variant:
        required_features(arch, variant)  # raises UsageError for what is no value of the variable
        return GoTarget(platform.goos, arch, variant)
    variant = default_variant(arch)
    safe = platform.variant.value or ""
    if safe and exceeds(arch, variant, safe):
        variant = safe
    return GoTarget(platform.goos, arch, variant)


def list_request(program: Program, job: BuildJob, patterns: tuple[str, ...] = (), tests: bool = False) -> ListRequest:
    """What `go list` is asked for a job. The C compiler has no say in which files are used."""
    env = job.go_target.environment() | {"CGO_ENABLED": "1" if job.cgo else "0"}
    if program.modfile:
        env |= {"GO111MODULE": "on", "GOWORK": "off"}
    flags = module_flags(program)
    if job.tags:
        flags += (f"-tags={','.join(job.tags)}",)
    return ListRequest(patterns or (program.package,), env | dict(job.env), flags, tests)


def _check(settings: BuildSettings) -> None:
    if settings.buildmode not in _BUILD_MODES:
        raise UsageError(f"buildmode = {settings.buildmode!r} is unknown.", f"Choose one of {', '.join(_BUILD_MODES)}.")
    if settings.cgo not in (True, False, "auto"):
        raise UsageError(f"cgo = {settings.cgo!r} is unknown.", 'Choose true, false or "auto".')
    for name in settings.env:
        if name in _OURS:
            raise UsageError(
                f"env cannot set {name}.", "There is a setting of its own for it, or it is ours to decide."
            )
    for tag in settings.tags:
        if not re.fullmatch(r"[\w.]+", tag):
            raise UsageError(f"{tag!r} is no build tag.", "A tag is letters, digits, underscores and dots.")
    if settings.glibc and not re.fullmatch(r"\d+\.\d+(\.\d+)?", settings.glibc):
        raise UsageError(f"glibc = {settings.glibc!r} is no version.", 'Write it like "2.28".')


def _finished(job: BuildJob, found: Survey, left_out: tuple[CgoFiles, ...] = ()) -> BuildJob:
    return msgspec.structs.replace(job, sources=found.digest, outside=found.outside, left_out=left_out)


def _with_compiler(job: BuildJob, compiler: CCompiler) -> BuildJob:
    notes: tuple[Message, ...] = compiler.notes
    mode = job.buildmode
    if mode == "exe" and compiler.buildmode:
        mode = compiler.buildmode
        notes += (message("build.mode-changed", mode=mode, compiler=compiler.title),)
    return msgspec.structs.replace(job, cc=compiler, buildmode=mode, notes=notes)

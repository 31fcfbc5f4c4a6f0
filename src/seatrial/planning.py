"""What a verification sets out to do: the program, its platforms, the stages of each, and what is left out and why."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

from seatrial import platforms, project
from seatrial.build import plan, resolve
from seatrial.build.plan import go_target
from seatrial.errors import UsageError
from seatrial.formats import read_binary
from seatrial.model.binary import BinaryFormat, Kind
from seatrial.model.go_target import GoTarget
from seatrial.model.platform import Platform
from seatrial.model.program import BuildJob, CannotBuild, Program, ProgramKind
from seatrial.model.project import Project
from seatrial.model.report import NotPlanned
from seatrial.model.runner import Runner, Workload
from seatrial.model.states import StageName
from seatrial.processes import shell_line
from seatrial.runners import ways
from seatrial.store import Store, digest
from seatrial.toolchains import GoToolchain, find_go

__all__ = ["Plan", "PlannedCell", "Request", "make_plan"]

_RUNNING = (StageName.SMOKE, StageName.CONFORMANCE, StageName.TESTS)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for, as it stands on the command line."""

    argument: str
    """The program: a package directory, `path@version`, a file."""
    directory: str
    """The directory that relative paths start from."""
    targets: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    config: str = ""
    platforms: tuple[str, ...] = ()
    build: dict[str, object] = {}
    """What the command line adds to `[build]`, field by field."""
    go: str = ""
    runner: str = ""
    coverage: bool = False
    """Watch which instructions are executed."""
    fail_on: str = "fail"
    allow_unchecked: bool = False
    resume: bool = False
    fresh: bool = False
    jobs: int = 1
    command: str = ""

    @property
    def digest(self) -> str:
        """What `--resume` knows the request by: everything that decides what is planned."""
        return digest(
            (self.argument, self.directory, self.targets, self.stages),
            (self.config, self.platforms, self.build, self.go, self.runner, self.coverage),
        )

    def again(self, target: str, stage: StageName) -> str:
        """The command line for a shell that asks for one stage of one platform, with all that decides its result."""
        words = ["seatrial", "verify", self.argument, "-t", target, "--stage", stage]
        words += ["--config", self.config] if self.config else []
        words += [word for folder in self.platforms for word in ("--platforms", folder)]
        for name, value in self.build.items():
            words += _build_option(name, value)
        words += ["--go", self.go] if self.go else []
        if stage in _RUNNING:
            words += ["--runner", self.runner] if self.runner else []
            words += ["--coverage"] if self.coverage else []
        return shell_line(words)


def _build_option(name: str, value: object) -> list[str]:
    """The option of the command line that sets this field of `[build]`."""
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if isinstance(value, dict):
        return [word for arch, level in value.items() for word in (f"--{name.removesuffix('s')}", f"{arch}={level}")]
    return [f"--{name}", ",".join(value) if isinstance(value, tuple) else str(value)]


@dataclass(frozen=True)
class PlannedCell:
    """One platform with the stages that it is to pass through."""

    platform: Platform
    job: BuildJob | CannotBuild | None
    """None for a finished binary."""
    go_target: GoTarget
    stages: tuple[StageName, ...]


@dataclass(frozen=True)
class Plan:
    """All of it."""

    program: Program
    project: Project
    test_packages: tuple[str, ...]
    """Patterns relative to the program's module."""
    go: GoToolchain
    cells: tuple[PlannedCell, ...]
    not_planned: tuple[NotPlanned, ...]


def make_plan(request: Request, store: Store, runners: tuple[Runner, ...]) -> Plan:
    """Decide what will be done. Raises UsageError for a wrong name, CouldNotCheck when Go itself is missing."""
    here = Path(request.directory)
    go = find_go(request.go, store)
    program = resolve(request.argument, here, go, store)
    file = _project_file(request, program, here)
    settings = project.read(file) if file else Project()
    settings = msgspec.structs.replace(settings, build=project.merged(settings.build, request.build))
    own = [file.parent / folder for folder in settings.platforms] if file else []
    catalogue = platforms.load((*own, *(here / folder for folder in request.platforms)))
    selectors = request.targets or settings.targets
    if selectors:
        chosen = catalogue.select(selectors)
    else:
        chosen = _default(catalogue.default(), program)
    stages = _stages(request, program)
    if StageName.SMOKE in stages and program.kind is ProgramKind.BINARY:
        _check_startable(program)

    def plan_cell(platform: Platform) -> tuple[PlannedCell, NotPlanned | None]:
        build = project.settings_for(settings, platform.name)
        without = None if selectors or request.stages else _not_here(stages, platform, runners)
        left = tuple(stage for stage in stages if not without or stage not in without.stages)
        job = None if program.kind is ProgramKind.BINARY else plan(program, platform, build, go, store)
        target = job.go_target if isinstance(job, BuildJob) else go_target(platform, build)
        return PlannedCell(platform, job, target, left), without

    with ThreadPoolExecutor(request.jobs) as pool:
        planned = list(pool.map(plan_cell, chosen))
    cells = tuple(cell for cell, _ in planned)
    return Plan(
        program,
        settings,
        _test_packages(program, settings, file),
        go,
        cells,
        tuple(without for _, without in planned if without),
    )


def _project_file(request: Request, program: Program, here: Path) -> Path | None:
    if request.config:
        return here / request.config
    return project.find(program.directory / program.package) if program.kind is ProgramKind.PACKAGE else None


def _default(platforms: tuple[Platform, ...], program: Program) -> tuple[Platform, ...]:
    """Every default platform; for a finished binary those of its own port."""
    if program.kind is not ProgramKind.BINARY:
        return platforms
    facts = read_binary(Path(program.binary))
    ports = {(one.goos, one.goarch) for one in (facts, *facts.members)}
    fitting = tuple(platform for platform in platforms if (platform.goos, platform.goarch) in ports)
    if not fitting:
        known = ", ".join(
            f"{goos}/{goarch}" for goos, goarch in ports if isinstance(goos, str) and isinstance(goarch, str)
        )
        raise UsageError(
            f"No default platform runs {program.argument}, a binary for {known or facts.machine}.",
            "Name a platform with -t; `seatrial targets` lists them.",
        )
    return fitting


def _check_startable(program: Program) -> None:
    """Raise UsageError for an ELF program that may not be executed: QEMU ends with 1 then, as if the program had."""
    if os.access(program.binary, os.X_OK):
        return
    facts = read_binary(Path(program.binary))
    if facts.format is BinaryFormat.ELF and facts.kind in (Kind.EXECUTABLE, Kind.PIE):
        allow = shell_line(["chmod", "+x", program.argument])
        raise UsageError(f"{program.argument} may not be executed.", f"Allow it: {allow}; or judge it: --stage static.")


def _stages(request: Request, program: Program) -> tuple[StageName, ...]:
    """The stages in their order. A stage that the user names brings the build with it, and nothing else."""
    stages = {StageName(name) for name in request.stages} | {StageName.BUILD}
    if not request.stages:
        stages |= {StageName.STATIC, StageName.SMOKE}
        if program.kind is ProgramKind.PACKAGE:
            stages.add(StageName.TESTS)
    if program.kind is ProgramKind.BINARY:
        stages.discard(StageName.BUILD)
        if StageName.TESTS in stages:
            raise UsageError(
                f"{request.argument} is a finished binary: it has no tests.", "Give the package directory."
            )
        if not stages:
            raise UsageError(f"{request.argument} is finished: there is nothing to build.", "Name another --stage.")
    return tuple(stage for stage in StageName if stage in stages)


def _not_here(stages: tuple[StageName, ...], platform: Platform, runners: tuple[Runner, ...]) -> NotPlanned | None:
    """The stages that no runner here could do, with what they would take; None where one can."""
    running = tuple(stage for stage in stages if stage in _RUNNING)
    if not running:
        return None
    found = ways(runners, platform, Workload(platform.goos, platform.goarch))
    return None if found.another() else NotPlanned(platform.name, running, found.refusals[0].needs)


def _test_packages(program: Program, settings: Project, file: Path | None) -> tuple[str, ...]:
    """`[tests] packages` as they look from the module; without it the packages in and below the program's directory."""
    if settings.tests and file and file.parent.is_relative_to(program.directory):
        inside = file.parent.relative_to(program.directory).as_posix()
        patterns = settings.tests.packages
    else:
        inside, patterns = program.package.removeprefix("./"), ("./...",)
    if inside == ".":
        return patterns
    return tuple(
        f"./{inside}/{pattern.removeprefix('./')}".removesuffix("/.") if pattern.startswith(".") else pattern
        for pattern in patterns
    )

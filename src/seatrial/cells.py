"""How one cell, a program on a platform, passes through its stages: the rooms below do the work."""

import datetime
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec

import seatrial
from seatrial import rules
from seatrial.build import build, build_flags, environment, input_key, test_key
from seatrial.conformance import Certifier, as_stage
from seatrial.errors import CouldNotCheck
from seatrial.formats import read_binary
from seatrial.host import HostFacts, host
from seatrial.inspection import needs_in
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, Linkage
from seatrial.model.conformance import Certificate
from seatrial.model.coverage import Coverage
from seatrial.model.finding import Evidence, Finding
from seatrial.model.message import Message
from seatrial.model.needs import Needs
from seatrial.model.platform import Platform
from seatrial.model.program import BuildFailed, BuildJob, BuildResult, Built, CannotBuild, CgoFiles
from seatrial.model.project import TestsSpec
from seatrial.model.report import ArtifactSummary, Stage, ToolVersion
from seatrial.model.runner import Offer, Runner, Workload
from seatrial.model.states import Confidence, Fidelity, Group, Severity, StageName, State, group_of, worst
from seatrial.model.trial import Observation, Perturbation
from seatrial.planning import Plan, PlannedCell, Request
from seatrial.processes import interrupted, shell_line
from seatrial.project import active_suppression
from seatrial.proving import Canaries
from seatrial.results import Result, Results
from seatrial.runners import Ways, ways
from seatrial.running import run_stage, subject_of
from seatrial.store import Store, digest
from seatrial.tables.conformance_cases import cases_of
from seatrial.tables.instruction_sets import levels, required_features
from seatrial.tables.messages import message
from seatrial.toolchains.reader import deep_reader
from seatrial.trials.coverage import WATCHED, beyond, covered
from seatrial.trials.go_test import TestCommand, TestRuns
from seatrial.trials.smoke import smoke

__all__ = ["CellRun", "Context", "Outcome", "ourselves"]

_LIBC_RULES = ("ST-INTERP-", "ST-LIBC-")
"""Rules that must be silent before a run on a newer libc than the platform's may pass."""


@cache
def ourselves() -> str:
    """Digest of seatrial's own files: another release, or an edit, makes every result anew."""
    root = Path(seatrial.__file__).parent
    files = sorted(path for path in root.rglob("*") if path.suffix != ".pyc" and path.is_file())
    return digest([[str(path), stat.st_size, stat.st_mtime_ns] for path in files for stat in (path.stat(),)])


@dataclass(frozen=True)
class Outcome:
    """What the build left for the other stages: an artifact with its facts, or why there is none."""

    result: BuildResult | CannotBuild | None
    """None for a finished binary."""
    target: str = ""
    """The platform that it was built for first; the others share it."""
    path: Path | None = None
    facts: BinaryFacts | None = None
    needs: dict[str | Unknown, Needs] = field(default_factory=dict)
    """By architecture: a universal file has several."""

    @property
    def summary(self) -> ArtifactSummary | None:
        """What the report shows of the artifact."""
        if self.facts is None:
            return None
        return ArtifactSummary(self.facts.sha256, self.facts.size, self.facts.build_id, str(self.path))


class Context:
    """What all the cells of a run share: the plan, where results are kept, runners, canaries that have run."""

    def __init__(
        self, request: Request, plan: Plan, store: Store, results: Results, runners: tuple[Runner, ...]
    ) -> None:
        self.request = request
        self.plan = plan
        self.store = store
        self.results = results
        self.host: HostFacts = host()
        self._runners = runners
        self._tools: set[ToolVersion] = set()
        self.canary = Canaries(plan.go, store)
        self._lock = threading.Lock()
        self._conformance_lock = threading.Lock()
        self._certifier = Certifier(plan.go, store, self.ways, self.canary, lambda _: None, not request.runner)

    def build_key(self, cell: PlannedCell) -> str:
        """Equal for the cells that share one artifact."""
        if isinstance(cell.job, BuildJob):
            return input_key(self.plan.program, cell.job, self.plan.go)
        return f"none for {cell.platform.name}" if cell.job else "the finished binary"

    def build(self, cell: PlannedCell) -> Outcome:
        """The artifact of a cell: built, taken from the cache, or the finished binary that the user gave."""
        program, job, go = self.plan.program, cell.job, self.plan.go
        if job is None:
            path = Path(program.binary)
            return Outcome(None, cell.platform.name, path, *self._read(path))
        if isinstance(job, CannotBuild):
            return Outcome(job)
        key = digest("build", ourselves(), self.build_key(cell))
        result: BuildResult | None = None if self.request.fresh else self.store.get("failures", key, BuildFailed)
        if isinstance(result, BuildFailed):
            result = msgspec.structs.replace(result, cached=True)
        else:
            result = build(program, job, go, self.store)
        if isinstance(result, Built):
            return Outcome(result, cell.platform.name, Path(result.path), *self._read(Path(result.path)))
        if result.state is State.FAIL and not result.cached:
            self.store.put("failures", key, result)
        return Outcome(result, cell.platform.name)

    def _read(self, path: Path) -> tuple[BinaryFacts, dict[str | Unknown, Needs]]:
        """Facts, and the needs of each part."""
        facts = read_binary(path)
        reader = deep_reader(self.store, self.plan.go.root)
        parts = facts.members if facts.format is BinaryFormat.UNIVERSAL else (facts,)
        return facts, {part.goarch: needs_in(path, part, reader) for part in parts}

    def ways(self, platform: Platform, workload: Workload) -> Ways:
        """The ways to run such a program here, best first, with the user's runner only where one was chosen."""
        chosen = tuple(one for one in self._runners if self.request.runner in ("", one.name))
        return ways(chosen, platform, workload)

    def known(self, platform: Platform, found: Ways, inputs: str) -> Result | None:
        """The result that the same inputs gave before under the same offers, as many as were looked for then."""
        found.look(1)
        found.look(self.store.get("looked", self._key(inputs, found.offers[:1]), int) or 1)
        known = self.results.known(platform.name, self._key(inputs, found.offers, found.looked))
        if known:
            self._used(found.offers, known.stage)
        return known

    def keep(self, platform: Platform, found: Ways, inputs: str, result: Result) -> None:
        """Keep a result under its inputs and the offers that it rests on."""
        self._used(found.offers, result.stage)
        if not interrupted():
            self.store.put("looked", self._key(inputs, found.offers[:1]), found.looked)
            self.results.keep(platform.name, self._key(inputs, found.offers, found.looked), result)

    def _key(self, inputs: str, offers: tuple[Offer, ...], looked: int = 0) -> str:
        return digest(
            ourselves(),
            inputs,
            [(offer.key, offer.words, dict(offer.environment)) for offer in offers],
            looked,
            self.request.runner,
            (self.host.kernel, self.host.cpu_model, self.host.libc),
        )

    def _used(self, offers: tuple[Offer, ...], stage: Stage) -> None:
        """Note which tools a stage's result rests on."""
        with self._lock:
            for offer in offers:
                if stage.runner in (offer.implementation, offer.runner):
                    self._tools.update(offer.tools)

    def tools(self) -> tuple[ToolVersion, ...]:
        """Go, the C compilers and what ran the programs, each with its digest."""
        compilers = [cell.job.cc for cell in self.plan.cells if isinstance(cell.job, BuildJob) and cell.job.cc]
        with self._lock:
            seen = {self.plan.go.tool(), *(one.tool for one in compilers if one.tool), *self._tools}
        return tuple(sorted(seen, key=lambda tool: (tool.name, tool.version)))

    def conformance(self, platform: Platform) -> Certificate:
        """The certificate of a platform. One at a time: cases on the same CPUs would disturb each other."""
        with self._conformance_lock:
            return self._certifier.certify(platform, cases_of(platform.goos, platform.goarch))


@dataclass(frozen=True)
class Judged:
    """What static judgement says."""

    findings: tuple[Finding, ...]
    undecided: tuple[Message, ...]

    @property
    def libc_fits(self) -> bool:
        """Whether it has shown that the platform's own C library serves the artifact."""
        return not self.undecided and not any(found.rule.startswith(_LIBC_RULES) for found in self.findings)


@dataclass(frozen=True)
class Trial:
    """A stage that runs something: what decides its result, besides platform and runner, and how to do it once."""

    stage: StageName
    inputs: object
    once: Callable[[Offer, Perturbation | None], Observation]


class CellRun:
    """The stages of one cell, one after the other."""

    def __init__(self, context: Context, cell: PlannedCell, outcome: Outcome) -> None:
        self._context = context
        self._cell = cell
        self._platform = cell.platform
        self._outcome = outcome
        self._judged: Judged | None = None

    def stage(self, name: StageName) -> Result:
        """Go through one stage. Raises CouldNotCheck only when results cannot be kept any more."""
        if name is StageName.BUILD:
            return self._weighed(self._build())
        if name is StageName.CONFORMANCE:
            return self._conformance()
        if self._outcome.facts is None:
            needs = message("verify.blocked-needs")
            stage = Stage(name, State.NOT_RUN, message("verify.blocked"), reason_code="blocked", needs=needs)
            return Result(stage)
        if name is StageName.STATIC:
            return self._weighed(self._static())
        return self._remembered(self._smoke() if name is StageName.SMOKE else self._tests())

    def _build(self) -> Result:
        result = self._outcome.result
        if isinstance(result, CannotBuild):
            stage = Stage(
                StageName.BUILD,
                result.state,
                result.reason,
                reason_code=result.reason_code,
                needs=result.needs,
                reproducer=self._reproducer(StageName.BUILD),
            )
            return Result(stage)
        assert result is not None  # a finished binary has no build stage
        shared = self._outcome.target != self._platform.name
        stage = Stage(
            StageName.BUILD,
            State.PASS if isinstance(result, Built) else result.state,
            result.reason,
            output=result.output,
            reproducer=result.reproducer,
            seconds=0.0 if result.cached or shared else result.seconds,
            cached=result.cached,
        )
        if isinstance(result, BuildFailed):
            rule = "BD-COMPILE-001" if result.state is State.FAIL else ""
            stage = msgspec.structs.replace(stage, rule=rule, reason_code=result.reason_code, needs=result.needs)
        else:
            notes = tuple(Evidence("note", note.text) for note in self._job.notes)
            if shared:
                notes += (Evidence("artifact", "built once for all that can share it", self._outcome.target),)
            stage = msgspec.structs.replace(stage, evidence=notes)
        return Result(stage, tuple(map(self._left_out, result.left_out)))

    @property
    def _job(self) -> BuildJob:
        assert isinstance(self._cell.job, BuildJob)  # asked for only where something was built
        return self._cell.job

    def _left_out(self, left: CgoFiles) -> Finding:
        """A note that files of a package are not in the artifact, because cgo is off."""
        return Finding(
            rule="BD-CGO-001",
            severity=Severity.NOTE,
            confidence=Confidence.CERTAIN,
            target=self._platform.name,
            subject=left.package,
            message=message("verify.left-out", package=left.package, files=", ".join(left.files)),
            evidence=tuple(Evidence("file", name, left.package) for name in left.files),
            remedy=message("verify.left-out-remedy"),
            title=message("verify.left-out-title"),
            stage=StageName.BUILD,
            reproducer=self._reproducer(StageName.BUILD),
        )

    def _judge(self) -> Judged:
        if self._judged is None:
            facts = self._outcome.facts
            assert facts is not None  # without an artifact the stage is blocked
            needs = self._outcome.needs.get(rules.loaded_part(facts, self._platform).goarch)
            self._judged = Judged(
                rules.judge(facts, self._platform, needs), rules.undecided(facts, self._platform, needs)
            )
        return self._judged

    def _static(self) -> Result:
        began = time.monotonic()
        judged = self._judge()
        reproducer = self._reproducer(StageName.STATIC)
        stage = Stage(
            StageName.STATIC,
            State.UNKNOWN if judged.undecided else State.PASS,
            judged.undecided[0] if judged.undecided else message("verify.no-finding", rules=len(rules.rule_ids())),
            fidelity=Fidelity.STATIC,
            evidence=tuple(Evidence("undecided", reason.text) for reason in judged.undecided),
            reproducer=reproducer,
            seconds=time.monotonic() - began,
        )
        return Result(stage, tuple(msgspec.structs.replace(one, reproducer=reproducer) for one in judged.findings))

    def _weighed(self, result: Result) -> Result:
        """The result with its findings weighed: suppressed ones are marked, the gravest of the rest decides."""
        findings = tuple(map(self._marked, result.findings))
        telling = [one for one in findings if not one.suppressed]
        if not telling:
            return Result(result.stage, findings)
        gravest = min(telling, key=lambda one: list(Severity).index(one.severity))
        state = State.FAIL if gravest.severity is Severity.ERROR else State.WARN
        stage = result.stage
        if worst((state, stage.state)) is state and state is not stage.state:
            stage = msgspec.structs.replace(
                stage,
                state=state,
                rule=gravest.rule,
                reason=gravest.message,
                evidence=gravest.evidence + stage.evidence,
            )
        return Result(stage, findings)

    def _marked(self, finding: Finding) -> Finding:
        today = datetime.date.today()
        spec = active_suppression(self._context.plan.project, finding.rule, finding.target, finding.subject, today)
        return msgspec.structs.replace(finding, suppressed=f"{spec.until} {spec.reason}") if spec else finding

    def _remembered(self, trial: Trial) -> Result:
        """The result that an earlier run had with the same inputs, else that of running it now."""
        context = self._context
        facts = self._facts
        workload = Workload(self._platform.goos, self._platform.goarch, facts.interpreter, facts.libc)
        found = context.ways(self._platform, workload)
        floor_fits = self._judge().libc_fits
        inputs = digest(trial.stage, trial.inputs, self._platform, floor_fits, context.request.coverage)
        if known := context.known(self._platform, found, inputs):
            return known
        subject = subject_of(
            self._platform, facts, context.host.goarch, context.host.kernel, replaceable=not context.request.runner
        )
        stage = run_stage(
            trial.stage,
            found,
            trial.once,
            lambda offer: context.canary(self._platform, offer),
            subject,
            floor_fits,
        )
        if context.request.coverage and group_of(stage.state) in (Group.GOOD, Group.BAD):
            stage = self._covered(stage, trial)
        result = Result(msgspec.structs.replace(stage, reproducer=stage.reproducer or self._reproducer(trial.stage)))
        context.keep(self._platform, found, inputs, result)
        return result

    def _covered(self, stage: Stage, trial: Trial) -> Stage:
        """The stage with what its programs executed: the trial once more under QEMU, watched."""
        workload = Workload(self._platform.goos, self._platform.goarch, self._facts.interpreter, self._facts.libc)
        found = self._context.ways(self._platform, workload)
        while found.more and not any(offer.runner == WATCHED for offer in found.offers):
            found.another()
        offer = next((one for one in found.offers if one.runner == WATCHED), None)
        told: Coverage | Unknown = Unknown(message("verify.no-coverage", runner=WATCHED).text)
        if offer is not None:
            _, told = covered(
                offer,
                deep_reader(self._context.store, self._context.plan.go.root),
                lambda watched: trial.once(watched, None),
            )
        if isinstance(told, Unknown):
            return msgspec.structs.replace(stage, evidence=(*stage.evidence, Evidence("not covered", told.unknown)))
        lowest = levels(self._platform.goarch)
        base = required_features(self._platform.goarch, lowest[0].name if lowest else "")
        return msgspec.structs.replace(stage, coverage=beyond(told, base))

    @property
    def _facts(self) -> BinaryFacts:
        assert self._outcome.facts is not None  # without an artifact the stage is blocked
        return self._outcome.facts

    def _conformance(self) -> Result:
        """What the platform promises Go programs, and keeps: the same for every program."""
        context, platform = self._context, self._platform
        found = context.ways(platform, Workload(platform.goos, platform.goarch))
        inputs = digest(StageName.CONFORMANCE, platform)
        if known := context.known(platform, found, inputs):
            return known
        try:
            stage = as_stage(context.conformance(platform))
        except (OSError, CouldNotCheck) as error:
            why = message("run.host-failed", error=str(error).rstrip("."))
            stage = Stage(StageName.CONFORMANCE, State.ENVIRONMENT, why, reason_code="host")
        context.keep(platform, found, inputs, Result(stage))
        return Result(stage)

    def _smoke(self) -> Trial:
        spec, path, facts = self._context.plan.project.smoke, self._outcome.path, self._facts
        assert path is not None  # there are facts, so there is a file

        def once(offer: Offer, perturbation: Perturbation | None) -> Observation:
            return smoke(offer, path, facts, spec, perturbation)

        return Trial(StageName.SMOKE, [facts.sha256, spec], once)

    def _tests(self) -> Trial:
        """The tests that `[tests]` names, else those in and below the program's own directory."""
        plan, job = self._context.plan, self._job
        spec = plan.project.tests or TestsSpec()
        # A test binary is always a program, whatever the artifact is.
        job = msgspec.structs.replace(job, buildmode="pie" if job.buildmode == "pie" else "exe")
        flags = (*build_flags(plan.program, job), *spec.flags)
        added = environment(plan.program, job)
        command = TestCommand(
            go=(plan.go.binary,),
            env=plan.go.environment(added),
            shown=added,
            cwd=plan.program.directory,
            packages=plan.test_packages,
            flags=flags,
            timeout=spec.timeout,
            dynamic=self._facts.linkage == Linkage.DYNAMIC,
        )
        key = test_key(plan.program, job, plan.go, self._context.store, plan.test_packages, flags)
        return Trial(StageName.TESTS, [key, spec.timeout], TestRuns(command))

    def _reproducer(self, stage: StageName) -> str:
        request = self._context.request
        return shell_line(["seatrial", "verify", request.argument, "-t", self._platform.name, "--stage", stage])

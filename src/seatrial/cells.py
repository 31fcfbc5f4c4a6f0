"""How one cell, a program on a platform, passes through its stages: the rooms below do the work."""

import datetime
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from seatrial import rules
from seatrial.build import build_flags, environment, test_key
from seatrial.conformance import as_stage
from seatrial.context import Context, Outcome
from seatrial.errors import CouldNotCheck
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, Linkage
from seatrial.model.coverage import Coverage
from seatrial.model.finding import Evidence, Finding
from seatrial.model.message import Message
from seatrial.model.program import BuildFailed, BuildJob, Built, CannotBuild, CgoFiles
from seatrial.model.project import TestsSpec
from seatrial.model.report import Stage
from seatrial.model.runner import Offer, Workload
from seatrial.model.states import Confidence, Fidelity, Group, Severity, StageName, State, group_of, worst
from seatrial.model.trial import Observation, Perturbation
from seatrial.planning import PlannedCell
from seatrial.project import active_suppression
from seatrial.results import Result
from seatrial.running import run_stage, subject_of
from seatrial.store import digest
from seatrial.tables.instruction_sets import levels, required_features
from seatrial.tables.messages import message
from seatrial.toolchains.reader import deep_reader
from seatrial.trials.coverage import WATCHED, beyond, covered
from seatrial.trials.go_test import TestCommand, TestRuns
from seatrial.trials.smoke import smoke, smoke_line

__all__ = ["CellRun"]

_FOREIGN_RULES = ("ST-IDENTITY-001", "ST-IDENTITY-002")
"""Rules of which a finding says that the artifact is another system's or machine's."""

_LIBC_RULES = ("ST-INTERP-", "ST-LIBC-")
"""Rules that must be silent before a run on a newer libc than the platform's may pass."""


@dataclass(frozen=True)
class Judged:
    """What static judgement says."""

    findings: tuple[Finding, ...]
    undecided: tuple[Message, ...]

    @property
    def is_foreign(self) -> bool:
        """Whether nothing of the platform starts the artifact: another system's or machine's."""
        return any(found.rule in _FOREIGN_RULES for found in self.findings)

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
    place: Path
    """Where the program is now."""
    line: Callable[[Offer], str]
    """The command for a shell that does it once."""


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
        if name is StageName.SMOKE and self._judge().is_foreign:
            return Result(Stage(name, State.NA, message("run.foreign", platform=self._platform.name)))
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

    @property
    def _workload(self) -> Workload:
        """What is run: a program for another machine's compatibility mode (ST-IDENTITY-003) is of that machine."""
        goarch = self._facts.goarch if isinstance(self._facts.goarch, str) else self._platform.goarch
        return Workload(self._platform.goos, goarch, self._facts.interpreter, self._facts.libc)

    def _remembered(self, trial: Trial) -> Result:
        """The result that an earlier run had with the same inputs, else that of running it now."""
        context = self._context
        facts, workload = self._facts, self._workload
        found = context.ways(self._platform, workload)
        floor_fits = self._judge().libc_fits
        inputs = digest(trial.stage, trial.inputs, self._platform, floor_fits, context.request.coverage)
        if known := context.known(self._platform, found, inputs):
            return self._here(known, trial, found.offers)
        needs = self._outcome.needs.get(facts.goarch)
        subject = subject_of(
            self._platform,
            facts,
            context.host.goarch,
            context.host.kernel,
            replaceable=not context.request.runner,
            uses=needs.instructions if needs and not isinstance(needs.instructions, Unknown) else (),
        )
        stage = run_stage(
            trial.stage,
            found,
            trial.once,
            lambda offer: context.canary(self._platform, offer, workload.goarch),
            subject,
            floor_fits,
        )
        if context.request.coverage and group_of(stage.state) in (Group.GOOD, Group.BAD):
            stage = self._covered(stage, trial)
        result = Result(stage, place=str(trial.place))
        context.keep(self._platform, found, inputs, result)
        return self._here(result, trial, found.offers)

    def _here(self, result: Result, trial: Trial, offers: tuple[Offer, ...]) -> Result:
        """The result with a command line for where the program is now."""
        stage = result.stage
        line = stage.reproducer
        if result.place != str(trial.place) and shlex.quote(result.place) in line:
            used = next((one for one in offers if stage.runner in (one.implementation, one.runner)), None)
            line = trial.line(used) if used else ""
        line = line or self._reproducer(trial.stage)
        return msgspec.structs.replace(result, stage=msgspec.structs.replace(stage, reproducer=line))

    def _covered(self, stage: Stage, trial: Trial) -> Stage:
        """The stage with what its programs executed: the trial once more under QEMU, watched."""
        found = self._context.ways(self._platform, self._workload)
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
        result = context.known(platform, found, inputs)
        if result is None:
            try:
                stage = as_stage(context.conformance(platform))
            except (OSError, CouldNotCheck) as error:
                why = message("run.host-failed", error=str(error).rstrip("."))
                stage = Stage(StageName.CONFORMANCE, State.ENVIRONMENT, why, reason_code="host")
            result = Result(stage)
            context.keep(platform, found, inputs, result)
        line = self._reproducer(StageName.CONFORMANCE)
        return msgspec.structs.replace(result, stage=msgspec.structs.replace(result.stage, reproducer=line))

    def _smoke(self) -> Trial:
        spec, path, facts = self._context.plan.project.smoke, self._outcome.path, self._facts
        assert path is not None  # there are facts, so there is a file

        def once(offer: Offer, perturbation: Perturbation | None) -> Observation:
            return smoke(offer, path, facts, spec, perturbation)

        return Trial(
            StageName.SMOKE, [facts.sha256, spec], once, path, lambda offer: smoke_line(offer, path, facts, spec)
        )

    def _tests(self) -> Trial:
        """The tests that `[tests]` names, else those in and below the program's own directory."""
        plan, job = self._context.plan, self._job
        spec = plan.project.tests or TestsSpec()
        # A test binary is always a program, whatever the artifact is.
        job = msgspec.structs.replace(job, buildmode="pie" if job.buildmode == "pie" else "exe")
        flags = build_flags(plan.program, job)
        added = environment(plan.program, job)
        command = TestCommand(
            go=(plan.go.binary,),
            env=plan.go.environment(added),
            shown=added,
            cwd=plan.program.directory,
            packages=plan.test_packages,
            build_flags=flags,
            flags=spec.flags,
            timeout=spec.timeout,
            dynamic=self._facts.linkage == Linkage.DYNAMIC,
        )
        key = test_key(plan.program, job, plan.go, self._context.store, plan.test_packages, (*flags, *spec.flags))
        runs = TestRuns(command)
        return Trial(StageName.TESTS, [key, spec.timeout], runs, command.cwd, runs.line)

    def _reproducer(self, stage: StageName) -> str:
        return self._context.request.again(self._platform.name, stage)

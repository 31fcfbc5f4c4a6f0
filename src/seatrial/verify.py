"""The main job: a program on platforms, built, judged and run; every result kept the moment it exists."""

import datetime
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import msgspec

from seatrial import __version__, processes
from seatrial.cells import CellRun
from seatrial.context import Context, Outcome
from seatrial.executed import with_executed
from seatrial.host import host
from seatrial.machines import init_program
from seatrial.model.events import CellPlanned, Event, Finished, Note, Planned, StageEnded, StageStarted
from seatrial.model.finding import Finding
from seatrial.model.program import BuildJob
from seatrial.model.report import (
    SCHEMA,
    ArtifactSummary,
    Cell,
    Report,
    Stage,
    Suppression,
    Tool,
    summarize,
)
from seatrial.model.states import Group, StageName, State, group_of
from seatrial.planning import Plan, PlannedCell, Request, make_plan
from seatrial.platforms import summary
from seatrial.results import Results, run_directory
from seatrial.runners import all_runners, ended_afterwards
from seatrial.runners.old_kernel import launcher_program
from seatrial.store import Store, write_atomically
from seatrial.tables.messages import message
from seatrial.toolchains import find_go

__all__ = ["Listener", "Request", "exit_code", "verify"]

_SLOW_BUILD = 10.0
"""Seconds after which a build that goes on is told, so that nobody thinks it hangs."""

Listener = Callable[[Event, Callable[[], Report]], None]
"""Told each event as it happens, from any thread, with a function that gives the report so far."""


def verify(request: Request, store: Store, listen: Listener) -> Report:
    """Do what was asked for and report it. Ctrl-C gives the report so far, marked as incomplete.

    Raises UsageError for a wrong name or file, CouldNotCheck when nothing at all can be done.
    """
    with processes.interruptible():
        run = _Run(request, store, listen)
        try:
            with ended_afterwards(run.runners):
                return run.work()
        except KeyboardInterrupt:
            processes.interrupt()
            return run.interrupted()


class _Run:
    """One verification from its plan to its report. The pools' threads write stages; a lock guards them."""

    def __init__(self, request: Request, store: Store, listen: Listener) -> None:
        self._request = request
        self._store = store
        self._listen = listen
        self._started = datetime.datetime.now().astimezone()
        self._clock = time.monotonic()
        self._lock = threading.Lock()
        self._stages: dict[tuple[str, StageName], Stage] = {}
        self._findings: dict[tuple[str, StageName], tuple[Finding, ...]] = {}
        self._artifacts: dict[str, ArtifactSummary] = {}
        self.runners = all_runners(store, self._note, self._init, self._old_kernel, request.runner)
        self._plan: Plan | None = None
        self._context: Context | None = None

    def work(self) -> Report:
        """Plan, do all of it, report."""
        plan = self._plan = make_plan(self._request, self._store, self.runners)
        results = Results(self._store, self._request.digest, self._request.resume, self._request.fresh)
        context = self._context = Context(self._request, plan, self._store, results, self.runners)
        self._tell(_planned(plan))
        if self._request.resume:
            self._note(f"going on where the last run stopped: {results.resumed} results are kept")
        jobs = self._request.jobs
        builders = ThreadPoolExecutor(jobs, thread_name_prefix="build")
        trials = ThreadPoolExecutor(jobs, thread_name_prefix="trial")
        try:
            builds = self._start_builds(context, builders)
            cells = [trials.submit(self._pass_through, context, cell, builds) for cell in plan.cells]
            for future in cells:
                future.result()
        except BaseException:
            processes.interrupt()
            raise
        finally:
            builders.shutdown(cancel_futures=True)
            trials.shutdown(cancel_futures=True)
            results.close()
        report = self._report(complete=True)
        self._keep(report)
        self._listen(Finished(report), lambda: report)
        return report

    def interrupted(self) -> Report:
        """The report so far, after Ctrl-C."""
        if self._plan is None:
            raise KeyboardInterrupt
        report = self._report(complete=False)
        self._keep(report)
        return report

    def _init(self, goarch: str) -> Path:
        """The init of a virtual machine's guest."""
        return init_program(find_go(self._request.go, self._store), goarch, self._store)

    def _old_kernel(self, goarch: str) -> Path:
        """The launcher of the runner that makes this host's kernel an older one."""
        return launcher_program(find_go(self._request.go, self._store), goarch, self._store)

    def _start_builds(self, context: Context, pool: Executor) -> dict[str, Future[Outcome]]:
        """One build for all the cells that want the same artifact, in the order of the cells."""
        sharing: dict[str, list[PlannedCell]] = {}
        for cell in context.plan.cells:
            sharing.setdefault(context.build_key(cell), []).append(cell)
        return {key: pool.submit(self._build, context, cells) for key, cells in sharing.items()}

    def _build(self, context: Context, cells: list[PlannedCell]) -> Outcome:
        for cell in cells:
            self._start(cell, StageName.BUILD)
        text = f"still building {cells[0].go_target.name} for {cells[0].platform.name}"
        if isinstance(cells[0].job, BuildJob) and cells[0].job.cc:
            text += f" with {cells[0].job.cc.title}, whose first use of a target takes a while"
        slow = threading.Timer(_SLOW_BUILD, self._note, [text])
        slow.start()
        try:
            return context.build(cells[0])
        finally:
            slow.cancel()

    def _pass_through(self, context: Context, cell: PlannedCell, builds: dict[str, Future[Outcome]]) -> None:
        built = builds[context.build_key(cell)].result()
        with self._lock:
            if built.summary:
                self._artifacts[cell.platform.name] = built.summary
        run = CellRun(context, cell, built)
        for name in cell.stages:
            self._start(cell, name)
            result = run.stage(name)
            if processes.interrupted():
                return
            with self._lock:
                self._stages[cell.platform.name, name] = result.stage
                self._findings[cell.platform.name, name] = result.findings
            self._tell(StageEnded(cell.platform.name, result.stage, result.findings))

    def _start(self, cell: PlannedCell, stage: StageName) -> None:
        if stage in cell.stages:
            self._tell(StageStarted(cell.platform.name, stage))

    def _note(self, text: str) -> None:
        self._tell(Note(text))

    def _tell(self, event: Event) -> None:
        self._listen(event, lambda: self._report(complete=False))

    def _keep(self, report: Report) -> None:
        """Leave the report beside the journal."""
        path = run_directory(self._store, self._request.digest) / "report.json"
        write_atomically(path, msgspec.json.encode(report))

    def _report(self, complete: bool) -> Report:
        plan = self._plan
        assert plan is not None  # there are no events before there is a plan
        with self._lock:
            stages, findings, artifacts = dict(self._stages), dict(self._findings), dict(self._artifacts)
        cells = tuple(
            Cell(
                target=cell.platform.name,
                go_target=cell.go_target.name,
                platform=summary(cell.platform),
                stages=tuple(stages.get((cell.platform.name, name)) or _not_reached(name) for name in cell.stages),
                artifact=artifacts.get(cell.platform.name),
            )
            for cell in plan.cells
        )
        every = with_executed((finding for key in sorted(findings) for finding in findings[key]), cells)
        return Report(
            schema=SCHEMA,
            tool=Tool(__version__, self._context.tools() if self._context else ()),
            program=plan.program.summary(),
            started=self._started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - self._clock, 3),
            summary=summarize(cells),
            cells=cells,
            findings=tuple(finding for finding in every if not finding.suppressed),
            exit_code=exit_code(cells, self._request.fail_on, self._request.allow_unchecked, complete),
            host=_host(),
            command=self._request.command,
            not_planned=plan.not_planned,
            suppressed=_suppressions(every),
            complete=complete,
        )


def exit_code(cells: tuple[Cell, ...], fail_on: str, allow_unchecked: bool, complete: bool = True) -> int:
    """The exit code of a report (design: verdicts.md): 1 beats 3; an interrupted run is always 3."""
    if not complete:
        return 3
    states = {cell.state for cell in cells} | {stage.state for cell in cells for stage in cell.stages}
    groups = {group_of(state) for state in states}
    if Group.BAD in groups or (fail_on == "warn" and State.WARN in states):
        return 1
    if Group.UNCHECKED in groups and not allow_unchecked:
        return 3
    return 0


def _planned(plan: Plan) -> Planned:
    cells = tuple(
        CellPlanned(cell.platform.name, cell.go_target.name, summary(cell.platform), cell.stages) for cell in plan.cells
    )
    return Planned(plan.program.name, cells, plan.not_planned)


def _not_reached(name: StageName) -> Stage:
    return Stage(
        name,
        State.NOT_RUN,
        message("verify.interrupted"),
        reason_code="interrupted",
        needs=message("verify.interrupted-needs"),
    )


def _suppressions(findings: tuple[Finding, ...]) -> tuple[Suppression, ...]:
    """The suppressed findings, one line a rule and reason. `suppressed` is "date reason" (see `cells`)."""
    targets: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        if finding.suppressed:
            targets.setdefault((finding.rule, finding.suppressed), []).append(finding.target)
    return tuple(
        Suppression(rule, text.partition(" ")[2], text.partition(" ")[0], tuple(dict.fromkeys(names)))
        for (rule, text), names in sorted(targets.items())
    )


def _host() -> str:
    here = host()
    system = here.os_release.get("PRETTY_NAME", "Linux")
    return f"{system}, {here.cpu_model or here.machine}, {here.cpus} CPUs, Linux {here.kernel}, {here.libc}"

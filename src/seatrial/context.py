"""What all the cells of a run share: the plan, what was built, where results are kept, ways to run programs."""

import threading
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec

import seatrial
from seatrial.build import build, build_line, input_key
from seatrial.conformance import Certifier
from seatrial.formats import read_binary
from seatrial.host import HostFacts, host
from seatrial.inspection import needs_in
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat
from seatrial.model.conformance import Certificate
from seatrial.model.needs import Needs
from seatrial.model.platform import Platform
from seatrial.model.program import BuildFailed, BuildJob, BuildResult, Built, CannotBuild
from seatrial.model.report import ArtifactSummary, Stage, ToolVersion
from seatrial.model.runner import Offer, Runner, Workload
from seatrial.model.states import State
from seatrial.planning import Plan, PlannedCell, Request
from seatrial.processes import interrupted
from seatrial.proving import Canaries
from seatrial.results import Result, Results
from seatrial.runners import Ways, ways
from seatrial.store import Store, digest
from seatrial.tables.conformance_cases import cases_of
from seatrial.toolchains.reader import deep_reader

__all__ = ["Context", "Outcome"]


@cache
def _ourselves() -> str:
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
        key = digest("build", _ourselves(), self.build_key(cell))
        result: BuildResult | None = None if self.request.fresh else self.store.get("failures", key, BuildFailed)
        if isinstance(result, BuildFailed):
            # The same sources may have failed in another folder.
            result = msgspec.structs.replace(result, cached=True, reproducer=build_line(program, job, go))
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
        needs: dict[str | Unknown, Needs] = {}
        for part in parts:
            if part.goarch not in needs:  # of several for one architecture the rules judge the first: arm64 and arm64e
                needs[part.goarch] = needs_in(path, part, reader)
        return facts, needs

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
            _ourselves(),
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

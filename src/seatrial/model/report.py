"""The report: the matrix of one program on platforms. Its JSON form is `seatrial/report/1` (design: verdicts.md)."""

import msgspec

from seatrial.model.coverage import Coverage
from seatrial.model.finding import Evidence, Finding
from seatrial.model.message import Message
from seatrial.model.states import Fidelity, StageName, State, highest, worst

__all__ = [
    "SCHEMA",
    "ArtifactSummary",
    "Cell",
    "NotPlanned",
    "PlatformSummary",
    "ProgramSummary",
    "Report",
    "Stage",
    "Substitute",
    "Summary",
    "Suppression",
    "Tool",
    "ToolVersion",
    "summarize",
]

SCHEMA = "seatrial/report/1"


class Substitute(msgspec.Struct, frozen=True):
    """Where a run differed from its platform: "kernel 6.1 in place of 4.19"."""

    fact: str
    """`cpu`, `kernel`, `libc`, `page size` or `cgroup`."""
    platform: str
    value: str


class Stage(msgspec.Struct, frozen=True):
    """How one stage of one cell ended, and what that rests on."""

    stage: StageName
    state: State
    reason: Message
    runner: str = ""
    fidelity: Fidelity | None = None
    substitutes: tuple[Substitute, ...] = ()
    same: tuple[str, ...] = ()
    """The facts that were the platform's own in this run: of `cpu`, `kernel`, `libc`, `page size`, `cgroup`."""
    rule: str = ""
    """What decided: a rule's id or the step of attribution."""
    reason_code: str = ""
    """For machines: `no-runner`, `blocked`, `time-limit`, `canary-failed`, `interrupted`, `vm-lost`, ..."""
    needs: Message | None = None
    """For `not-run`: what would make it run."""
    evidence: tuple[Evidence, ...] = ()
    output: str = ""
    """The program's or compiler's own lines."""
    reproducer: str = ""
    seconds: float = 0.0
    cached: bool = False
    """Taken from an earlier run with the same inputs."""
    coverage: Coverage | None = None
    """Which instructions were executed, where `--coverage` asked for it and the runner could tell."""


class ArtifactSummary(msgspec.Struct, frozen=True):
    sha256: str
    size: int
    build_id: str = ""
    path: str = ""


class PlatformSummary(msgspec.Struct, frozen=True):
    """What the matrix shows of a platform; each value as text."""

    title: str
    goos: str
    arch: str
    system: str
    """`glibc`, `musl`, `windows`, `macos`, `freebsd`."""
    cpu: str
    kernel: str
    libc: str
    page_size: str
    cgroup: str


class Cell(msgspec.Struct, frozen=True):
    """One program on one platform."""

    target: str
    go_target: str
    platform: PlatformSummary
    stages: tuple[Stage, ...]
    artifact: ArtifactSummary | None = None

    @property
    def state(self) -> State:
        return worst(stage.state for stage in self.stages)

    @property
    def fidelity(self) -> Fidelity | None:
        return highest(stage.fidelity for stage in self.stages if stage.fidelity is not None)

    @property
    def seconds(self) -> float:
        return sum(stage.seconds for stage in self.stages)

    def stage(self, name: StageName) -> Stage | None:
        return next((stage for stage in self.stages if stage.stage == name), None)


class NotPlanned(msgspec.Struct, frozen=True):
    """Stages that were left out because nothing here can run them; they count neither as good nor as unchecked."""

    target: str
    stages: tuple[StageName, ...]
    needs: Message
    command: str = ""


class ToolVersion(msgspec.Struct, frozen=True):
    name: str
    version: str
    sha256: str = ""
    path: str = ""


class Tool(msgspec.Struct, frozen=True):
    version: str
    outside: tuple[ToolVersion, ...] = ()


class ProgramSummary(msgspec.Struct, frozen=True):
    name: str
    """For the headline: "lighthouse"."""
    argument: str
    """What the user gave: `./cmd/app`, `module@version`, a path."""
    kind: str
    """`package`, `module` or `binary`."""
    module: str = ""
    version: str = ""
    revision: str = ""
    sha256: str = ""
    """Of a finished binary; "" where one is built for each target."""


class Suppression(msgspec.Struct, frozen=True):
    rule: str
    reason: str
    until: str
    targets: tuple[str, ...]


class Summary(msgspec.Struct, frozen=True):
    """Counts of stages. planned = sum of all states, else it is an error of ours."""

    planned: int
    ran: int
    """Stages that came to a result: neither `not-run` nor `n/a`."""
    cached: int
    states: dict[str, int]
    """A count for each state, zeros included."""
    platforms: int
    platform_states: dict[str, int]


class Report(msgspec.Struct, frozen=True):
    schema: str
    tool: Tool
    program: ProgramSummary
    started: str
    """RFC 3339, with the offset."""
    seconds: float
    summary: Summary
    cells: tuple[Cell, ...]
    findings: tuple[Finding, ...]
    exit_code: int
    host: str = ""
    command: str = ""
    not_planned: tuple[NotPlanned, ...] = ()
    suppressed: tuple[Suppression, ...] = ()
    complete: bool = True
    """False for the report of an interrupted run."""


def summarize(cells: tuple[Cell, ...]) -> Summary:
    """Count the stages and the platforms of the cells by state."""
    stages = [stage for cell in cells for stage in cell.stages]
    states = {state.value: 0 for state in State}
    for stage in stages:
        states[stage.state] += 1
    platforms = {state.value: 0 for state in State}
    for cell in cells:
        platforms[cell.state] += 1
    ran = sum(stage.state not in (State.NOT_RUN, State.NA) for stage in stages)
    return Summary(len(stages), ran, sum(stage.cached for stage in stages), states, len(cells), platforms)

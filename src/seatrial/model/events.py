"""What a running job tells its listeners (live matrix, plain lines, journal), in the order in which it happens."""

import msgspec

from seatrial.model.finding import Finding
from seatrial.model.report import NotPlanned, PlatformSummary, Report, Stage
from seatrial.model.states import StageName

__all__ = ["CellPlanned", "Event", "Finished", "Note", "Planned", "StageEnded", "StageStarted"]


class CellPlanned(msgspec.Struct, frozen=True):
    target: str
    go_target: str
    platform: PlatformSummary
    stages: tuple[StageName, ...]


class Planned(msgspec.Struct, frozen=True, tag="planned"):
    program: str
    cells: tuple[CellPlanned, ...]
    not_planned: tuple[NotPlanned, ...]


class StageStarted(msgspec.Struct, frozen=True, tag="started"):
    target: str
    stage: StageName


class StageEnded(msgspec.Struct, frozen=True, tag="ended"):
    target: str
    stage: Stage
    findings: tuple[Finding, ...] = ()


class Note(msgspec.Struct, frozen=True, tag="note"):
    """Something slow that is going on outside any cell ("fetching QEMU 10.0.2"), or that people should know."""

    text: str


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    report: Report


Event = Planned | StageStarted | StageEnded | Note | Finished

"""What a finding is told of the instructions that were executed: what is not known is not said."""

from seatrial.executed import with_executed
from seatrial.model.coverage import Coverage, CoveredExtension, CoveredFunction, CoveredWork
from seatrial.model.finding import Evidence, Finding
from seatrial.model.report import ArtifactSummary, Cell, PlatformSummary, Stage
from seatrial.model.states import Confidence, Severity, StageName, State
from seatrial.tables.messages import message

TARGET = "debian-12/amd64"


def told(executed: int, translated: int) -> tuple[str, str]:
    """Kind and value of what is added to a finding about POPCNT in package main."""
    functions = (CoveredFunction("main.count", "main", executed, translated),) if executed or translated else ()
    work = CoveredWork("popcnt", "integer", 1, executed, translated)
    coverage = Coverage(1, 0, 0, 0, (CoveredExtension("popcnt", functions),), (work,))
    words = message("needs.perhaps-no-caller")
    cell = Cell(
        TARGET,
        "linux_amd64_v1",
        PlatformSummary("Debian", "linux", "amd64", "", "", "", "", "", ""),
        (Stage(StageName.SMOKE, State.PASS, words, coverage=coverage),),
        ArtifactSummary("digest", 1),
    )
    evidence = (Evidence("popcnt", "1 instructions, unguarded", "main.count"),)
    finding = Finding("ST-ISA-002", Severity.WARNING, Confidence.LIKELY, TARGET, "main", words, evidence)
    added = with_executed((finding,), (cell,))[0].evidence[-1]
    return added.kind, added.value


def test_executed_or_not_or_not_known() -> None:
    assert told(1, 0) == ("executed", "POPCNT in main.count: 1 instructions executed")
    assert told(0, 0) == ("not executed", "no POPCNT instruction of main was executed")
    kind, value = told(0, 1)
    assert kind == "translated" and value.endswith("perhaps executed")

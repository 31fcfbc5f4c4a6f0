"""What a finding is told of the instructions that were executed: what is not known is not said."""

import pytest

from seatrial.executed import with_executed
from seatrial.model.coverage import Coverage, CoveredExtension, CoveredFunction, CoveredWork
from seatrial.model.finding import Evidence, Finding
from seatrial.model.report import ArtifactSummary, Cell, PlatformSummary, Stage
from seatrial.model.states import Confidence, Severity, StageName, State
from seatrial.model.trial import TRAPPED
from seatrial.tables.messages import message

TARGET = "debian-12/amd64"


def finding_with(executed: int, translated: int, *stages: Stage) -> Finding:
    """A finding about POPCNT in package main with what a covered run and these stages add to it."""
    functions = (CoveredFunction("main.count", "main", executed, translated),) if executed or translated else ()
    work = CoveredWork("popcnt", "integer", 1, executed, translated)
    coverage = Coverage(1, 0, 0, 0, (CoveredExtension("popcnt", functions),), (work,))
    words = message("needs.perhaps-no-caller")
    cell = Cell(
        TARGET,
        "linux_amd64_v1",
        PlatformSummary("Debian", "linux", "amd64", "", "", "", "", "", ""),
        (Stage(StageName.SMOKE, State.PASS, words, coverage=coverage), *stages),
        ArtifactSummary("digest", 1),
    )
    evidence = (Evidence("popcnt", "1 instructions, unguarded", "main.count at 0x401025"),)
    finding = Finding("ST-ISA-002", Severity.WARNING, Confidence.LIKELY, TARGET, "main", words, evidence)
    return with_executed((finding,), (cell,))[0]


def told(executed: int, translated: int) -> tuple[str, str]:
    """Kind and value of what is added."""
    added = finding_with(executed, translated).evidence[-1]
    return added.kind, added.value


def test_executed_or_not_or_not_known() -> None:
    assert told(1, 0) == ("executed", "POPCNT in main.count: 1 instructions executed")
    assert told(0, 0) == ("not executed", "no POPCNT instruction of main was executed")
    kind, value = told(0, 1)
    assert kind == "translated" and value.endswith("perhaps executed")


def trapped(place: str) -> Stage:
    """A run that ended with SIGILL at this place."""
    words = message("needs.perhaps-no-caller")
    return Stage(StageName.TESTS, State.FAIL, words, evidence=(Evidence(TRAPPED, "illegal instruction", place),))


@pytest.mark.parametrize("place", ["main.count at 0x401025", "main.count at 0x555555401025", "at 0x401025"])
def test_an_instruction_that_trapped_was_reached(place: str) -> None:
    for executed, translated, kinds in ((0, 1, []), (0, 0, []), (1, 0, ["executed"])):
        finding = finding_with(executed, translated, trapped(place))
        _, trap, *others = finding.evidence
        text = f"illegal instruction (SIGILL), {place}"
        assert (trap.kind, trap.value, trap.where) == ("reached and trapped", text, f"{TARGET}, tests")
        assert [one.kind for one in others] == kinds
        assert finding.confidence is Confidence.CERTAIN


@pytest.mark.parametrize("place", ["main.other at 0x401025", "at 0x401029"])
def test_a_trap_elsewhere_says_nothing_of_it(place: str) -> None:
    assert finding_with(0, 1, trapped(place)) == finding_with(0, 1)

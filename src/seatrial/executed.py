"""What the runs add to the findings about instruction sets: whether those instructions were reached and executed."""

from collections.abc import Iterable

import msgspec

from seatrial.model.coverage import Coverage
from seatrial.model.finding import Evidence, Finding
from seatrial.model.report import Cell
from seatrial.model.states import Confidence, StageName
from seatrial.model.trial import TRAPPED

__all__ = ["with_executed"]

_NOT_KNOWN = "instructions in blocks that were left early, by a fault or a signal: perhaps executed"


def with_executed(findings: Iterable[Finding], cells: tuple[Cell, ...]) -> tuple[Finding, ...]:
    """The findings, those that name a CPU feature with what was executed of it, and what trapped.

    A run on any platform tells, as long as it ran the same artifact: a CPU with the feature executes what one without
    it traps on.
    """
    watched: dict[str, list[tuple[Cell, Coverage]]] = {}
    traps: dict[str, list[tuple[Cell, StageName, str]]] = {}
    digests = {cell.target: cell.artifact.sha256 for cell in cells if cell.artifact}
    for cell in cells:
        for stage in cell.stages if cell.artifact else ():
            digest = digests[cell.target]
            if stage.coverage:
                watched.setdefault(digest, []).append((cell, stage.coverage))
            places = (one.where for one in stage.evidence if one.kind == TRAPPED)
            traps.setdefault(digest, []).extend((cell, stage.stage, place) for place in places)
    return tuple(
        _told(finding, watched.get(digest, []), traps.get(digest, []))
        if finding.rule.startswith("ST-ISA-")
        else finding
        for finding in findings
        for digest in (digests.get(finding.target, ""),)
    )


def _told(finding: Finding, runs: list[tuple[Cell, Coverage]], traps: list[tuple[Cell, StageName, str]]) -> Finding:
    """A SIGILL in one of its functions says more than a log of what was executed before."""
    met = [trap for trap in traps if any(_is_in(use.where, trap[2]) for use in finding.evidence)]
    added = [
        Evidence("reached and trapped", f"illegal instruction (SIGILL), {place}", f"{cell.target}, {stage}")
        for cell, stage, place in met
    ]
    for feature in dict.fromkeys(one.kind for one in finding.evidence) if runs else ():
        told = _executed(feature, finding.subject, runs)
        added += (one for one in told if one.kind == "executed" or not met)
    here = any(cell.target == finding.target for cell, _, _ in met)
    return msgspec.structs.replace(
        finding,
        confidence=Confidence.CERTAIN if here else finding.confidence,
        evidence=(*finding.evidence, *added),
    )


def _is_in(use: str, trap: str) -> bool:
    """Whether a trap was in the function of a use. Only the same address tells that where no function was named."""
    function = trap.rpartition("at ")[0].strip()
    return use.rpartition(" at ")[0] == function if function else use.endswith(f" {trap}")


def _executed(feature: str, package: str, runs: list[tuple[Cell, Coverage]]) -> tuple[Evidence, ...]:
    """One line for each function of the package that executed the feature's instructions, from the run with most."""
    best: dict[str, tuple[int, str]] = {}
    open_: dict[str, tuple[int, str]] = {}
    present = False
    for cell, coverage in runs:
        present = present or any(row.feature == feature for row in coverage.classes)
        for function in (
            one for extension in coverage.extensions if extension.feature == feature for one in extension.functions
        ):
            if function.package == package and function.executed > best.get(function.name, (0, ""))[0]:
                best[function.name] = (function.executed, cell.target)
            if function.package == package and function.translated:
                open_[function.name] = (function.translated, cell.target)
    if best:
        return tuple(
            Evidence("executed", f"{feature.upper()} in {name}: {count} instructions executed", target)
            for name, (count, target) in sorted(best.items())
        )
    if open_:
        return tuple(
            Evidence("translated", f"{feature.upper()} in {name}: {count} {_NOT_KNOWN}", target)
            for name, (count, target) in sorted(open_.items())
        )
    if not present:
        return ()
    where = ", ".join(dict.fromkeys(cell.target for cell, _ in runs))
    return (Evidence("not executed", f"no {feature.upper()} instruction of {package} was executed", where),)

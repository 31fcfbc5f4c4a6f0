"""What instruction coverage adds to the findings about instruction sets: whether those instructions were executed."""

from collections.abc import Iterable

import msgspec

from seatrial.model.coverage import Coverage
from seatrial.model.finding import Evidence, Finding
from seatrial.model.report import Cell

__all__ = ["with_executed"]

_NOT_KNOWN = "instructions in blocks that were left early, by a fault or a signal: perhaps executed"


def with_executed(findings: Iterable[Finding], cells: tuple[Cell, ...]) -> tuple[Finding, ...]:
    """The findings, those that name a CPU feature with what was executed of it.

    A run on any platform tells, as long as it ran the same artifact: a CPU with the feature executes what one without
    it traps on.
    """
    watched: dict[str, list[tuple[Cell, Coverage]]] = {}
    digests = {cell.target: cell.artifact.sha256 for cell in cells if cell.artifact}
    for cell in cells:
        for stage in cell.stages:
            if cell.artifact and stage.coverage:
                watched.setdefault(cell.artifact.sha256, []).append((cell, stage.coverage))
    return tuple(_told(finding, watched.get(digests.get(finding.target, ""), [])) for finding in findings)


def _told(finding: Finding, runs: list[tuple[Cell, Coverage]]) -> Finding:
    features = [one.kind for one in finding.evidence] if runs and finding.rule.startswith("ST-ISA-") else []
    added = tuple(evidence for feature in features for evidence in _executed(feature, finding.subject, runs))
    return msgspec.structs.replace(finding, evidence=(*finding.evidence, *added)) if added else finding


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

"""The same thing told once: findings and stages that differ in nothing but their platform are put together.

Twenty platforms that lack one symbol are one paragraph with twenty names.
"""

from collections.abc import Iterable

import msgspec

from seatrial.model.finding import Finding
from seatrial.model.message import Message
from seatrial.model.report import Report, Stage
from seatrial.model.states import Severity, StageName, State

__all__ = [
    "FindingGroup",
    "RuleGroup",
    "StageGroup",
    "findings_by_rule",
    "same_findings",
    "same_stages",
    "stages_to_tell",
]

_SEVERITIES = {severity: rank for rank, severity in enumerate(Severity)}
_STATES = {state: rank for rank, state in enumerate(State)}


class FindingGroup(msgspec.Struct, frozen=True):
    """Findings that are the same but for their platform."""

    first: Finding
    targets: tuple[str, ...]


class RuleGroup(msgspec.Struct, frozen=True):
    """All findings of one rule."""

    rule: str
    severity: Severity
    """The gravest of them."""
    groups: tuple[FindingGroup, ...]
    remedy: Message | None
    """Where there are several, and they all have the same."""


class StageGroup(msgspec.Struct, frozen=True):
    """Stages that ended in the same way for the same reason."""

    first: Stage
    targets: dict[str, tuple[StageName, ...]]
    """Each platform with its stages that ended so."""
    alike: bool
    """Whether output and evidence are the same too; paths and times in them often differ."""

    @property
    def stages(self) -> tuple[StageName, ...]:
        """All the stages that ended so, on any platform."""
        ended = {name for stages in self.targets.values() for name in stages}
        return tuple(name for name in StageName if name in ended)


def same_findings(findings: Iterable[Finding]) -> tuple[FindingGroup, ...]:
    """The findings without the suppressed ones, gravest first, then by rule, else in their order."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if not finding.suppressed:
            # By its text: a message's arguments are a dict, which cannot be hashed.
            key = repr(msgspec.structs.replace(finding, target="", reproducer=""))
            groups.setdefault(key, []).append(finding)
    told = [FindingGroup(group[0], tuple(dict.fromkeys(each.target for each in group))) for group in groups.values()]
    return tuple(sorted(told, key=lambda group: (_SEVERITIES[group.first.severity], group.first.rule)))


def same_stages(stages: Iterable[tuple[str, Stage]]) -> tuple[StageGroup, ...]:
    """Pairs of platform and stage put together by how and why the stage ended, worst first, else in their order."""
    groups: dict[object, list[tuple[str, Stage]]] = {}
    for target, stage in stages:
        key = (stage.state, stage.reason.text, stage.rule, str(stage.needs))
        groups.setdefault(key, []).append((target, stage))
    told = []
    for group in groups.values():
        targets: dict[str, tuple[StageName, ...]] = {}
        for target, stage in group:
            targets[target] = (*targets.get(target, ()), stage.stage)
        alike = len({(stage.evidence, stage.output) for _, stage in group}) == 1
        told.append(StageGroup(group[0][1], targets, alike))
    return tuple(sorted(told, key=lambda group: _STATES[group.first.state]))


def stages_to_tell(report: Report) -> tuple[tuple[str, Stage], ...]:
    """Platform and stage for each stage that is neither `pass` nor `n/a` and that no shown finding tells already."""
    found = {(finding.target, finding.stage, finding.rule) for finding in report.findings if not finding.suppressed}
    return tuple(
        (cell.target, stage)
        for cell in report.cells
        for stage in cell.stages
        if stage.state not in (State.PASS, State.NA) and (cell.target, stage.stage, stage.rule) not in found
    )


def findings_by_rule(groups: Iterable[FindingGroup]) -> tuple[RuleGroup, ...]:
    """The groups of `same_findings` put together by rule, in their order."""
    by_rule: dict[str, list[FindingGroup]] = {}
    for group in groups:
        by_rule.setdefault(group.first.rule, []).append(group)
    return tuple(
        RuleGroup(
            rule,
            min((group.first.severity for group in same), key=_SEVERITIES.__getitem__),
            tuple(same),
            same[0].first.remedy if len(same) > 1 and len({str(group.first.remedy) for group in same}) == 1 else None,
        )
        for rule, same in by_rule.items()
    )

"""The report as SARIF 2.1.0 (OASIS), for code scanning: findings, and what could not be decided.

A finding is a result of its rule; a stage that failed without a finding is a result of `stage-fail` or `stage-flaky`;
`not-run` and `unknown` are results of kind `open`; `environment` and `emulator` are no word on the program and become
notifications of the invocation.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

import msgspec

from seatrial.model.finding import Evidence, Finding
from seatrial.model.message import Message
from seatrial.model.report import Report, Stage
from seatrial.model.states import Severity, State
from seatrial.report.grouping import stages_to_tell
from seatrial.report.printable import printable
from seatrial.report.words import Words

__all__ = ["RuleMetadata", "render"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RESULTS = (State.FAIL, State.FLAKY, State.UNKNOWN, State.NOT_RUN, State.WARN)


class RuleMetadata(Protocol):
    """What this format wants to know of a rule; `seatrial.rules.RuleInfo` is one."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> Message: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def help(self) -> str: ...


def render(report: Report, rules: Iterable[RuleMetadata] = (), language: str = "en") -> bytes:
    """The log as indented JSON; of the rules those are described that have a result."""
    words = Words(language)
    told = stages_to_tell(report)
    results = [_finding(finding, report, words) for finding in report.findings]
    results += [_stage(target, stage, report, words) for target, stage in told if stage.state in _RESULTS]
    descriptors = _descriptors(report, results, rules, words)
    places = {descriptor["id"]: place for place, descriptor in enumerate(descriptors)}
    for result in results:
        result["ruleIndex"] = places[result["ruleId"]]
    run = {
        "tool": {
            "driver": {
                "name": "seatrial",
                "version": printable(report.tool.version),
                "language": {"zh": "zh-CN"}.get(language, language),
                "rules": descriptors,
            }
        },
        "invocations": [_invocation(report, told, words)],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2) + b"\n"


def _finding(finding: Finding, report: Report, words: Words) -> dict[str, Any]:
    result = _result(finding.rule, finding.target, finding.subject, words.message(finding.message), report)
    result |= {"kind": "fail", "level": str(finding.severity)}
    result["properties"] |= {
        "stage": printable(finding.stage),
        "confidence": finding.confidence,
        "evidence": _evidence(finding.evidence),
        "remedy": printable(words.message(finding.remedy)),
        "reproducer": printable(finding.reproducer),
    }
    if finding.suppressed:
        justification = printable(finding.suppressed)
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": justification}]
    return result


def _stage(target: str, stage: Stage, report: Report, words: Words) -> dict[str, Any]:
    text = words.message(stage.reason)
    if stage.needs:
        text += f" {words('needs')}{words('colon')}{words.message(stage.needs)}"
    result = _result(f"stage-{stage.state}", target, stage.stage, text, report)
    if stage.state in (State.NOT_RUN, State.UNKNOWN):
        result |= {"kind": "open", "level": "none"}
    else:
        result |= {"kind": "fail", "level": "warning" if stage.state is State.WARN else "error"}
    result["properties"] |= {
        "stage": stage.stage,
        "state": stage.state,
        "fidelity": stage.fidelity,
        "rule": printable(stage.rule),
        "reasonCode": printable(stage.reason_code),
        "evidence": _evidence(stage.evidence),
        "reproducer": printable(stage.reproducer),
    }
    return result


def _result(rule: str, target: str, subject: str, text: str, report: Report) -> dict[str, Any]:
    """What results of every kind have in common. The fingerprint is the same from run to run."""
    rule, target, subject = printable(rule), printable(target), printable(subject)
    fingerprint = hashlib.sha256("\0".join((rule, target, subject)).encode()).hexdigest()
    # A relative reference (RFC 3986): code scanning wants a file, and the program is the nearest that there is.
    uri = quote(printable(report.program.argument).removeprefix("./") or ".", safe="/@")
    return {
        "ruleId": rule,
        "message": {"text": printable(f"{target}: {text}")},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": uri}},
                "logicalLocations": [{"name": subject, "fullyQualifiedName": f"{target}: {subject}"}],
            }
        ],
        "partialFingerprints": {"ruleTargetSubject/v1": fingerprint},
        "properties": {"target": target},
    }


def _evidence(evidence: Iterable[Evidence]) -> list[dict[str, str]]:
    return [
        {"kind": printable(each.kind), "value": printable(each.value), "where": printable(each.where)}
        for each in evidence
    ]


def _descriptors(
    report: Report, results: list[dict[str, Any]], rules: Iterable[RuleMetadata], words: Words
) -> list[dict[str, Any]]:
    """The rules of the results, in the order of their first result."""
    known = {rule.id: rule for rule in rules}
    titles = {printable(finding.rule): words.message(finding.title) for finding in report.findings}
    stages = {f"stage-{state}": words(f"means-{state}") for state in _RESULTS}
    descriptors = []
    for id_ in dict.fromkeys(result["ruleId"] for result in results):
        rule = known.get(id_)
        title = words.message(rule.title) if rule else titles.get(id_) or stages.get(id_) or id_
        descriptor: dict[str, Any] = {"id": id_, "shortDescription": {"text": printable(title)}}
        if rule:
            descriptor["help"] = {"text": rule.help, "markdown": rule.help}
            descriptor["defaultConfiguration"] = {"level": str(rule.severity)}
        descriptors.append(descriptor)
    return descriptors


def _invocation(report: Report, told: Iterable[tuple[str, Stage]], words: Words) -> dict[str, Any]:
    invocation: dict[str, Any] = {
        "executionSuccessful": report.complete,
        "exitCode": report.exit_code,
        "commandLine": printable(report.command),
        "toolExecutionNotifications": [
            {
                "level": "error",
                "descriptor": {"id": f"stage-{stage.state}"},
                "message": {"text": printable(f"{target}: {words.stage(stage.stage)}: {words.message(stage.reason)}")},
                "properties": {"target": printable(target), "evidence": _evidence(stage.evidence)},
            }
            for target, stage in told
            if stage.state in (State.ENVIRONMENT, State.EMULATOR)
        ],
    }
    try:
        started = datetime.fromisoformat(report.started).astimezone(UTC)
    except ValueError:
        return invocation
    ended = started + timedelta(seconds=report.seconds)
    return invocation | {"startTimeUtc": f"{started:%Y-%m-%dT%H:%M:%SZ}", "endTimeUtc": f"{ended:%Y-%m-%dT%H:%M:%SZ}"}

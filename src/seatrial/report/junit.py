"""The report as JUnit XML, in the form that CI systems agree on: a test suite a platform, a test case a stage.

`fail`, `flaky` are failures; `emulator`, `environment`, `unknown` errors; `not-run`, `n/a` skipped. The whole verdict
stands in the properties of the test case.
"""

from collections.abc import Iterable
from xml.etree import ElementTree

from seatrial.model.finding import Evidence, Finding
from seatrial.model.report import Cell, Report, Stage
from seatrial.model.states import State
from seatrial.report.printable import xml_text
from seatrial.report.words import Words

__all__ = ["render"]

_ELEMENTS = {
    State.FAIL: "failure",
    State.FLAKY: "failure",
    State.ENVIRONMENT: "error",
    State.EMULATOR: "error",
    State.UNKNOWN: "error",
    State.NOT_RUN: "skipped",
    State.NA: "skipped",
}


def render(report: Report, language: str = "en") -> bytes:
    """The XML document as UTF-8; what XML cannot hold is written out (`\\x1b`)."""
    words = Words(language)
    root = ElementTree.Element("testsuites", name="seatrial")
    for cell in report.cells:
        _suite(root, report, cell, words)
    _count(root, (stage for cell in report.cells for stage in cell.stages))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(root: ElementTree.Element, report: Report, cell: Cell, words: Words) -> None:
    suite = _add(root, "testsuite", name=cell.target, timestamp=report.started[:19], hostname=cell.target)
    _count(suite, cell.stages)
    _properties(suite, program=report.program.argument, go_target=cell.go_target)
    for stage in cell.stages:
        findings = [
            finding
            for finding in report.findings
            if (finding.target, finding.stage) == (cell.target, stage.stage) and not finding.suppressed
        ]
        _case(suite, cell, stage, findings, words)


def _case(suite: ElementTree.Element, cell: Cell, stage: Stage, findings: list[Finding], words: Words) -> None:
    case = _add(suite, "testcase", name=stage.stage, classname=cell.target, time=f"{stage.seconds:.3f}")
    _properties(
        case,
        state=stage.state,
        fidelity=stage.fidelity or "",
        runner=stage.runner,
        rule=stage.rule,
        reason=words.message(stage.reason),
        reason_code=stage.reason_code,
        needs=words.message(stage.needs),
        substitutes="; ".join(f"{each.fact}: {each.value} ({each.platform})" for each in stage.substitutes),
        reproducer=stage.reproducer,
        cached="true" if stage.cached else "",
    )
    details = _details(stage, findings, words)
    reason = words.message(stage.reason)
    element = _ELEMENTS.get(stage.state)
    if element == "skipped":
        needs = f" {words('needs')}{words('colon')}{words.message(stage.needs)}" if stage.needs else ""
        _add(case, element, message=f"{words.state(stage.state)}{words('colon')}{reason}{needs}")
    elif element:
        message = f"{words.state(stage.state)}{words('colon')}{reason}"
        _add(case, element, message=message, type=stage.state).text = xml_text(details)
    elif findings:
        _add(case, "system-out").text = xml_text(details)


def _details(stage: Stage, findings: list[Finding], words: Words) -> str:
    """What a reader of the CI's page sees: reason, output, evidence, findings, and the command to paste."""
    lines = [words.message(stage.reason), *_evidence(stage.evidence)]
    for finding in findings:
        lines += ["", f"{words.severity(finding.severity)} {finding.rule} {finding.subject}"]
        lines += [words.message(finding.message), *_evidence(finding.evidence)]
        if finding.remedy:
            lines.append(f"{words('remedy')}{words('colon')}{words.message(finding.remedy)}")
    if stage.output.strip():
        lines += ["", stage.output.rstrip("\n")]
    if stage.reproducer:
        lines += ["", f"$ {stage.reproducer}"]
    return "\n".join(lines)


def _evidence(evidence: Iterable[Evidence]) -> list[str]:
    return [f"  {each.kind}: {each.value}" + (f" ({each.where})" if each.where else "") for each in evidence]


def _properties(parent: ElementTree.Element, **values: str) -> None:
    properties = _add(parent, "properties")
    for name, value in values.items():
        if value:
            _add(properties, "property", name=name, value=value)


def _count(element: ElementTree.Element, stages: Iterable[Stage]) -> None:
    """The attributes with which a suite counts its cases."""
    counted = list(stages)
    kinds = [_ELEMENTS.get(stage.state) for stage in counted]
    element.set("tests", str(len(counted)))
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(kinds.count(kind)))
    element.set("time", f"{sum(stage.seconds for stage in counted):.3f}")


def _add(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, {name: xml_text(value) for name, value in attributes.items()})

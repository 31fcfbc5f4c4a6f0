"""JUnit: valid XML whatever a program printed, and each state in its place."""

from xml.etree import ElementTree

import pytest

from seatrial.model.report import Report
from seatrial.report.junit import render


def case(root: ElementTree.Element, target: str, stage: str) -> ElementTree.Element:
    found = root.find(f"testsuite[@name='{target}']/testcase[@name='{stage}']")
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["rich_report", "hostile_report", "empty_report", "good_report"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_xml(name: str, language: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    root = ElementTree.fromstring(render(report, language))
    assert root.tag == "testsuites"
    assert len(root.findall("testsuite")) == len(report.cells)
    assert int(root.attrib["tests"]) == report.summary.planned == len(root.findall(".//testcase"))
    for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert int(root.attrib[attribute]) == len(root.findall(f".//{kind}"))


@pytest.mark.parametrize(
    ("target", "stage", "element", "message"),
    [
        ("centos-7/amd64", "static", "failure", "fail: Needs GLIBC_2.28."),
        ("alpine-3.20/arm64", "tests", "failure", "flaky: TestWatch passed twice and failed once."),
        ("debian-12/s390x", "tests", "error", "environment: VM lost."),
        ("debian-12/riscv64", "tests", "error", "emulator: Canary."),
        ("loongnix-25/3a6000", "tests", "error", "unknown: No second."),
        ("debian-12/armv7", "smoke", "skipped", "not-run: Blocked by build. Needs: A build that works."),
        ("windows-10/amd64", "tests", "skipped", "n/a: Every test package is built for linux only."),
    ],
)
def test_each_state_has_its_element(rich_report: Report, target: str, stage: str, element: str, message: str) -> None:
    found = case(ElementTree.fromstring(render(rich_report)), target, stage)
    child = found.find(element)
    assert child is not None
    assert child.attrib["message"] == message
    assert {each.tag for each in found} == {"properties", element}


def test_a_good_stage_has_no_element_but_its_findings(rich_report: Report) -> None:
    root = ElementTree.fromstring(render(rich_report))
    assert {each.tag for each in case(root, "anolis-8/amd64", "smoke")} == {"properties"}
    warned = case(root, "centos-7/amd64", "smoke")
    assert {each.tag for each in warned} == {"properties", "system-out"}
    assert "warning RT-LIBC-002" in (warned.findtext("system-out") or "")
    assert "ST-CGRP-001" not in render(rich_report).decode()


def test_a_failure_holds_evidence_remedy_and_command(rich_report: Report) -> None:
    text = case(ElementTree.fromstring(render(rich_report)), "centos-7/amd64", "static").findtext("failure") or ""
    assert "  symbol: fcntl64@GLIBC_2.28 (.gnu.version_r, libc.so.6)" in text
    assert "Remedy: Build against glibc 2.17." in text
    assert text.endswith("$ seatrial verify ./lighthouse -t centos-7/amd64 --stage static")


def test_properties_hold_the_whole_verdict(rich_report: Report) -> None:
    found = case(ElementTree.fromstring(render(rich_report)), "alpine-3.20/arm64", "tests")
    properties = {each.attrib["name"]: each.attrib["value"] for each in found.iter("property")}
    assert properties["state"] == "flaky"
    assert properties["fidelity"] == "user-emulation"
    assert properties["rule"] == "repeat"
    assert properties["substitutes"].startswith("cpu: AMD EPYC 9554 (Phytium FT-2000/4); kernel")


def test_what_xml_cannot_hold_is_written_out(hostile_report: Report) -> None:
    text = case(ElementTree.fromstring(render(hostile_report)), "kylin-v10-sp3/ft-2000-4", "static").findtext("failure")
    assert text is not None
    assert "\\x1b[31mred" in text
    assert "\\x00\\x07" in text
    assert "\\ud800" in text
    assert "</script><script>alert(1)</script>" in text
    assert "麒麟操作系统" in text

"""SARIF 2.1.0: the fields that its specification (OASIS, sections named) and code scanning ask for."""

import json
import re
from typing import Any

import msgspec
import pytest

from seatrial.model.message import Message
from seatrial.model.report import Report
from seatrial.model.states import Severity
from seatrial.report.sarif import render


class Rule(msgspec.Struct, frozen=True):
    id: str
    title: Message
    severity: Severity
    help: str


RULES = (
    Rule("ST-LIBC-001", Message("x.y", "Needs a newer glibc"), Severity.ERROR, "Why **it** matters."),
    Rule("ST-UNUSED-001", Message("x.y", "Unused"), Severity.NOTE, "Never."),
)


def log_of(report: Report, language: str = "en") -> Any:
    return json.loads(render(report, RULES, language))


@pytest.mark.parametrize("name", ["rich_report", "hostile_report", "empty_report", "good_report"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_required_structure(name: str, language: str, request: pytest.FixtureRequest) -> None:
    log = log_of(request.getfixturevalue(name), language)
    assert log["version"] == "2.1.0"  # 3.13.2
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "seatrial"  # 3.19.8
    assert re.fullmatch("[a-zA-Z]{2}(-[a-zA-Z]{2})?", driver["language"])  # 3.19.21
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))  # 3.19.23
    for invocation in run["invocations"]:
        assert isinstance(invocation["executionSuccessful"], bool)  # 3.20.14
        for notification in invocation["toolExecutionNotifications"]:
            assert notification["message"]["text"]  # 3.58.5
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]  # 3.27.6
        assert result["message"]["text"]  # 3.27.11
        assert result["kind"] in ("fail", "open")  # 3.27.9
        assert result["level"] in (("error", "warning", "note") if result["kind"] == "fail" else ("none",))  # 3.27.10
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[\w./%@~-]+", uri, re.ASCII)  # 3.4.3: a URI reference


def test_findings_are_results_with_their_rule(rich_report: Report) -> None:
    run = log_of(rich_report)["runs"][0]
    libc = [result for result in run["results"] if result["ruleId"] == "ST-LIBC-001"]
    assert [result["properties"]["target"] for result in libc] == ["centos-7/amd64", "anolis-8/amd64"]
    assert libc[0]["level"] == "error"
    assert libc[0]["properties"]["remedy"] == "Build against glibc 2.17."
    rule = run["tool"]["driver"]["rules"][libc[0]["ruleIndex"]]
    assert rule["shortDescription"]["text"] == "Needs a newer glibc"
    assert rule["help"]["markdown"] == "Why **it** matters."
    assert rule["defaultConfiguration"] == {"level": "error"}
    assert "ST-UNUSED-001" not in json.dumps(run)


def test_fingerprints_tell_results_apart_and_stay(rich_report: Report) -> None:
    def prints() -> list[str]:
        results = log_of(rich_report)["runs"][0]["results"]
        return [result["partialFingerprints"]["ruleTargetSubject/v1"] for result in results]

    assert len(set(prints())) == len(prints())
    assert prints() == prints()


def test_what_could_not_be_decided_is_open(rich_report: Report) -> None:
    results = log_of(rich_report)["runs"][0]["results"]
    kinds = {(result["ruleId"], result["kind"], result["level"]) for result in results}
    assert ("stage-not-run", "open", "none") in kinds
    assert ("stage-unknown", "open", "none") in kinds
    assert ("stage-fail", "fail", "error") in kinds
    assert ("stage-flaky", "fail", "error") in kinds
    not_run = next(result for result in results if result["ruleId"] == "stage-not-run")
    assert not_run["message"]["text"] == "debian-12/armv7: Blocked by build. Needs: A build that works."
    told = [result for result in results if result["ruleId"] == "stage-fail"]
    assert [result["properties"]["target"] for result in told] == ["debian-12/armv7"]  # the others have a finding


def test_faults_of_tools_are_notifications(rich_report: Report) -> None:
    (invocation,) = log_of(rich_report)["runs"][0]["invocations"]
    assert [each["descriptor"]["id"] for each in invocation["toolExecutionNotifications"]] == [
        "stage-environment",
        "stage-emulator",
    ]
    assert (invocation["startTimeUtc"], invocation["endTimeUtc"]) == ("2026-11-20T01:14:07Z", "2026-11-20T01:26:11Z")
    assert invocation["exitCode"] == 1


def test_suppressed_findings_say_why(rich_report: Report) -> None:
    results = log_of(rich_report)["runs"][0]["results"]
    suppressed = [result for result in results if "suppressions" in result]
    assert [result["ruleId"] for result in suppressed] == ["ST-CGRP-001"]
    assert suppressed[0]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "We set GOMAXPROCS ourselves, until 2027-03-31"}
    ]


def test_an_interrupted_run_was_not_successful(hostile_report: Report) -> None:
    assert log_of(hostile_report)["runs"][0]["invocations"][0]["executionSuccessful"] is False

"""The JSON form: what is written is what the schema says, and is read back as it was."""

import json

import jsonschema
import msgspec
import pytest

from seatrial.errors import UsageError
from seatrial.model.report import Report
from seatrial.report.json import SCHEMA_FILE, read, render, render_schema, schema


@pytest.mark.parametrize("name", ["rich_report", "hostile_report", "empty_report", "good_report"])
def test_written_reports_are_valid(name: str, request: pytest.FixtureRequest) -> None:
    jsonschema.Draft202012Validator(schema()).validate(json.loads(render(request.getfixturevalue(name))))


def test_the_shipped_schema_is_up_to_date() -> None:
    assert SCHEMA_FILE.read_bytes() == render_schema()
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize(
    ("path", "value"),
    [(("summary", "planned"), "many"), (("cells", 0, "state"), "fine"), (("schema",), "other/1"), (("cells",), None)],
)
def test_the_schema_refuses(rich_report: Report, path: tuple[str | int, ...], value: object) -> None:
    form = json.loads(render(rich_report))
    place = form
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not jsonschema.Draft202012Validator(schema()).is_valid(form)


def test_a_cell_carries_what_its_stages_amount_to(rich_report: Report) -> None:
    form = json.loads(render(rich_report))
    first = form["cells"][0]
    assert (first["target"], first["state"], first["fidelity"]) == ("centos-7/amd64", "fail", "host")
    assert first["seconds"] == pytest.approx(9.1 + 0.2 + 12.25)
    assert form["cells"][2]["fidelity"] is None
    assert sum(form["summary"]["states"].values()) == form["summary"]["planned"]


@pytest.mark.parametrize("name", ["rich_report", "empty_report", "good_report"])
def test_read_back(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    assert read(render(report)) == report


def test_text_that_is_no_unicode_is_written_out(hostile_report: Report) -> None:
    again = read(render(hostile_report))
    assert "\\ud800" in again.program.name
    assert again.program.name.replace("\\ud800", "\ud800") == hostile_report.program.name


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff\xfe", b"{", b'{"schema": 1}', b'{"schema": "seatrial/report/1"}'])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match="no report of seatrial"):
        read(data)


def test_a_newer_schema_is_refused_by_name(good_report: Report) -> None:
    newer = msgspec.structs.replace(good_report, schema="seatrial/report/2")
    with pytest.raises(UsageError, match="seatrial/report/2"):
        read(render(newer))

"""`seatrial explain`, as a user calls it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from seatrial.cli import cli
from seatrial.errors import UsageError
from seatrial.rules import explanation_ids


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["explain", *arguments], catch_exceptions=True)


def test_one_rule_is_explained() -> None:
    result = explain("st-libc-001")
    assert result.exit_code == 0
    for part in ("ST-LIBC-001  Needs a newer glibc", "Why", "How to mend it", "Example", "Sources", "golang/go#58550"):
        assert part in result.stdout
    assert max(map(len, result.stdout.splitlines())) < 200


def test_in_chinese() -> None:
    result = explain("ST-LIBC-001", "--lang", "zh")
    assert "需要更新的 glibc" in result.stdout
    assert "如何修复" in result.stdout


def test_without_an_id_every_rule_is_listed() -> None:
    lines = explain().stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(explanation_ids())


def test_json_is_only_json() -> None:
    told = json.loads(explain("ST-ISA-001", "--json", "-").stdout)
    assert told["id"] == "ST-ISA-001"
    assert told["severity"] == "error"
    assert told["sources"]
    everything = json.loads(explain("--json", "-", "--lang", "zh").stdout)
    assert [one["id"] for one in everything] == list(explanation_ids())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["ST-LIBC-01"], "ST-LIBC-001"), (["nonsense"], "lists all")],
)
def test_mistakes_of_the_user(arguments: list[str], told: str) -> None:
    result = explain(*arguments)
    assert isinstance(result.exception, UsageError)
    assert told in str(result.exception)


def test_json_goes_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rule.json"
    result = explain("attribution:canary", "--json", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads(file.read_text())["id"] == "attribution:canary"

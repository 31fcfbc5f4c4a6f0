"""The examples of failures: built as seatrial builds them, judged, and compared with their `expect.toml`.

Only the static stage is asked here; what must be run is driven by the tests of `verify`.
"""

import shutil
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from seatrial.build import build, plan, resolve
from seatrial.inspection import inspect
from seatrial.model.binary import BinaryFacts
from seatrial.model.finding import Finding
from seatrial.model.needs import Needs
from seatrial.model.program import Built, CannotBuild
from seatrial.platforms import load
from seatrial.project import read, settings_for
from seatrial.rules import judge, rule_ids, undecided
from seatrial.store import Store, default_root
from seatrial.toolchains.go import find_go
from seatrial.toolchains.reader import deep_reader

FAILURES = Path(__file__).parents[2] / "examples" / "failures"
EXAMPLES = sorted(path.parent for path in FAILURES.glob("*/expect.toml"))
SLOW = {"c-shared-on-musl", "windows-import"}
"""The first use of these C targets takes zig minutes."""


def expectations(example: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = tomllib.loads((example / "expect.toml").read_text())["expect"]
    return rows


def static_cases() -> list[Any]:
    cases = []
    for example in EXAMPLES:
        marks = [pytest.mark.go]
        if (
            'import "C"' in (example / "main.go").read_text()
            and 'cc = "gcc"' not in (example / "seatrial.toml").read_text()
        ):
            marks.append(pytest.mark.zig)
        if example.name in SLOW:
            marks.append(pytest.mark.slow)
        for row in expectations(example):
            if row["stage"] == "static":
                name = f"{example.name}-{row['target']}-{row.get('rule', row['state'])}"
                cases.append(pytest.param(example, row, marks=marks, id=name))
    return cases


@cache
def built(example: Path, target: str) -> tuple[BinaryFacts, Needs]:
    project = read(example / "seatrial.toml")
    settings = settings_for(project, target)
    if settings.cc and not shutil.which(settings.cc):
        pytest.skip(f"no {settings.cc} on PATH")
    store = Store(default_root())
    go = find_go("", store)
    program = resolve(".", example, go, store)
    job = plan(program, load().platform(target), settings, go, store)
    assert not isinstance(job, CannotBuild), job
    result = build(program, job, go, store)
    assert isinstance(result, Built), result
    inspected = inspect(Path(result.path), deep_reader(store))
    return inspected.facts, inspected.parts[0].needs


@pytest.mark.parametrize(("example", "row"), static_cases())
def test_static_stage(example: Path, row: dict[str, str]) -> None:
    (facts, needs), platform = built(example, row["target"]), load().platform(row["target"])
    found = judge(facts, platform, needs)
    assert undecided(facts, platform, needs) == ()
    assert state(found) == row["state"], found
    if "rule" in row:
        assert row["rule"] in {finding.rule for finding in found}


def state(found: tuple[Finding, ...]) -> str:
    if any(finding.severity == "error" for finding in found):
        return "fail"
    return "warn" if found else "pass"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_complete(example: Path) -> None:
    project = read(example / "seatrial.toml")
    rows = expectations(example)
    selected = {platform.name for platform in load().select(project.targets)}
    assert {row["target"] for row in rows} == selected
    assert {row["state"] for row in rows} - {"pass"}, "an example of a failure"
    assert {row["rule"] for row in rows if row["stage"] == "static" and "rule" in row} <= set(rule_ids())
    assert (example / "go.mod").is_file()
    assert f"`{example.name}`" in (FAILURES / "README.md").read_text()


def test_every_folder_is_an_example() -> None:
    assert {path.name for path in FAILURES.iterdir() if path.is_dir()} == {path.name for path in EXAMPLES}

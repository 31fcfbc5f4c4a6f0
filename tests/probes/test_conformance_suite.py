"""The core of the conformance suite, built with and without planted faults and run natively."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import seatrial

pytestmark = pytest.mark.go

_SOURCE = Path(seatrial.__file__).parent / "probes" / "conformance"

# Cases that do what a case must never do, to see what the supervisor makes of it.
_MISDEEDS = """
package clocks

import (
	"os"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	add := func(id string, seconds float64, run func(t *suite.T)) {
		suite.Register(suite.Case{ID: id, Contract: "c", Source: "s", Breaks: "b", Seconds: seconds, Run: run})
	}
	add("clocks/aa-exits", 5, func(t *suite.T) { os.Exit(0) })
	add("clocks/ab-hangs", 0.3, func(t *suite.T) { time.Sleep(time.Hour) })
	add("clocks/ac-panics", 5, func(t *suite.T) { panic("on purpose") })
	add("clocks/ad-panics-elsewhere", 5, func(t *suite.T) { go panic("in a goroutine"); time.Sleep(time.Second) })
	add("clocks/ae-not-here", 5, func(t *suite.T) { t.Value("seen", 3); t.NA("reason %d", 7) })
	add("clocks/af-two-mistakes", 5, func(t *suite.T) { t.Errorf("one"); t.Fatalf("two") })
	add("clocks/ag-undecided", 5, func(t *suite.T) { t.Unknown("no witness") })
	add("clocks/ah-noise", 5, func(t *suite.T) { os.Stdout.WriteString("{\\"case\\": no\\n"); println("noise") })
	add("clocks/ai-unwritable", 5, func(t *suite.T) { t.Value("f", func() {}) })
	add("clocks/aj-writes", 5, func(t *suite.T) { os.WriteFile(t.Dir()+"/f", []byte("x"), 0o600) })
	add("clocks/ak-helped", 5, func(t *suite.T) {
		if out, err := t.Self("greet", "you").Output(); err != nil || string(out) != "hello you" {
			t.Fatalf("%q %v", out, err)
		}
	})
	suite.Helper("greet", func(args []string) int { os.Stdout.WriteString("hello " + args[0]); return 0 })
	suite.Register(suite.Case{ID: "clocks/al-needy", Contract: "c", Source: "s", Breaks: "b",
		Needs: []string{"real-time"}, Run: func(t *suite.T) {}})
	suite.Register(suite.Case{ID: "clocks/am-no-proof", Contract: "c", Source: "s", Breaks: "b",
		Needs: []string{"weak-memory"}, Run: func(t *suite.T) {}})
}
"""


def _build(source: Path, place: Path, *flags: str, cgo: str = "0") -> Path:
    env = os.environ | {"CGO_ENABLED": cgo, "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    subprocess.run(["go", "build", *flags, "-o", str(place), "."], cwd=source, env=env, check=True, timeout=240)
    return place


def _run(
    probe: Path, *arguments: str, env: dict[str, str] | None = None
) -> tuple[int, list[dict[str, Any]], dict[str, dict[str, Any]]]:
    done = subprocess.run(
        [str(probe), *arguments], env=os.environ | (env or {}), capture_output=True, text=True, timeout=120
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, lines, {line["case"]: line for line in lines if "case" in line}


@pytest.fixture(scope="module")
def misdeeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A probe with the cases above added."""
    place = tmp_path_factory.mktemp("misdeeds")
    source = place / "source"
    for path in _SOURCE.rglob("*"):
        if path.is_file():
            copy = source / path.relative_to(_SOURCE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (source / "topics" / "clocks" / "misdeeds.go").write_text(_MISDEEDS)
    return _build(source, place / "probe")


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build(_SOURCE, tmp_path_factory.mktemp("probe") / "probe")


def test_a_plan_facts_each_case_and_an_end(probe: Path) -> None:
    code, lines, cases = _run(probe, "--topic", "clocks")
    assert code == 0
    assert [next(iter(line)) for line in (lines[0], lines[1], lines[-1])] == ["plan", "facts", "end"]
    assert lines[0]["plan"] == [line["case"] for line in lines[2:-1]]
    assert lines[-1]["end"] == {"cases": len(cases)}
    assert {case["state"] for case in cases.values()} <= {"pass", "n/a"}


def test_the_catalogue_says_why_each_case_exists(probe: Path) -> None:
    done = subprocess.run([str(probe), "--list"], capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({row["id"] for row in rows}) == len(rows) > 0
    for row in rows:
        assert row["contract"].endswith(".")
        assert row["source"]
        assert row["breaks"].endswith(".")


@pytest.mark.parametrize("arguments", [["--run", "nosuch/case"], ["--run"], ["--no"], ["worker"], ["--run", "["]])
def test_wrong_usage(probe: Path, arguments: list[str]) -> None:
    assert _run(probe, *arguments)[0] == 2


def test_what_kills_the_worker_is_charged_to_its_case_and_the_rest_goes_on(misdeeds: Path, tmp_path: Path) -> None:
    code, lines, cases = _run(misdeeds, "--run", "clocks/a?-*", env={"TMPDIR": str(tmp_path)})
    assert code == 1
    assert lines[-1]["end"] == {"cases": len(lines[0]["plan"])} == {"cases": len(cases)}
    states = {name.removeprefix("clocks/")[:2]: case["state"] for name, case in cases.items()}
    assert states == {
        "aa": "fail",
        "ab": "fail",
        "ac": "fail",
        "ad": "fail",
        "ae": "n/a",
        "af": "fail",
        "ag": "unknown",
        "ah": "pass",
        "ai": "fail",
        "aj": "pass",
        "ak": "pass",
        "al": "pass",
        "am": "pass",
    }
    assert cases["clocks/aa-exits"]["ended"] == "exit status 0"
    assert cases["clocks/ab-hangs"]["ended"] == "time limit"
    assert "goroutine" in cases["clocks/ab-hangs"]["detail"]
    assert "panic: on purpose" in cases["clocks/ac-panics"]["detail"]
    assert "in a goroutine" in cases["clocks/ad-panics-elsewhere"]["detail"]
    assert cases["clocks/ae-not-here"]["detail"] == "reason 7"
    assert cases["clocks/ae-not-here"]["values"] == {"seen": 3}
    assert cases["clocks/af-two-mistakes"]["detail"] == "one\ntwo"
    assert "JSON" in cases["clocks/ai-unwritable"]["detail"]
    assert list(tmp_path.iterdir()) == []


def test_what_the_runner_lacks(misdeeds: Path) -> None:
    lacks = {"self-exec": "no loader", "real-time": "an emulator", "weak-memory": "a strong host"}
    ids = "clocks/ak-helped,clocks/al-needy,clocks/am-no-proof"
    _, _, cases = _run(misdeeds, "--run", ids, env={"SEATRIAL_LACKS": json.dumps(lacks)})
    assert [case["state"] for case in cases.values()] == ["unknown"] * 3
    assert ["no loader" in case["detail"] for case in cases.values()] == [True, False, False]
    assert "proves nothing without weak-memory: a strong host" in cases["clocks/am-no-proof"]["detail"]


def test_a_slow_runner_gets_more_time(misdeeds: Path) -> None:
    _, _, cases = _run(misdeeds, "--run", "clocks/ab-hangs", env={"SEATRIAL_TIME_FACTOR": "4"})
    assert 1.2 <= cases["clocks/ab-hangs"]["seconds"] < 10

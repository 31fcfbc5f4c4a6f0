"""Reading the canary, and the canary itself on this machine and under emulators."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from seatrial.model.runner import Offer
from seatrial.trials.canary import CANARY_SOURCE, read_canary, run_canary

Build = Callable[..., Path]
Script = Callable[[str], Path]

LINES: tuple[dict[str, object], ...] = (
    {"plan": ["timers", "mmap", "self exec"]},
    {"facts": {"goarch": "arm64", "page_size": 4096}},
    {"case": "timers", "ok": True, "ms": 3},
    {"case": "mmap", "ok": True, "skip": "no mmap here"},
    {"case": "self exec", "ok": False, "detail": "exec format error", "capability": True},
    {"end": {"cases": 3, "failed": 0}},
)


def text(*lines: dict[str, object]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_a_good_run() -> None:
    seen = read_canary(text(*LINES))
    assert (seen.passed, seen.cases, seen.failed, seen.self_exec) == (True, 3, (), False)
    assert seen.facts == {"goarch": "arm64", "page_size": "4096"}


@pytest.mark.parametrize(
    ("lines", "failed"),
    [
        ((), ("no end marker",)),
        (LINES[:-1], ("no end marker",)),
        ((*LINES[:2], *LINES[3:]), ("timers: never reported",)),
        ((*LINES[:2], {"case": "timers", "ok": False, "detail": "early"}, *LINES[3:]), ("timers: early",)),
        (LINES[:3], ("mmap: never reported", "self exec: never reported", "no end marker")),
    ],
)
def test_what_is_missing_has_failed(lines: tuple[dict[str, object], ...], failed: tuple[str, ...]) -> None:
    seen = read_canary(text(*lines))
    assert not seen.passed
    assert seen.failed == failed


def test_an_end_without_a_plan_is_no_pass() -> None:
    assert not read_canary(text({"end": {"cases": 0, "failed": 0}})).passed


@pytest.mark.parametrize(
    "line", ["", "qemu: unsupported", "[]", "3", '{"case": 3}', '{"plan": "x"}', '{"end": []}', "{"]
)
def test_odd_lines_are_passed_over(line: str) -> None:
    assert read_canary(f"{line}\n{text(*LINES)}").passed


def test_a_good_end_with_a_bad_exit_code_is_no_pass(native: Offer, script: Script) -> None:
    said = text(*LINES)
    assert run_canary(native, script(f"cat <<'X'\n{said}X")).passed
    seen = run_canary(native, script(f"cat <<'X'\n{said}X\nexit 1"))
    assert (seen.passed, seen.ending) == (False, "exit code 1")
    assert seen.output == said


@pytest.mark.parametrize(("times", "passed"), [(1, True), (2, False)])
def test_one_that_does_not_come_to_its_end_is_run_once_more(
    native: Offer, script: Script, tmp_path: Path, times: int, passed: bool
) -> None:
    count = tmp_path / "count"
    begin, rest = text(*LINES[:3]), text(*LINES[3:])
    stops = f"echo >> {count}; [ $(wc -l < {count}) -gt {times} ] || exit 9"
    seen = run_canary(native, script(f"cat <<'X'\n{begin}X\n{stops}\ncat <<'X'\n{rest}X"))
    assert (seen.passed, len(count.read_text())) == (passed, 2)
    assert [one.value for one in seen.evidence] == ["run twice: at first it did not come to its end (exit code 9)"]


def test_a_runner_that_does_not_start(native: Offer, tmp_path: Path) -> None:
    seen = run_canary(msgspec.structs.replace(native, prefix=("/no/such/qemu",)), tmp_path / "canary")
    assert not seen.passed
    assert "could not start" in seen.ending


def test_time_is_over(native: Offer, script: Script) -> None:
    slow = msgspec.structs.replace(native, time_factor=2.0)
    seen = run_canary(slow, script("sleep 60"), limit=0.1)
    assert (seen.passed, seen.ending) == (False, "still running after the time limit")


@pytest.mark.go
@pytest.mark.parametrize("goarch", ["amd64", "386"])
def test_this_machine_passes(native: Offer, go_build: Build, goarch: str) -> None:
    seen = run_canary(native, go_build(CANARY_SOURCE, goarch=goarch))
    assert seen.passed, seen
    assert seen.self_exec
    assert seen.cases == 13
    assert seen.facts["goarch"] == goarch
    assert seen.facts["pointer_size"] == ("8" if goarch == "amd64" else "4")
    assert seen.seconds < 5

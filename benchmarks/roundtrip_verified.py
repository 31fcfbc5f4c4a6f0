"""Verify `roundtrip` on its eight platforms in a cache of its own, as the benchmarks of `verify` do."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from seatrial.model.report import Report
from seatrial.model.states import Group, group_of
from stopwatch import run

__all__ = ["PROGRAM", "environment", "forget_results", "prepare", "report", "verify"]

PROGRAM = Path(__file__).with_name("roundtrip")
_KNOWN_FROM_BEFORE = ("artifacts", "probes", "results", "runs", "surveys")
"""Rooms of the store with what was built and found out about a program, canaries included. The others hold what belongs
to the machine: packages, emulators that were tried, digests of tools."""


def environment(go_cache: Path) -> dict[str, str]:
    """The environment of this process with another GOCACHE."""
    return {**os.environ, "GOCACHE": str(go_cache)}


def verify(cache: Path, env: Mapping[str, str], json: Path) -> float:
    """Seconds of one `seatrial verify`; SystemExit unless all was built, ran and is good."""
    seatrial = Path(sys.executable).with_name("seatrial")
    stages = ("--stage", "build", "--stage", "static", "--stage", "smoke")
    command = [str(seatrial), "verify", str(PROGRAM), *stages, "--cache-dir", str(cache), "--json", str(json), "-q"]
    return run(command, env)


def report(json: Path) -> Report:
    """The report that `verify` wrote; SystemExit when a stage was not checked, which would make the time worthless."""
    read = msgspec.json.decode(json.read_bytes(), type=Report)
    for cell in read.cells:
        for stage in cell.stages:
            if group_of(stage.state) is not Group.GOOD:
                raise SystemExit(f"{cell.target}: {stage.stage} is {stage.state}; nothing can be compared.")
    return read


def forget_results(cache: Path) -> None:
    """Make the store what it is on a machine that has verified other programs, but not this one."""
    for room in _KNOWN_FROM_BEFORE:
        shutil.rmtree(cache / room, ignore_errors=True)


def prepare(cache: Path, scratch: Path) -> Report:
    """Have everything fetched, and the report whose reproducers the shell loop uses."""
    json = scratch / "report.json"
    verify(cache, environment(scratch / "go-cache"), json)
    shutil.rmtree(scratch / "go-cache")
    return report(json)

"""The catalogue of the conformance suite says what the probes hold."""

import json
import os
import re
import subprocess

import pytest

from seatrial.host import host
from seatrial.tables.conformance_cases import TOPICS, cases, cases_of
from seatrial.toolchains import find_go
from support.conformance_faults import SUITE
from support.conformance_probes import cgo_probe, pure_probe


def test_each_case_says_why_it_exists() -> None:
    for info in cases().values():
        assert re.fullmatch(r"[a-z]+/[a-z0-9]+(-[a-z0-9]+)*", info.id)
        assert info.topic in TOPICS
        assert info.contract.endswith("."), info.id
        assert info.breaks.endswith("."), info.id
        assert info.source, info.id
        assert info.ports, info.id
        assert 0 < info.seconds <= 120, info.id


def test_a_case_applies_to_its_ports_only() -> None:
    info = cases()["clocks/futex-time-out-not-early"]
    assert info.applies("linux", "loong64")
    assert not info.applies("windows", "amd64")
    assert info.id not in {one.id for one in cases_of("windows", "amd64")}
    assert cases()["clocks/monotonic-on-one-thread"].applies("windows", "arm64")


@pytest.mark.go
def test_the_catalogue_is_that_of_the_source() -> None:
    go = find_go()
    outcome = go.run(("run", "./catalogue"), {"GOWORK": "off", "CGO_ENABLED": "0"}, 120, SUITE)
    assert outcome.ok, outcome.stderr
    written = json.loads((SUITE.parents[1] / "tables" / "conformance_cases.json").read_text("utf-8"))
    assert json.loads(outcome.stdout) == written, (
        "cd src/seatrial/probes/conformance && go run ./catalogue > ../../tables/conformance_cases.json"
    )


@pytest.mark.go
@pytest.mark.zig
def test_the_probes_hold_the_cases_of_the_catalogue() -> None:
    """What was read from the source is what the programs say of themselves, here at least."""
    held = {}
    for probe, cgo in ((pure_probe().path, False), (cgo_probe().path, True)):
        done = subprocess.run([probe, "--list"], capture_output=True, text=True, check=True, env=os.environ)
        for line in done.stdout.splitlines():
            row = json.loads(line)
            assert row["id"] not in held
            held[row["id"]] = (row["contract"], row["source"], row["breaks"], tuple(row["needs"]), row["seconds"], cgo)
    infos = cases_of("linux", host().goarch)
    assert held == {
        info.id: (info.contract, info.source, info.breaks, info.needs, info.seconds, info.cgo) for info in infos
    }

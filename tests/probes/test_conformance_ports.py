"""Faults of cases that linux/amd64 does not have are caught too, under whatever runs programs of their port here."""

from functools import cache
from pathlib import Path

import msgspec
import pytest

from seatrial.build.conformance import build_pure_probe
from seatrial.host import host
from seatrial.model.runner import Offer, Workload
from seatrial.model.states import State
from seatrial.packages import Packages
from seatrial.platforms import load
from seatrial.runners import ways
from seatrial.runners.native import Native
from seatrial.runners.wine import Wine
from seatrial.store import Store, default_root
from seatrial.tables.conformance_cases import cases_of
from seatrial.toolchains import find_go
from seatrial.trials.conformance import lacks, run_probe
from support.conformance_faults import Fault, faults

pytestmark = [pytest.mark.go, pytest.mark.wine]

_PLATFORMS = {"linux/386": "debian-12/386", "windows/amd64": "windows-10/amd64"}
"""Of the ports that something here runs. Nothing runs programs of darwin."""


@cache
def _ready(port: str) -> tuple[Offer, Path]:
    store = Store(default_root())
    packages = Packages(store, lambda _: None)
    platform = load().platform(_PLATFORMS[port])
    found = ways((Native(store, packages), Wine(store, packages)), platform, Workload(platform.goos, platform.goarch))
    found.look(1)
    if not found.offers:
        pytest.skip(f"nothing that runs programs of {port}")
    return found.offers[0], build_pure_probe(platform, find_go(), store, faulty=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", [fault for fault in faults() if fault.port in _PLATFORMS], ids=lambda fault: fault.name
)
def test_a_fault_of_another_port_is_caught(fault: Fault) -> None:
    offer, probe = _ready(fault.port)
    offer = msgspec.structs.replace(offer, environment={**offer.environment, "SEATRIAL_FAULT": fault.name})
    infos = [info for info in cases_of(*fault.port.split("/")) if info.id in fault.catches]
    run = run_probe(offer, probe, infos, without=lacks(offer, host().goarch))
    assert set(run.cases) == set(fault.catches), run.output
    seen = {name: (case.state, case.detail) for name, case in run.cases.items()}
    assert {name: told for name, told in seen.items() if told[0] is not State.FAIL} == {}

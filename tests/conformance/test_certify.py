"""Certificates as a whole: what is not built, not run or not sound is told for every case, never passed over."""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from seatrial import processes
from seatrial.build.conformance import CgoProbe
from seatrial.conformance import Certifier, host_platform
from seatrial.host import host
from seatrial.model.conformance import CaseOutcome
from seatrial.model.message import Message
from seatrial.model.platform import Platform
from seatrial.model.runner import CannotOffer, Offer, Workload
from seatrial.model.states import Fidelity, State
from seatrial.model.trial import CanaryResult
from seatrial.runners import Ways
from seatrial.store import Store, default_root
from seatrial.tables.conformance_cases import cases
from seatrial.tables.messages import message
from seatrial.toolchains import find_go

if TYPE_CHECKING:
    from support.builds import Builder

pytestmark = pytest.mark.go

NATIVE = Offer("native", "Linux", Fidelity.HARDWARE)
SOUND = CanaryResult(True, self_exec=True, facts={"goos": "linux", "goarch": host().goarch})
CHOSEN = tuple(cases()[id_] for id_ in ("clocks/monotonic-on-one-thread", "clocks/wall-clock-plausible"))


def certifier(
    *offers: Offer | CannotOffer, canary: CanaryResult = SOUND, kind: type[Certifier] = Certifier
) -> Certifier:
    def search(_: Platform, __: Workload) -> Ways:
        return Ways(offers)

    return kind(find_go(), Store(default_root()), search, lambda _, __: canary, lambda _: None)


class WithProbe(Certifier):
    """Whose probe is a script, or the reason why there is none."""

    script: Path | Message

    def build(self, platform: Platform, kind: str) -> Path | CgoProbe | Message:
        return self.script


def test_what_cannot_be_built() -> None:
    why = message("conformance.no-probe", why="no compiler.")
    made = certifier(NATIVE, kind=type("None", (WithProbe,), {"script": why})).certify(host_platform(), CHOSEN)
    assert [(case.state, case.reason) for case in made.cases] == [(State.ENVIRONMENT, why)] * 2
    assert made.exit_code == 3
    assert made.fidelity is None
    assert made.probes[0].absent == why


def test_a_runner_that_fails_its_canary_says_nothing_of_a_platform() -> None:
    broken = CanaryResult(False, failed=("timers: late",))
    made = certifier(NATIVE, canary=broken).certify(host_platform(), CHOSEN)
    assert {case.state for case in made.cases} == {State.ENVIRONMENT}
    assert made.cases[0].reason is not None
    assert "timers: late" in made.cases[0].reason.text
    emulated = msgspec.structs.replace(NATIVE, fidelity=Fidelity.USER_EMULATION)
    made = certifier(emulated, canary=broken).certify(host_platform(), CHOSEN)
    assert {case.state for case in made.cases} == {State.EMULATOR}


def test_nobody_can_run_it() -> None:
    why = message("run.no-runner")
    made = certifier(CannotOffer("native", why, "cannot-run", why)).certify(host_platform(), CHOSEN)
    assert [(case.state, case.reason) for case in made.cases] == [(State.NOT_RUN, why)] * 2
    assert made.exit_code == 3


def test_a_real_probe_here() -> None:
    told: list[str] = []
    made = certifier(NATIVE).certify(host_platform(), CHOSEN, lambda id_, _: told.append(id_))
    assert [case.state for case in made.cases] == [State.PASS, State.PASS]
    assert told == [case.id for case in made.cases] == [info.id for info in CHOSEN]
    assert made.exit_code == 0
    assert made.states["pass"] == 2
    assert made.cases[0].reproducer.endswith("--run clocks/monotonic-on-one-thread")


ANSWERS = """package main

import (
	"fmt"
	"time"
)

func main() {
	fmt.Println(`{"case": "clocks/monotonic-on-one-thread", "state": "fail"}`)
	fmt.Println(`{"case": "clocks/wall-clock-plausible", "state": "pass"}`)
	time.Sleep(time.Hour)
}
"""


def test_ctrl_c_leaves_what_was_answered(builder: "Builder", tmp_path: Path) -> None:
    """A failure is nobody's yet; what comes after is not begun, the side with C and other platforms too."""
    (tmp_path / "main.go").write_text(ANSWERS)
    chosen = (*CHOSEN, cases()["clocks/resolution"], next(info for info in cases().values() if info.cgo))
    probe = tmp_path / "answers"
    builder.run_go(tmp_path, ["build", "-o", str(probe), "main.go"], {"CGO_ENABLED": "0"})

    def told(id_: str, _: CaseOutcome) -> None:
        if id_ == CHOSEN[1].id:
            raise KeyboardInterrupt

    made = certifier(NATIVE, kind=type("Waits", (WithProbe,), {"script": probe}))
    with processes.interruptible():
        first, second = (made.certify(host_platform(), chosen, told) for _ in range(2))
    assert [case.state for case in first.cases] == [State.UNKNOWN, State.PASS, State.NOT_RUN, State.NOT_RUN]
    assert {case.state for case in second.cases} == {State.NOT_RUN}
    assert "asked again" in str(first.cases[0].reason)
    assert first.fidelity is Fidelity.HARDWARE
    assert ([one.kind for one in first.probes], second.probes) == (["pure"], ())
    assert (first.complete, first.exit_code) == (second.complete, second.exit_code) == (False, 3)

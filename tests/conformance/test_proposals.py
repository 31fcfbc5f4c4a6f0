"""Rows that are proposed for the table of emulator faults fit what was seen, and nothing else."""

import msgspec

from seatrial.attribution import faults_met
from seatrial.conformance.proposals import propose
from seatrial.model.attribution import Subject
from seatrial.model.conformance import CaseVerdict, Witness
from seatrial.model.runner import Offer
from seatrial.model.states import Fidelity, State
from seatrial.tables.emulator_faults import EmulatorFault, Place
from support.certificates import verdict

SUBJECT = Subject(goos="linux", goarch="arm64", host_arch="amd64", host_kernel="6.18.44", go_version="go1.27.3")
OFFER = Offer("qemu-user", "qemu-user 10.0.2", Fidelity.USER_EMULATION)


def case(state: State = State.UNKNOWN, witness: State = State.PASS) -> CaseVerdict:
    seen = 'got "x\\y", \x07 want EPERM\nmore'
    return verdict("signals/timer-overrun", state, seen, witnesses=(Witness("Linux 6, linux/amd64", witness),))


def test_a_row_that_the_table_would_take() -> None:
    text = propose(SUBJECT, OFFER, case())
    (row,) = msgspec.toml.decode(text, type=dict[str, tuple[EmulatorFault, ...]])["fault"]
    place = Place("arm64", "amd64", "qemu-user", "10.0.2", "go1.27.3", "6.18.44")
    assert row.fits(place)
    assert not row.fits(Place("arm64", "amd64", "qemu-user", "10.1.0", "go1.27.3", "6.18.44"))
    assert row.signed(row.sample)
    assert row.signed("signals/timer-overrun: anything\nelse")
    assert not row.signed("signals/timer-overrun-twice: anything")
    assert faults_met(SUBJECT, OFFER, row.sample) == ()  # a proposal is not in the table


def test_the_releases_that_fail_alike() -> None:
    older = Witness("qemu-user 7.2.22, linux/arm64", State.FAIL)
    both = msgspec.structs.replace(case(), witnesses=(older, *case().witnesses))
    assert 'emulator_versions = ">=7.2.22, <=10.0.2"' in propose(SUBJECT, OFFER, both)
    unnumbered = Offer("wine", "wine", Fidelity.API)
    assert "emulator_versions" not in propose(SUBJECT, unnumbered, case())


def test_nothing_is_proposed_without_a_disagreement() -> None:
    assert propose(SUBJECT, OFFER, case(witness=State.FAIL)) == ""
    assert propose(SUBJECT, OFFER, case(State.PASS)) == ""
    assert propose(SUBJECT, OFFER, case(State.FAIL)) == ""
    for rule in ("attribution:known-fault", "attribution:perturb"):
        assert propose(SUBJECT, OFFER, msgspec.structs.replace(case(State.EMULATOR), rule=rule)) == ""
    decided = msgspec.structs.replace(case(State.EMULATOR), rule="attribution:escalate")
    assert propose(SUBJECT, OFFER, decided)

"""A stage from offers to its result: with fake trials for the loop, with shell scripts for the whole of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seatrial.errors import CouldNotCheck
from seatrial.model.attribution import Subject
from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, Kind, Linkage
from seatrial.model.message import Message
from seatrial.model.platform import Certainty, Fact, Libc, Platform
from seatrial.model.report import Substitute
from seatrial.model.runner import CannotOffer, Offer
from seatrial.model.states import Fidelity, StageName, State
from seatrial.model.trial import CanaryResult, Observation, Perturbation
from seatrial.runners import Ways
from seatrial.running import NEWER_LIBC, run_stage, subject_of
from seatrial.trials.canary import run_canary
from seatrial.trials.smoke import smoke

NATIVE = Offer("native", "Linux 6.18.44", Fidelity.HOST, libc_version="2.36")
QEMU = Offer(
    "qemu-user",
    "qemu-user 10.0.2",
    Fidelity.USER_EMULATION,
    substitutes=(Substitute("kernel", "4.19", "6.18"),),
    libc_version="2.36",
)
QEMU7 = Offer("qemu-user", "qemu-user 7.2.22", Fidelity.USER_EMULATION)
SUBJECT = Subject(goos="linux", goarch="amd64", libc_version="2.28", dynamic=True)
STATIC = msgspec.structs.replace(SUBJECT, dynamic=False)
GOOD = Observation(State.PASS, Message("x", "ran well"), output="hello\n", reproducer="qemu ./app")
BAD = Observation(State.FAIL, Message("x", "crashed"), signature="signal SIGSEGV", output="ouch\n", reproducer="./app")
NO_WINE = CannotOffer("wine", Message("x", "no wine here"), "no-wine", Message("x", "install wine"))
NO_QEMU = CannotOffer("qemu-user", Message("x", "no qemu here"), "no-emulator", Message("x", "install qemu"))


def sound(_offer: Offer) -> CanaryResult:
    return CanaryResult(True, 13, self_exec=True)


def always(observation: Observation) -> Callable[[Offer, Perturbation | None], Observation]:
    return lambda _offer, _perturbation: observation


def test_a_good_run_carries_what_it_rests_on() -> None:
    stage = run_stage(StageName.SMOKE, Ways((NO_WINE, QEMU)), always(GOOD), sound, STATIC)
    assert (stage.state, stage.rule, stage.runner) == (State.PASS, "", "qemu-user 10.0.2")
    assert (stage.fidelity, stage.substitutes) == (Fidelity.USER_EMULATION, QEMU.substitutes)
    assert (stage.reason.text, stage.output, stage.reproducer) == ("ran well", "hello\n", "qemu ./app")
    assert [(line.kind, line.value) for line in stage.evidence] == [
        ("canary", "passed, 13 cases"),
        ("trial", "1 of 1 passed"),
    ]
    assert stage.seconds > 0


def test_what_does_not_apply_rests_on_nothing() -> None:
    nothing = Observation(State.NA, Message("x", "no tests"))
    stage = run_stage(StageName.TESTS, Ways((QEMU,)), always(nothing), sound, STATIC)
    assert (stage.state, stage.fidelity, stage.runner, stage.substitutes) == (State.NA, None, "", ())


def test_what_ran_out_of_time_is_tried_once_where_others_are_tried_three_times() -> None:
    def trials(observation: Observation) -> int:
        calls = []
        once = always(observation)

        def counted(offer: Offer, perturbation: Perturbation | None) -> Observation:
            calls.append(offer)
            return once(offer, perturbation)

        assert run_stage(StageName.TESTS, Ways((QEMU, QEMU7)), counted, sound, STATIC).state is State.FAIL
        return len(calls)

    assert trials(BAD) == 1 + 3 + 3 * 3 + 3
    assert trials(msgspec.structs.replace(BAD, timed_out=True)) == 1 + 1 + 3 + 1


def test_the_native_runner_is_called_native() -> None:
    assert run_stage(StageName.SMOKE, Ways((NATIVE,)), always(GOOD), sound, STATIC).runner == "native"


def test_a_machine_that_is_lost_before_it_offers_anything_is_the_environments() -> None:
    lost = CannotOffer("micro-vm", Message("x", "lost"), "vm-lost", Message("x", "see"), State.ENVIRONMENT)
    stage = run_stage(StageName.SMOKE, Ways((lost,)), always(GOOD), sound, STATIC)
    assert (stage.state, stage.reason_code, stage.reason.text) == (State.ENVIRONMENT, "vm-lost", "lost")


def test_without_an_offer_it_is_not_run_with_the_reason_and_the_need() -> None:
    stage = run_stage(StageName.SMOKE, Ways((NO_WINE, NO_QEMU)), always(GOOD), sound, STATIC)
    assert (stage.state, stage.reason.text, stage.reason_code) == (State.NOT_RUN, "no wine here", "no-wine")
    assert stage.needs is not None and stage.needs.text == "install wine"
    assert [(line.where, line.value) for line in stage.evidence] == [("qemu-user", "no qemu here")]
    stage = run_stage(StageName.SMOKE, Ways(()), always(GOOD), sound, STATIC)
    assert (stage.state, stage.reason_code) == (State.NOT_RUN, "no-runner")


@pytest.mark.parametrize(
    ("subject", "floor_fits", "platform", "state", "rule"),
    [
        (SUBJECT, False, "2.28", State.WARN, NEWER_LIBC),
        (SUBJECT, True, "2.28", State.PASS, ""),
        (STATIC, False, "2.28", State.PASS, ""),
        (SUBJECT, False, "2.36", State.PASS, ""),
        (SUBJECT, False, "2.39", State.PASS, ""),
        (SUBJECT, False, "", State.PASS, ""),
    ],
)
def test_a_newer_libc_than_the_platforms_is_at_most_a_warning(
    subject: Subject, floor_fits: bool, platform: str, state: State, rule: str
) -> None:
    subject = msgspec.structs.replace(subject, libc_version=platform)
    stage = run_stage(StageName.SMOKE, Ways((NATIVE,)), always(GOOD), sound, subject, floor_fits)
    assert (stage.state, stage.rule) == (state, rule)


def test_a_failure_shows_its_output_and_everything_that_was_tried() -> None:
    stage = run_stage(StageName.SMOKE, Ways((QEMU,)), always(BAD), sound, STATIC)
    assert (stage.state, stage.rule) == (State.FAIL, "attribution:remainder")
    assert (stage.reason.text, stage.output, stage.reproducer) == ("crashed", "ouch\n", "./app")
    told = {line.kind: line.value for line in stage.evidence}
    assert told["trial"] == "0 of 4 passed: signal SIGSEGV"
    assert told["GOMAXPROCS=1"] == "0 of 3 passed: the same"


def test_flaky_shows_the_failure_although_it_passed_first_under_the_same_offer() -> None:
    answers = iter([BAD, GOOD])
    stage = run_stage(StageName.SMOKE, Ways((NATIVE,)), lambda _o, _p: next(answers), sound, STATIC)
    assert (stage.state, stage.output) == (State.FLAKY, "ouch\n")


def test_a_broken_runner_is_passed_over_and_told() -> None:
    def canary(offer: Offer) -> CanaryResult:
        return CanaryResult(offer is not QEMU7, 13, failed=("timers: early",) if offer is QEMU7 else ())

    stage = run_stage(StageName.SMOKE, Ways((QEMU7, QEMU)), always(GOOD), canary, STATIC)
    assert (stage.state, stage.runner) == (State.PASS, "qemu-user 10.0.2")
    assert [line.value for line in stage.evidence if line.where == "qemu-user 7.2.22"] == ["failed; timers: early"]

    chosen = msgspec.structs.replace(STATIC, replaceable=False)
    stage = run_stage(StageName.SMOKE, Ways((QEMU7, QEMU)), always(GOOD), canary, chosen)
    assert (stage.state, stage.rule, stage.runner) == (State.EMULATOR, "attribution:canary", "qemu-user 7.2.22")


def test_what_the_host_cannot_do_is_environment_and_no_exception() -> None:
    def full(_offer: Offer, _perturbation: Perturbation | None) -> Observation:
        raise OSError(28, "No space left on device")

    stage = run_stage(StageName.SMOKE, Ways((NATIVE,)), full, sound, STATIC)
    assert (stage.state, stage.reason_code) == (State.ENVIRONMENT, "host")
    assert "No space left on device" in stage.reason.text

    def unbuilt(_offer: Offer) -> CanaryResult:
        raise CouldNotCheck("Cannot build the canary.")

    stage = run_stage(StageName.SMOKE, Ways((NATIVE,)), always(GOOD), unbuilt, STATIC)
    assert (stage.state, stage.runner) == (State.ENVIRONMENT, "native")
    assert stage.reason.text == "This machine could not do it: Cannot build the canary."


def fact(value: object) -> Fact[object]:
    return Fact(value, "test", Certainty.VERBATIM)


def program(goarch: str = "amd64", linkage: Linkage = Linkage.STATIC, variant: str = "") -> BinaryFacts:
    settings = {"GOAMD64": variant} if variant else {}
    return BinaryFacts(
        path="app",
        size=1,
        sha256="",
        format=BinaryFormat.ELF,
        kind=Kind.EXECUTABLE,
        goos="linux",
        goarch=goarch,
        bits=64,
        endian="little",
        machine="",
        linkage=linkage,
        interpreter="/lib64/ld-linux-x86-64.so.2" if linkage == Linkage.DYNAMIC else "",
        go=GoBuildInfo("go1.27.3", settings=settings),
    )


def platform() -> Platform:
    values: dict[str, Any] = {
        name: fact(value)
        for name, value in {
            "kernel": "4.19",
            "libc": Libc("glibc", "2.28"),
            "loader": "/lib64/ld-linux-x86-64.so.2",
            "page_size": 4096,
            "cgroup": "v1",
            "features": (),
            "variant": "v3",
            "world": "",
            "libraries": (),
        }.items()
    }
    return Platform(
        name="kylin/x",
        os="kylin",
        cpu="x",
        title="Kylin",
        cpu_title="X",
        goos="linux",
        goarch="amd64",
        qemu=None,
        **values,
    )


def test_the_subject_is_read_from_platform_and_artifact() -> None:
    subject = subject_of(platform(), program(linkage=Linkage.DYNAMIC, variant="v3"), "amd64", "6.18")
    assert (subject.go_version, subject.libc_version, subject.page_size) == ("go1.27.3", "2.28", 4096)
    assert (subject.dynamic, subject.interpreter == subject.loader) == (True, True)
    assert "avx2" in subject.required
    assert "avx2" not in subject_of(platform(), program(), "amd64", "6.18").required
    assert subject_of(platform(), program(variant="v9"), "amd64", "6.18").required == frozenset()


def test_the_whole_of_it_on_scripts(tmp_path: Path) -> None:
    """Canary, trial, repeats, perturbations and the second implementation, each a real process."""
    canary = tmp_path / "canary"
    canary.write_text(
        '#!/bin/sh\necho \'{"plan":["a"]}\'; echo \'{"case":"a","ok":true}\'; echo \'{"end":{"cases":1,"failed":0}}\'\n'
    )
    log = tmp_path / "log"
    app = tmp_path / "app"
    app.write_text(f'#!/bin/sh\necho "$EMULATOR $GOMAXPROCS" >> {log}\n[ "$EMULATOR" = good ] || kill -SEGV $$\n')
    for path in (canary, app):
        path.chmod(0o755)
    first, second = (
        msgspec.structs.replace(offer, prefix=("env",), environment={"EMULATOR": word})
        for offer, word in ((QEMU, "bad"), (QEMU7, "good"))
    )

    def once(offer: Offer, perturbation: Perturbation | None) -> Observation:
        return smoke(offer, app, program(), None, perturbation)

    stage = run_stage(StageName.SMOKE, Ways((first, second)), once, lambda offer: run_canary(offer, canary), STATIC)
    assert (stage.state, stage.rule) == (State.EMULATOR, "attribution:escalate")
    assert stage.reproducer == f"EMULATOR=bad env {app}"
    assert log.read_text().split("\n").count("bad 1") == 3
    assert log.read_text().split("\n").count("good ") == 3

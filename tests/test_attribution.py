"""All seven steps, as tables and as properties; nothing is run here."""

from collections.abc import Callable, Iterable
from itertools import chain, repeat
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.account import account
from seatrial.attribution import RUNS, next_step
from seatrial.model.attribution import Experiment, Look, Step, Subject, Tried, Verdict
from seatrial.model.message import Message
from seatrial.model.runner import Offer
from seatrial.model.states import Fidelity, State
from seatrial.model.trial import CanaryResult, Layer, MachineTrouble, Observation, Perturbation, Trap

NATIVE = Offer("native", "native", Fidelity.HOST)
QEMU10 = Offer("qemu-user", "qemu-user 10.0.2", Fidelity.USER_EMULATION, same=("cpu",))
QEMU7 = Offer("qemu-user", "qemu-user 7.2.22", Fidelity.USER_EMULATION, same=("cpu",))
PLAIN = CanaryResult(True, 13)
SOUND = CanaryResult(True, 13, facts={"goos": "linux", "goarch": "arm64", "page_size": "4096"})
BROKEN = CanaryResult(False, 3, ("preemption: never reported",), ending="signal SIGSEGV")
ARM64 = Subject(goos="linux", goarch="arm64", go_version="go1.27.3", host_arch="amd64", host_kernel="6.18.44")
GOOD = Observation(State.PASS, Message("x", "ran well"))


def bad(signature: str = "signal SIGSEGV", layer: Layer = Layer.PROGRAM, **more: Any) -> Observation:
    return Observation(State.FAIL, Message("x", f"failed: {signature}"), layer=layer, signature=signature, **more)


BAD = bad()
Answers = dict[tuple[int, Perturbation | None], Iterable[Observation]]


def attribute(
    offers: tuple[Offer, ...],
    answers: Answers,
    canaries: tuple[CanaryResult, ...] = (),
    subject: Subject = ARM64,
) -> tuple[Verdict, tuple[Tried, ...]]:
    """Follow `next_step` to its verdict. What is not answered for a perturbation or offer stays BAD."""
    sources = {key: iter(chain(given_, repeat(BAD))) for key, given_ in answers.items()}
    history: tuple[Tried, ...] = ()
    for _ in range(100):
        step = next_step(subject, offers, history)
        if isinstance(step, Verdict):
            return step, history
        assert isinstance(step, Experiment)  # there are no more offers to look for
        result: Observation | CanaryResult
        if step.canary:
            result = canaries[step.offer] if step.offer < len(canaries) else SOUND
        else:
            answer = sources.get((step.offer, step.perturbation))
            result = next(answer) if answer else BAD
        history = (*history, Tried(step, result))
    raise AssertionError("no verdict after 100 experiments")


def trials(history: tuple[Tried, ...]) -> list[Experiment]:
    return [tried.experiment for tried in history if not tried.experiment.canary]


def test_a_program_that_runs_well_is_run_once_after_the_canary() -> None:
    verdict, history = attribute((QEMU10, QEMU7), {(0, None): [GOOD]})
    assert (verdict.state, verdict.rule, verdict.offer) == (State.PASS, "", 0)
    assert [tried.experiment for tried in history] == [
        Experiment(0, Step.CANARY, canary=True),
        Experiment(0, Step.STAGE),
    ]


@pytest.mark.parametrize(
    ("layer", "subject", "state", "code"),
    [
        (Layer.RUNNER, ARM64, State.ENVIRONMENT, "runner"),
        (Layer.COMPILER, ARM64, State.FAIL, ""),
        (Layer.LOADER_LIBRARY, ARM64, State.ENVIRONMENT, "loader"),
        # The libc here is 2.36: what it does not have, an older platform has not either.
        (Layer.LOADER_SYMBOL, Subject(goos="linux", goarch="arm64", libc_version="2.28"), State.FAIL, ""),
        (Layer.LOADER_SYMBOL, Subject(goos="linux", goarch="arm64", libc_version="2.39"), State.ENVIRONMENT, "loader"),
        (Layer.LOADER_SYMBOL, ARM64, State.ENVIRONMENT, "loader"),
        (
            Layer.LOADER_INTERPRETER,
            Subject(goos="linux", goarch="arm64", interpreter="/lib/ld-linux.so", loader="/lib/ld-musl.so"),
            State.FAIL,
            "",
        ),
        (
            Layer.LOADER_INTERPRETER,
            Subject(goos="linux", goarch="arm64", interpreter="/lib/ld-linux.so", loader="/lib/ld-linux.so"),
            State.ENVIRONMENT,
            "loader",
        ),
    ],
)
def test_step_1_the_layer_that_raised_it_knows(layer: Layer, subject: Subject, state: State, code: str) -> None:
    offer = Offer("native", "native", Fidelity.HOST, libc_version="2.36")
    verdict, history = attribute((offer,), {(0, None): [bad("x", layer, subject="GLIBC_2.38")]}, subject=subject)
    assert (verdict.state, verdict.rule, verdict.reason_code) == (state, "attribution:stage", code)
    assert len(trials(history)) == 1


@pytest.mark.parametrize(("offer", "state"), [(QEMU7, State.EMULATOR), (NATIVE, State.ENVIRONMENT)])
def test_step_2_a_failed_canary_ends_it_before_the_program_runs(offer: Offer, state: State) -> None:
    verdict, history = attribute((offer,), {}, (BROKEN,))
    assert (verdict.state, verdict.rule, verdict.reason_code) == (state, "attribution:canary", "canary-failed")
    assert "preemption: never reported; signal SIGSEGV" in verdict.reason.text
    assert trials(history) == []


MACHINE = Offer("micro-vm", "micro-vm 10.0.2", Fidelity.SYSTEM_EMULATION, same=("cpu",))
LOST = MachineTrouble("vm-lost", "kernel: Kernel panic - not syncing: no init")


def test_step_2_a_machine_that_is_lost_is_the_environments_whatever_emulates_it() -> None:
    lost = CanaryResult(False, failed=("no end marker",), trouble=LOST)
    verdict, history = attribute((MACHINE,), {}, canaries=(lost,))
    assert (verdict.state, verdict.rule, verdict.reason_code) == (State.ENVIRONMENT, Step.CANARY, "vm-lost")
    assert "no init" in verdict.reason.text
    assert [one.value for one in account(ARM64, (MACHINE,), history)] == [f"not run: vm-lost {LOST.text}"]


def test_step_1_a_machine_that_a_program_takes_with_it_is_the_environments() -> None:
    lost = bad("vm-lost running: Kernel panic", Layer.MACHINE, subject="vm-lost")
    verdict, history = attribute((MACHINE,), {(0, None): [lost]})
    assert (verdict.state, verdict.rule, verdict.reason_code) == (State.ENVIRONMENT, Step.STAGE, "vm-lost")
    assert len(trials(history)) == 1


def test_step_7_a_lost_machine_is_no_second_opinion() -> None:
    lost = bad("vm-lost running: Kernel panic", Layer.MACHINE, subject="vm-lost")
    verdict, history = attribute((QEMU10, MACHINE, QEMU7), {(0, None): [BAD], (1, None): [lost], (2, None): [GOOD] * 3})
    assert (verdict.state, verdict.rule) == (State.EMULATOR, Step.ESCALATE)
    assert sum(step.offer == 1 for step in trials(history)) == 1


def test_step_3_what_the_calibration_found_to_trap_counts_as_lacking() -> None:
    demands = msgspec.structs.replace(ARM64, required=frozenset({"atomics"}))
    calibrated = msgspec.structs.replace(SOUND, lacks=("atomics",))
    ill = bad("signal SIGILL", Layer.CPU)
    verdict, _ = attribute((QEMU10,), {(0, None): repeat(ill)}, canaries=(calibrated,), subject=demands)
    assert (verdict.state, verdict.rule) == (State.EMULATOR, Step.CAPABILITY)
    verdict, _ = attribute((QEMU10,), {(0, None): repeat(ill)}, subject=demands)
    assert verdict.rule == Step.REMAINDER


def test_step_7_a_machine_decides_what_the_releases_of_one_emulator_do_not() -> None:
    there = bad("signal SIGBUS")
    answers: Answers = {(0, None): [BAD] * 4, (1, None): [there] * 3, (2, None): [GOOD] * 3}
    verdict, _ = attribute((QEMU10, QEMU7, MACHINE), answers)
    assert (verdict.state, verdict.rule) == (State.EMULATOR, Step.ESCALATE)
    assert "micro-vm 10.0.2" in verdict.reason.text


def test_step_2_goes_on_with_a_sound_runner_and_tells_of_the_broken_one() -> None:
    verdict, history = attribute((QEMU7, QEMU10), {(1, None): [GOOD]}, (BROKEN, SOUND))
    assert (verdict.state, verdict.offer) == (State.PASS, 1)
    told = account(ARM64, (QEMU7, QEMU10), history)
    assert [(line.kind, line.where, line.value.split(";")[0]) for line in told] == [
        ("canary", "qemu-user 7.2.22", "failed"),
        ("canary", "qemu-user 10.0.2", "passed, 13 cases, but a program cannot start itself here"),
        ("trial", "qemu-user 10.0.2", "1 of 1 passed"),
    ]


def test_step_2_does_not_replace_the_runner_that_the_user_chose() -> None:
    chosen = Subject(goos="linux", goarch="arm64", replaceable=False)
    verdict, history = attribute((QEMU7, QEMU10), {}, (BROKEN, SOUND), chosen)
    assert (verdict.state, verdict.rule, verdict.offer) == (State.EMULATOR, "attribution:canary", 0)
    assert len(history) == 1


@pytest.mark.parametrize(
    ("facts", "difference"),
    [
        ({"goos": "linux", "goarch": "amd64"}, "goarch amd64 in place of arm64"),
        ({"goos": "linux", "goarch": "arm64", "page_size": "4096"}, "page_size 4096 in place of 65536"),
    ],
)
def test_a_machine_that_is_not_what_it_was_told_to_be_is_environment(facts: dict[str, str], difference: str) -> None:
    offer = Offer("qemu-system", "qemu-system 10.0.2", Fidelity.SYSTEM_EMULATION, same=("cpu", "page size"))
    subject = Subject(goos="linux", goarch="arm64", page_size=65536)
    verdict, _ = attribute((offer,), {}, (CanaryResult(True, 13, facts=facts),), subject)
    assert (verdict.state, verdict.rule, verdict.reason_code) == (State.ENVIRONMENT, "attribution:canary", "mismatch")
    assert difference in verdict.reason.text


def test_a_page_size_that_is_a_listed_substitute_is_no_mismatch() -> None:
    subject = Subject(goos="linux", goarch="arm64", page_size=65536)
    verdict, _ = attribute((QEMU10,), {(0, None): [GOOD]}, (SOUND,), subject)
    assert verdict.state == State.PASS


@pytest.mark.parametrize(
    ("offer", "state"),
    [
        (Offer("qemu-user", "qemu-user 10.0.2", Fidelity.USER_EMULATION, lacks=("avx512f",)), State.EMULATOR),
        (Offer("native", "native", Fidelity.HOST, lacks=("avx512f",)), State.ENVIRONMENT),
    ],
)
@pytest.mark.parametrize("layer", [Layer.CPU, Layer.CPU_LEVEL])
def test_step_3_a_feature_that_the_runner_lacks_and_the_build_demands(offer: Offer, state: State, layer: Layer) -> None:
    subject = Subject(goos="linux", goarch="amd64", required=frozenset({"avx512f", "avx2"}))
    refused = bad("exit code 1: AMD64 processors with v4", layer)
    verdict, history = attribute((offer,), {(0, None): [refused]}, (PLAIN,), subject)
    assert (verdict.state, verdict.rule) == (state, "attribution:capability")
    assert "avx512f" in verdict.reason.text and "avx2" not in verdict.reason.text
    assert len(trials(history)) == 1


def test_step_3_is_silent_where_the_cpu_has_what_is_demanded() -> None:
    """GOAMD64=v3 on a CPU without AVX2, under a model that rightly has none: the build is at fault."""
    offer = Offer("qemu-user", "qemu-user 10.0.2", Fidelity.USER_EMULATION, lacks=("sha_ni",), same=("cpu",))
    subject = Subject(goos="linux", goarch="amd64", required=frozenset({"avx2"}))
    refused = bad("exit code 1: AMD64 processors with v3", Layer.CPU_LEVEL)
    answers: Answers = {(0, p): repeat(refused) for p in (None, *Perturbation)}
    verdict, _ = attribute((offer,), answers, (PLAIN,), subject)
    assert (verdict.state, verdict.rule) == (State.FAIL, "attribution:remainder")


def test_step_4_needs_the_place_and_the_signature() -> None:
    said = bad("exit code 2: fatal: bad g in signal handler")
    subject = Subject(goos="linux", goarch="386", host_arch="amd64")
    sound = CanaryResult(True, 13, facts={"goarch": "386"})
    verdict, history = attribute((QEMU7,), {(0, None): [said]}, (sound,), subject)
    assert (verdict.state, verdict.rule) == (State.EMULATOR, "attribution:known-fault")
    assert len(trials(history)) == 1
    assert "qemu-user-386" in verdict.evidence[0].where

    for offer in (QEMU10, NATIVE):  # the same words elsewhere are the program's own
        answers: Answers = {(0, p): repeat(said) for p in (None, *Perturbation)}
        verdict, _ = attribute((offer,), answers, (sound,), subject)
        assert (verdict.state, verdict.rule) == (State.FAIL, "attribution:remainder")

    verdict, _ = attribute((QEMU7,), {}, (sound,), subject)  # the place, with another way of failing
    assert verdict.rule != "attribution:known-fault"


@pytest.mark.parametrize("offer", [NATIVE, QEMU10])
def test_step_5_passes_and_failures_mixed_are_flaky(offer: Offer) -> None:
    verdict, history = attribute((offer,), {(0, None): [BAD, BAD, GOOD]})
    assert (verdict.state, verdict.rule) == (State.FLAKY, "attribution:repeat")
    assert verdict.reason.text == "It failed 2 of 3 times in the same place: signal SIGSEGV."
    assert len(trials(history)) == 3


def test_step_5_different_ways_of_failing_are_one_outcome() -> None:
    ways = [bad(way) for way in ("signal SIGSEGV", "exit code 2", "signal SIGILL", "signal SIGABRT")]
    verdict, history = attribute((NATIVE,), {(0, None): ways})
    assert (verdict.state, verdict.rule) == (State.FAIL, "attribution:remainder")
    assert len(trials(history)) == 1 + RUNS


def test_nothing_is_perturbed_where_nothing_is_emulated() -> None:
    _, history = attribute((NATIVE, QEMU10), {})
    assert all(step.perturbation is None and step.offer == 0 for step in trials(history))


@pytest.mark.parametrize(
    ("offer", "self_exec", "text", "state"),
    [
        (QEMU10, False, "fork/exec ./app: exec format error", State.EMULATOR),
        (QEMU10, True, "fork/exec ./app: exec format error", State.FAIL),
        (QEMU10, False, "something else", State.FAIL),
        (NATIVE, False, "fork/exec ./app: exec format error", State.FAIL),
    ],
)
def test_step_3_where_programs_cannot_start_others_that_is_no_fault_of_the_program(
    offer: Offer, self_exec: bool, text: str, state: State
) -> None:
    canary = msgspec.structs.replace(SOUND, self_exec=self_exec)
    observation = msgspec.structs.replace(bad("tests failed: TestStarts"), output=text)
    verdict, _ = attribute((offer,), {(0, None): [observation]}, (canary,))
    assert verdict.state is state
    assert (verdict.rule == Step.CAPABILITY) == (state is State.EMULATOR)


def test_step_6_every_perturbation_is_tried_three_times() -> None:
    verdict, history = attribute((QEMU10,), {})
    perturbed = [step.perturbation for step in trials(history) if step.step == Step.PERTURB]
    assert perturbed == [p for p in Perturbation for _ in range(RUNS)]
    assert (verdict.state, verdict.rule) == (State.FAIL, "attribution:remainder")


@pytest.mark.parametrize("perturbation", list(Perturbation))
def test_step_6_a_changed_outcome_is_suspicion_and_no_more(perturbation: Perturbation) -> None:
    verdict, _ = attribute((QEMU10,), {(0, perturbation): [BAD, GOOD, BAD]})
    assert (verdict.state, verdict.rule) == (State.UNKNOWN, "attribution:remainder")
    assert f"{perturbation}: 1 of 3 passed" in verdict.reason.text


SUSPECT: Answers = {(0, Perturbation.ONE_PROC): [GOOD, GOOD, GOOD]}


@pytest.mark.parametrize("suspect", [{}, SUSPECT])
@pytest.mark.parametrize(
    ("there", "state"),
    [
        ([BAD, BAD, BAD], State.FAIL),
        ([GOOD, GOOD, GOOD], State.EMULATOR),
        ([GOOD, BAD, GOOD], State.FLAKY),
    ],
)
def test_step_7_the_second_implementation_decides(suspect: Answers, there: list[Observation], state: State) -> None:
    verdict, history = attribute((QEMU10, QEMU7), {**suspect, (1, None): there})
    assert (verdict.state, verdict.rule) == (state, "attribution:escalate")
    assert sum(step.offer == 1 for step in trials(history)) == RUNS


@pytest.mark.parametrize(("suspect", "state"), [({}, State.FAIL), (SUSPECT, State.UNKNOWN)])
@pytest.mark.parametrize(
    ("there", "canary"),
    [
        ([GOOD] * 3, BROKEN),  # a broken witness is none
        ([bad("exit code 7")] * 3, SOUND),  # failing in another way proves neither
        ([bad("not started", Layer.RUNNER)], SOUND),
    ],
)
def test_step_7_without_a_witness_what_is_left_decides(
    suspect: Answers, state: State, there: list[Observation], canary: CanaryResult
) -> None:
    verdict, _ = attribute((QEMU10, QEMU7), {**suspect, (1, None): [*there, *there]}, (SOUND, canary))
    assert (verdict.state, verdict.rule) == (state, "attribution:remainder")


def test_step_7_passing_on_another_machine_is_no_second_opinion() -> None:
    verdict, _ = attribute((QEMU10, NATIVE), {(1, None): [GOOD] * 3})  # QEMU10 has the platform's CPU
    assert (verdict.state, verdict.rule) == (State.FAIL, "attribution:remainder")


@pytest.mark.parametrize(
    ("seen", "state", "rule"),
    [
        # An illegal instruction on the CPU model and none on this host's CPU: the program needs another CPU.
        (bad("signal SIGILL", Layer.CPU), State.FAIL, "attribution:remainder"),
        (bad("signal SIGSEGV"), State.EMULATOR, "attribution:escalate"),
    ],
)
def test_step_7_the_hosts_own_cpu_says_nothing_of_instructions(seen: Observation, state: State, rule: str) -> None:
    emulated = Offer("qemu-user", "qemu-user 10.0.2", Fidelity.USER_EMULATION)
    answers: Answers = {(0, p): repeat(seen) for p in (None, *Perturbation)}
    answers[1, None] = repeat(GOOD)
    verdict, _ = attribute((emulated, NATIVE), answers)
    assert (verdict.state, verdict.rule) == (state, rule)


def test_step_7_asks_the_third_implementation_when_the_second_cannot_say() -> None:
    third = Offer("qemu-system", "qemu-system 10.0.2", Fidelity.SYSTEM_EMULATION, same=("cpu", "kernel"))
    verdict, _ = attribute((QEMU10, QEMU7, third), {(2, None): [GOOD] * 3}, (SOUND, BROKEN, SOUND))
    assert (verdict.state, verdict.rule) == (State.EMULATOR, "attribution:escalate")
    assert "qemu-system 10.0.2" in verdict.reason.text


def test_an_illegal_instruction_where_the_model_lacks_something_is_suspicious() -> None:
    """QEMU's Dhyana has no AES, and Hygon's chips have: nobody can say what a SIGILL there means."""
    offers = tuple(
        Offer("qemu-user", f"qemu-user {version}", Fidelity.USER_EMULATION, lacks=lacks)
        for version, lacks in (("10.0.2", ("aes",)), ("7.2.22", ("aes", "rdseed")), ("11.1.3", ()))
    )
    ill = bad("signal SIGILL", Layer.CPU)
    answers: Answers = dict.fromkeys([(0, p) for p in (None, *Perturbation)] + [(1, None), (2, None)], repeat(ill))
    for some in (offers[:1], offers[:2]):  # the second lacks it too: it may fail for the same wrong reason
        verdict, _ = attribute(some, answers)
        assert (verdict.state, verdict.rule) == (State.UNKNOWN, "attribution:remainder")
        assert "lacks aes" in verdict.reason.text
    verdict, _ = attribute(offers, answers)
    assert (verdict.state, verdict.rule) == (State.FAIL, "attribution:escalate")


@pytest.mark.parametrize(
    ("lacks", "function", "state"),
    [
        (("invpcid",), "", State.FAIL),  # a privileged instruction is none that a program was refused
        (("invpcid",), "sum.first", State.FAIL),
        (("aes",), "sum.first", State.FAIL),  # it uses AVX2, which platform and model both lack
        (("aes",), "sum.other", State.UNKNOWN),  # nobody knows what it uses
        (("aes",), "", State.UNKNOWN),
        (("avx2",), "sum.first", State.UNKNOWN),
        (("bmi2",), "sum.first", State.EMULATOR),  # the compiler may use it everywhere
    ],
)
def test_only_a_feature_that_can_have_trapped_explains_an_illegal_instruction(
    lacks: tuple[str, ...], function: str, state: State
) -> None:
    subject = Subject(
        goos="linux", goarch="amd64", required=frozenset({"bmi2"}), used={"sum.first": frozenset({"avx2"})}
    )
    model = msgspec.structs.replace(QEMU10, lacks=lacks)
    ill = bad("signal SIGILL", Layer.CPU, trap=Trap(0x401025, function))
    answers: Answers = dict.fromkeys([(0, p) for p in (None, *Perturbation)] + [(1, None)], repeat(ill))
    for offers in ((model,), (model, msgspec.structs.replace(QEMU7, lacks=lacks))):
        assert attribute(offers, answers, (PLAIN, PLAIN), subject)[0].state is state


def test_an_illegal_instruction_on_a_host_that_lacks_something_is_suspicious() -> None:
    host = Offer("native", "Linux 6.18", Fidelity.HOST, lacks=("avx512f",))
    ill = bad("signal SIGILL", Layer.CPU)
    verdict, _ = attribute((host,), {(0, None): repeat(ill)})
    assert verdict.state == State.UNKNOWN
    verdict, _ = attribute((NATIVE,), {(0, None): repeat(ill)})
    assert verdict.state == State.FAIL


def test_a_general_signature_of_the_table_is_a_hint_and_decides_nothing() -> None:
    """The crash of a program by its own fault on arm64 only is `fail`, although QEMU has been blamed for such."""
    verdict, history = attribute((QEMU10,), {})
    assert (verdict.state, verdict.rule) == (State.FAIL, "attribution:remainder")
    hints = [line for line in account(ARM64, (QEMU10,), history) if line.kind == "hint"]
    assert hints and "golang/go/issues/36981" in hints[0].where


def test_tests_fail_the_same_way_when_at_least_the_same_tests_fail() -> None:
    here, there = bad("tests: a", failed=("p.A",)), bad("tests: a, b", failed=("p.A", "p.B"))
    answers: Answers = dict.fromkeys([(0, p) for p in (None, *Perturbation)], repeat(here))
    verdict, _ = attribute((QEMU10, QEMU7), answers | {(1, None): repeat(there)})
    assert (verdict.state, verdict.rule) == (State.FAIL, "attribution:escalate")
    other = bad("tests: b", failed=("p.B",))
    verdict, _ = attribute((QEMU10, QEMU7), answers | {(1, None): repeat(other)})
    assert (verdict.state, verdict.rule) == (State.FAIL, "attribution:remainder")


def test_a_known_fault_explains_only_the_tests_that_show_it() -> None:
    """Of two failed tests one shows wine's fault: the other has to be explained too."""
    wine = Offer("wine", "wine 8.0", Fidelity.API)
    subject = Subject(goos="windows", goarch="amd64")
    known, own = "unlinkat C:\\x: Invalid function.", "got 3, want 4"
    both = bad("tests failed: a, b", failed=("p.A", "p.B"), failed_output=(known, own), output=known + own)
    answers: Answers = {(0, p): repeat(both) for p in (None, *Perturbation)}
    verdict, _ = attribute((wine,), answers, (PLAIN,), subject)
    assert (verdict.state, verdict.rule) == (State.FAIL, "attribution:remainder")
    all_known = msgspec.structs.replace(both, failed_output=(known, f"x\n{known}"))
    verdict, _ = attribute((wine,), {(0, None): [all_known]}, (PLAIN,), subject)
    assert (verdict.state, verdict.rule) == (State.EMULATOR, "attribution:known-fault")


def test_a_time_limit_is_told_to_machines() -> None:
    verdict, _ = attribute((NATIVE,), {(0, None): [bad("time limit: http", timed_out=True)]})
    assert verdict.reason_code == "time-limit"


# Properties

OFFERS = st.lists(
    st.sampled_from([NATIVE, QEMU10, QEMU7]), min_size=1, max_size=3, unique_by=lambda offer: offer.implementation
).map(tuple)
CANARIES = st.sampled_from([SOUND, SOUND, BROKEN, CanaryResult(True, 13, facts={"goarch": "mips"})])
WORDS = st.sampled_from(
    [
        "signal SIGSEGV",
        "fatal: bad g in signal handler",
        "qemu: uncaught target signal 11",
        "lfstack.push invalid packing",
    ]
)
OBSERVATIONS = st.one_of(
    st.just(GOOD),
    st.builds(bad, WORDS, st.sampled_from([Layer.PROGRAM, Layer.PROGRAM, Layer.PROGRAM, *Layer])),
)
SUBJECTS = st.builds(
    Subject,
    goos=st.just("linux"),
    goarch=st.just("arm64"),
    host_arch=st.sampled_from(["amd64", "arm64"]),
    replaceable=st.booleans(),
    required=st.sampled_from([frozenset(), frozenset({"aes"})]),
)


def _follow(
    subject: Subject,
    offers: tuple[Offer, ...],
    draw: Callable[[Experiment], Observation | CanaryResult],
    known: int | None = None,
) -> tuple[Verdict, tuple[Tried, ...]]:
    """Follow `next_step` to its verdict, with so many of the offers known at first; the others as it looks for them."""
    history: tuple[Tried, ...] = ()
    seen = len(offers) if known is None else known
    while True:
        step = next_step(subject, offers[:seen], history, more=seen < len(offers))
        if isinstance(step, Verdict):
            return step, history
        if isinstance(step, Look):
            assert seen < len(offers)
            seen += 1
            continue
        assert len(history) <= len(offers) * (1 + RUNS) + 1 + RUNS * len(Perturbation), "unbounded"
        history = (*history, Tried(step, draw(step)))


@settings(max_examples=400, deadline=None)
@given(SUBJECTS, OFFERS, st.data())
def test_every_history_ends_in_a_verdict_that_its_history_bears_out(
    subject: Subject, offers: tuple[Offer, ...], data: st.DataObject
) -> None:
    canaries = [data.draw(CANARIES) for _ in offers]
    verdict, history = _follow(
        subject, offers, lambda step: canaries[step.offer] if step.canary else data.draw(OBSERVATIONS)
    )
    seen = [tried.result for tried in history if isinstance(tried.result, Observation)]
    if verdict.state == State.PASS:
        assert len(seen) == 1 and seen[0].good
    if seen and not seen[0].good:
        assert verdict.state in (State.FAIL, State.FLAKY, State.EMULATOR, State.ENVIRONMENT, State.UNKNOWN)
        assert verdict.rule
    if verdict.state == State.FLAKY:
        assert {one.good for one in seen} == {True, False}
    if verdict.state == State.EMULATOR:
        assert offers[verdict.offer].fidelity == Fidelity.USER_EMULATION
        assert verdict.rule in {Step.CANARY, Step.CAPABILITY, Step.KNOWN_FAULT, Step.ESCALATE}


@settings(max_examples=400, deadline=None)
@given(SUBJECTS, OFFERS, st.data())
def test_to_look_for_offers_one_by_one_changes_nothing(
    subject: Subject, offers: tuple[Offer, ...], data: st.DataObject
) -> None:
    """The experiments and the verdict are those of all offers together: only what is not needed is never looked for."""
    answers: dict[tuple[Experiment, int], Observation | CanaryResult] = {}

    def follow(known: int) -> tuple[Verdict, tuple[Tried, ...]]:
        times: dict[Experiment, int] = {}

        def draw(step: Experiment) -> Observation | CanaryResult:
            times[step] = times.get(step, 0) + 1
            key = (step, times[step])
            if key not in answers:
                answers[key] = data.draw(CANARIES) if step.canary else data.draw(OBSERVATIONS)
            return answers[key]

        return _follow(subject, offers, draw, known)

    assert follow(1) == follow(len(offers))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.sampled_from([QEMU10, NATIVE]))
def test_no_text_alone_makes_an_emulator_verdict(text: str, offer: Offer) -> None:
    """A sound canary, one implementation, no row of the table for the place: whatever was printed, it is `fail`."""
    says = bad(
        f"exit code 2: {text}", output=f"qemu: uncaught target signal 11\nfatal: bad g in signal handler\n{text}"
    )
    starts_others = msgspec.structs.replace(SOUND, self_exec=True)
    verdict, _ = _follow(ARM64, (offer,), lambda step: starts_others if step.canary else says)
    assert verdict.state == State.FAIL

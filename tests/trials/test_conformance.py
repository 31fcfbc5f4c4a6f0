"""What probes say is read as they say it; what ends or hangs a probe is charged to the case it was at."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.model.conformance import CaseInfo
from seatrial.model.runner import Door, Offer
from seatrial.model.states import Fidelity, State
from seatrial.trials.conformance import lacks, run_probe

NATIVE = Offer("native", "Linux 6", Fidelity.HOST)
QEMU = Offer("qemu-user", "qemu-user 10.0.2", Fidelity.USER_EMULATION, time_factor=2.0)
WINE = Offer("wine", "wine 10.0", Fidelity.API)


def info(name: str, seconds: float = 5.0) -> CaseInfo:
    return CaseInfo(f"clocks/{name}", "It holds.", "x(2)", "Much.", seconds=seconds)


def line(name: str, state: str = "pass", **more: object) -> str:
    return json.dumps({"case": f"clocks/{name}", "state": state, "detail": "", "values": {}, "seconds": 0.1} | more)


Make = Callable[[str], Path]


@pytest.fixture
def fake(tmp_path: Path) -> Make:
    """A shell script in the place of a probe."""

    def make(body: str) -> Path:
        path = tmp_path / "probe"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return make


def test_lines_are_read_as_they_come(fake: Make) -> None:
    probe = fake(
        f"""echo '{{"plan":["clocks/a","clocks/b"]}}'
echo '{{"facts":{{"goos":"linux","cpus":2}}}}'
echo '{line("a", values={"n": 3})}'
echo 'some other words'
echo '{{"case":"clocks/nobody","state":"pass"}}'
echo '{line("b", "fail", detail="seen 1, want 2")}'
echo '{{"end":{{"cases":2}}}}'"""
    )
    told: list[str] = []
    run = run_probe(
        NATIVE, probe, [info("a"), info("b")], told=lambda id_, outcome: told.append(f"{id_} {outcome.state}")
    )
    assert told == ["clocks/a pass", "clocks/b fail"]
    assert run.cases["clocks/a"].values == {"n": 3}
    assert run.cases["clocks/b"].detail == "seen 1, want 2"
    assert run.facts == {"goos": "linux", "cpus": 2}
    assert run.missing == ()
    assert "some other words" in run.output
    assert run.reproducer == f"{probe} --run clocks/a,clocks/b"


def test_the_runner_decides_time_and_abilities(fake: Make) -> None:
    told = 'echo "$SEATRIAL_LACKS" "$SEATRIAL_TIME_FACTOR"'
    probe = fake(f"{told}; echo '{line('a')}'")
    run = run_probe(QEMU, probe, [info("a")], without={"real-time": "slow"})
    assert run.output == '{"real-time":"slow"} 2'


def test_what_a_probe_does_not_report_is_missing(fake: Make) -> None:
    run = run_probe(NATIVE, fake(f"echo '{line('a')}'; echo sorry >&2; exit 9"), [info("a"), info("b")])
    assert list(run.cases) == ["clocks/a"]
    assert run.missing == ("clocks/b",)
    assert run.ending == "exit code 9"
    assert run.output == "sorry"


def test_a_state_that_no_probe_can_have_is_no_result(fake: Make) -> None:
    run = run_probe(NATIVE, fake(f"echo '{line('a', 'flaky')}'; echo '{line('a', 'nonsense')}'"), [info("a")])
    assert run.missing == ("clocks/a",)


def test_a_probe_that_cannot_be_started(tmp_path: Path) -> None:
    run = run_probe(NATIVE, tmp_path / "nothing", [info("a")])
    assert run.missing == ("clocks/a",)
    assert "could not start" in run.ending


def test_supervision_from_outside(fake: Make) -> None:
    """A worker that cannot be supervised by its own program: crashes and hangs are charged, the rest goes on."""
    probe = fake(
        f"""case "$1 $2" in
"--facts "*) echo '{{"facts":{{"goos":"linux"}}}}' ;;
"worker clocks/a,"*) echo '{line("a")}'; echo 'fatal: broken' >&2; kill -SEGV $$ ;;
"worker clocks/c,"*) sleep 60 ;;
"worker clocks/d") echo '{line("d")}' ;;
esac"""
    )
    cases = [info("a"), info("b"), info("c", 0.4), info("d")]
    run = run_probe(NATIVE, probe, cases, without={"self-exec": "no binfmt_misc"})
    assert [outcome.state for outcome in run.cases.values()] == [State.PASS, State.FAIL, State.FAIL, State.PASS]
    assert run.cases["clocks/b"].ended == "signal SIGSEGV"
    assert "fatal: broken" in run.cases["clocks/b"].detail
    assert run.cases["clocks/c"].ended == "time limit"
    assert run.facts == {"goos": "linux"}
    assert run.missing == ()


MACHINE = Offer(
    "micro-vm",
    "micro-vm 10.0.2",
    Fidelity.SYSTEM_EMULATION,
    door=Door("session", "token:", (), ("seatrial", "vm", "run")),
)


def test_a_case_that_takes_the_machine_with_it_is_charged_and_the_rest_goes_on(fake: Make, tmp_path: Path) -> None:
    """The second case panics the kernel; after it the probe is asked for the third alone."""
    probe = fake(
        f"""echo "$@" >> {tmp_path}/asked
case "$2" in
  clocks/a*) echo '{line("a")}'; printf 'words of it '; echo 'token: vm-lost running: Kernel panic' >&2; exit 125;;
  *) echo '{line("c")}';;
esac"""
    )
    told: list[str] = []
    run = run_probe(MACHINE, probe, [info("a"), info("b"), info("c")], told=lambda id_, _: told.append(id_))
    assert {id_: (one.state, one.ended) for id_, one in run.cases.items()} == {
        "clocks/a": (State.PASS, ""),
        "clocks/b": (State.FAIL, "vm-lost"),
        "clocks/c": (State.PASS, ""),
    }
    assert run.cases["clocks/b"].detail == "running: Kernel panic\nwords of it"
    assert told == ["clocks/a", "clocks/b", "clocks/c"]
    assert (tmp_path / "asked").read_text() == "--run clocks/a,clocks/b,clocks/c\n--run clocks/c\n"
    assert (run.missing, run.trouble) == ((), None)
    assert run.reproducer == f"seatrial vm run -- {probe} --run clocks/c"


@pytest.mark.parametrize("words", ["vm-lost kernel: Kernel panic", "mismatch The machine was told", "machine no room"])
def test_a_machine_that_does_not_come_up_is_asked_once(fake: Make, tmp_path: Path, words: str) -> None:
    probe = fake(f"echo x >> {tmp_path}/asked; echo 'token: {words}' >&2; exit 125")
    run = run_probe(MACHINE, probe, [info("a"), info("b")])
    assert (run.cases, run.missing) == ({}, ("clocks/a", "clocks/b"))
    assert run.trouble is not None and f"{run.trouble.code} {run.trouble.text}" == words
    assert (tmp_path / "asked").read_text() == "x\n"


def test_machines_are_not_lost_without_end(fake: Make, tmp_path: Path) -> None:
    probe = fake(f"echo x >> {tmp_path}/asked; echo 'token: vm-lost running: panic' >&2; exit 125")
    run = run_probe(MACHINE, probe, [info(name) for name in "abcdefgh"])
    assert [one.ended for one in run.cases.values()] == ["vm-lost"] * 5
    assert len(run.missing) == 3 and (tmp_path / "asked").read_text() == "x\n" * 5


def test_words_without_the_token_are_the_probes_own(fake: Make) -> None:
    run = run_probe(MACHINE, fake("echo 'vm-lost running: not true' >&2; exit 125"), [info("a")])
    assert (run.trouble, run.missing, run.output) == (None, ("clocks/a",), "vm-lost running: not true")


def test_what_runners_lack() -> None:
    assert lacks(NATIVE, "amd64") == {}
    assert set(lacks(NATIVE, "amd64", "no loader")) == {"self-exec"}
    assert set(lacks(QEMU, "amd64")) == {"real-time", "ptrace", "many-forks", "weak-memory"}
    assert set(lacks(QEMU, "arm64")) == {"real-time", "ptrace", "many-forks"}
    assert set(lacks(WINE, "amd64")) == {"real-time"}

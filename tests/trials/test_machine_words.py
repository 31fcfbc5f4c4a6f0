"""What machines say of a command is told from what the command says, and told in words."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.model.binary import BinaryFacts
from seatrial.model.finding import Evidence
from seatrial.model.runner import Door, Offer
from seatrial.model.states import Fidelity, State
from seatrial.model.trial import Layer, MachineTrouble, Perturbation
from seatrial.trials.execution import compose
from seatrial.trials.machine_words import evidence_of, reason_of, trouble_of, without_words
from seatrial.trials.smoke import smoke

DOOR = Door("session", "T-1f:", ("client", "--one-cpu", "--"), ("seatrial", "vm", "run", "-t", "a/b"))
MACHINE = Offer("micro-vm", "micro-vm 10", Fidelity.SYSTEM_EMULATION, ("env",), door=DOOR)
NATIVE = Offer("native", "Linux", Fidelity.HOST)

SAID = """its own words
T-1f: vm-lost running: Kernel panic - not syncing: sysrq.
T-1f: console [    1.0] Kernel panic
T-1f: console [    1.1] end
T-1f: qemu warning
"""


def test_words_are_found_by_the_token() -> None:
    assert trouble_of(MACHINE, SAID) == MachineTrouble("vm-lost", "running: Kernel panic - not syncing: sysrq.")
    assert evidence_of(MACHINE, SAID) == (
        Evidence("guest's console", "[    1.0] Kernel panic\n[    1.1] end", "micro-vm 10"),
        Evidence("QEMU", "warning", "micro-vm 10"),
    )
    assert without_words(MACHINE, SAID) == "its own words\n"
    assert trouble_of(MACHINE, "a last line without its endT-1f: oom-killed\n") == MachineTrouble("oom-killed", "")


@pytest.mark.parametrize(("offer", "text"), [(NATIVE, SAID), (MACHINE, SAID.replace("T-1f", "T-2f"))])
def test_nobody_else_can_say_them(offer: Offer, text: str) -> None:
    assert (trouble_of(offer, text), evidence_of(offer, text), without_words(offer, text)) == (None, (), text)


@pytest.mark.parametrize(
    ("code", "text", "told"),
    [
        ("vm-lost", "kernel: no answer", "The virtual machine was lost at stage kernel: no answer."),
        (
            "vm-lost",
            "the session does not answer",
            "The virtual machine could not run it: the session does not answer.",
        ),
        ("mismatch", "told 2 CPUs; saw 1.", "The virtual machine could not run it: told 2 CPUs; saw 1."),
        ("not-started", "./x: no such file", "The program was not started: ./x: no such file."),
    ],
)
def test_reasons(code: str, text: str, told: str) -> None:
    assert reason_of(MachineTrouble(code, text)).text == told


@pytest.mark.parametrize(
    ("line", "code", "layer", "subject"),
    [
        ("vm-lost running: Kernel panic", 125, Layer.MACHINE, "vm-lost"),
        ("machine no room", 125, Layer.MACHINE, "machine"),
        ("oom-killed", 137, Layer.MACHINE, "oom-killed"),
        ("not-started ./app: exec format error", 125, Layer.RUNNER, ""),
    ],
)
def test_a_smoke_trial_knows_who_ended_it(
    script: Callable[[str], Path], facts: Callable[..., BinaryFacts], line: str, code: int, layer: Layer, subject: str
) -> None:
    app = script(f"echo words; echo 'T-1f: {line}' >&2; exit {code}")
    seen = smoke(MACHINE, app, facts())
    assert (seen.state, seen.layer, seen.subject) == (State.FAIL, layer, subject)
    assert seen.output == "words\n"
    assert seen.reproducer == f"seatrial vm run -t a/b -- {app}"


def test_a_command_for_a_machine_and_how_a_person_writes_it(tmp_path: Path) -> None:
    made = compose(MACHINE, ["./app", "x y"], tmp_path, {"A": "b"}, Perturbation.ONE_PROC, (Path("/d"), Path("/e")))
    assert made.argv == ("env", "./app", "x y")
    assert made.line == "A=b GOMAXPROCS=1 seatrial vm run -t a/b --carry /d --carry /e -- ./app 'x y'"
    assert made.internal == {"SEATRIAL_CARRY": "/d:/e"} and made.env["SEATRIAL_CARRY"] == "/d:/e"
    pinned = compose(MACHINE, ["./app"], tmp_path, perturbation=Perturbation.ONE_CPU)
    assert pinned.argv == ("client", "--one-cpu", "--", "./app")
    assert pinned.line == "seatrial vm run -t a/b --cpuset 0 -- ./app"
    here = compose(NATIVE, ["./app"], tmp_path, carry=(Path("/d"),))
    assert (here.line, here.internal) == ("./app", {}) and "SEATRIAL_CARRY" not in here.env

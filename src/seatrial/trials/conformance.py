"""Runs the probes of the conformance suite through an offer and reads what they say (`suite/protocol.go`).

The probe supervises itself where it can start itself. Where it cannot, it is supervised from here in the same way:
a case that ends the process, or whose time is over, is charged with it, and the rest goes on in a fresh process.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

import msgspec

from seatrial.decoding import ready
from seatrial.model.conformance import CaseInfo, CaseOutcome
from seatrial.model.machine import BootStage
from seatrial.model.runner import Offer
from seatrial.model.states import Fidelity, State
from seatrial.model.trial import MachineTrouble, Perturbation
from seatrial.processes import Outcome, Running, scratch_folder, start
from seatrial.trials.execution import Command, compose, quit_group
from seatrial.trials.machine_words import trouble_of, without_words

__all__ = ["ProbeRun", "Told", "lacks", "run_probe"]

_POLL_SECONDS = 0.1
_SPARE_SECONDS = 30.0
"""What a supervised probe may be silent beyond the longest time limit of a case: starting takes time under load."""
_STRONG_HOSTS = ("amd64", "386")
_EMULATED = (Fidelity.USER_EMULATION, Fidelity.SYSTEM_EMULATION)
_LOSSES = 5
"""Machines that cases may take with them before the rest is not tried any more."""
_STATES = (State.PASS, State.FAIL, State.NA, State.UNKNOWN)
_KEPT_OUTPUT = 2000

Told = Callable[[str, CaseOutcome], None]
"""Told each case as it ends."""


class ProbeRun(msgspec.Struct, frozen=True):
    """What one probe said in one run."""

    cases: Mapping[str, CaseOutcome]
    missing: tuple[str, ...] = ()
    """Planned, and never reported: the probe itself did not get that far."""
    facts: Mapping[str, Any] = {}
    ending: str = ""
    output: str = ""
    """What it printed beside the protocol."""
    reproducer: str = ""
    seconds: float = 0.0
    trouble: MachineTrouble | None = None
    """Why the machine did not bring it to its end."""


def lacks(offer: Offer, host_arch: str, self_exec: str = "") -> dict[str, str]:
    """The abilities that cases ask for and this runner does not have, with the reason (`suite/abilities.go`)."""
    without: dict[str, str] = {}
    if self_exec:
        without["self-exec"] = self_exec
    if offer.fidelity in (Fidelity.HOST, Fidelity.HARDWARE):
        return without
    without["real-time"] = f"this is {offer.implementation}"
    if offer.fidelity == Fidelity.USER_EMULATION:
        without["ptrace"] = f"this is {offer.implementation}"
        # golang/go#70329; measured: in 2 of 17 runs of 200 programs, a child waited for ever for a lock of QEMU's.
        without["many-forks"] = f"a fork among threads may never return under {offer.implementation}"
    if offer.fidelity in _EMULATED and host_arch in _STRONG_HOSTS:
        without["weak-memory"] = f"this is {offer.implementation} on {host_arch}"
    return without


def run_probe(
    offer: Offer,
    probe: Path,
    infos: Sequence[CaseInfo],
    *,
    without: Mapping[str, str] | None = None,
    libraries: Path | None = None,
    perturbation: Perturbation | None = None,
    told: Told | None = None,
) -> ProbeRun:
    """Run these cases of the probe, each under its time limit times the offer's time factor."""
    env: dict[str, str] = {}
    if offer.time_factor != 1:
        env["SEATRIAL_TIME_FACTOR"] = f"{offer.time_factor:g}"
    if without:
        env["SEATRIAL_LACKS"] = msgspec.json.encode(dict(without)).decode()
    if libraries is not None:
        env["SEATRIAL_LIBRARIES"] = str(PureWindowsPath("Z:", libraries)) if offer.runner == "wine" else str(libraries)
    with scratch_folder("seatrial-cases-") as folder:
        carry = (libraries,) if libraries is not None else ()
        trial = _Trial(offer, probe, infos, env, folder, perturbation, told or (lambda _id, _outcome: None), carry)
        return trial.outside() if "self-exec" in (without or {}) else trial.supervised()


class _Trial:
    """One run of one probe."""

    def __init__(
        self,
        offer: Offer,
        probe: Path,
        infos: Sequence[CaseInfo],
        env: Mapping[str, str],
        folder: Path,
        perturbation: Perturbation | None,
        told: Told,
        carry: tuple[Path, ...],
    ) -> None:
        self._offer = offer
        self._probe = probe
        self._infos = {info.id: info for info in infos}
        self._env = env
        self._folder = folder
        self._perturbation = perturbation
        self._told = told
        self._carry = carry
        self._cases: dict[str, CaseOutcome] = {}
        self._facts: Mapping[str, Any] = {}

    def supervised(self) -> ProbeRun:
        """The probe starts workers of its own. It is only watched for standing still.

        A case that takes the machine with it is charged with that, and the rest goes on in a fresh one.
        """
        began = time.monotonic()
        patience = max(self._limit(info.id) for info in self._infos.values()) + _SPARE_SECONDS
        left = list(self._infos)
        for _ in range(_LOSSES):
            command = self._command("--run", ",".join(left))
            outcome, said = self._watch(command, lambda: patience)
            left = [id_ for id_ in self._infos if id_ not in self._cases]
            lost = trouble_of(self._offer, outcome.stderr)
            if not left or lost is None or lost.code != "vm-lost" or not lost.text.startswith(BootStage.RUNNING):
                break
            self._add(left.pop(0), CaseOutcome(State.FAIL, f"{lost.text}\n{said}".strip(), ended=lost.code))
            if not left:
                break
        return self._result(command, outcome, said, time.monotonic() - began)

    def outside(self) -> ProbeRun:
        """Workers are started from here."""
        began = time.monotonic()
        asked = self._command("--facts")
        outcome, said = self._watch(asked, lambda: _SPARE_SECONDS * self._offer.time_factor)
        while left := [id_ for id_ in self._infos if id_ not in self._cases]:
            command = self._command("worker", ",".join(left))
            outcome, said = self._watch(command, self._current_limit)
            if outcome.error:
                return self._result(command, outcome, said, time.monotonic() - began)
            left = [id_ for id_ in left if id_ not in self._cases]
            if left:
                how = "time limit" if outcome.timed_out else outcome.ending
                detail = f"did not end within {self._limit(left[0]):g}s" if outcome.timed_out else outcome.ending
                self._add(left[0], CaseOutcome(State.FAIL, f"{detail}\n{said}".strip(), ended=how))
        command = self._command("worker", ",".join(self._infos))
        return self._result(command, outcome, said, time.monotonic() - began)

    def _limit(self, id_: str) -> float:
        return self._infos[id_].seconds * self._offer.time_factor

    def _current_limit(self) -> float:
        """Of the case that an unsupervised worker is at; the last one is followed by its exit."""
        return next((self._limit(id_) for id_ in self._infos if id_ not in self._cases), _SPARE_SECONDS)

    def _command(self, *arguments: str) -> Command:
        words: list[str | Path] = [self._probe, *arguments]
        return compose(self._offer, words, self._folder, self._env, self._perturbation, self._carry)

    def _watch(self, command: Command, patience: Callable[[], float]) -> tuple[Outcome, str]:
        """Run to the end, or until nothing new was said for as long as the patience is. Other words are returned."""
        running = start(command.argv, command.env, self._folder)
        if isinstance(running, Outcome):
            return running, ""
        try:
            late = self._listen(running, patience)
        except BaseException:  # Ctrl-C too: nothing that we started outlives us
            running.finish()
            raise
        if late:
            quit_group(running)
        outcome = running.finish(timed_out=late)
        words = [line for line in outcome.stdout.splitlines() if not self._read(line)]
        words.append(without_words(self._offer, outcome.stderr).strip())
        return outcome, "\n".join(words).strip()[-_KEPT_OUTPUT:]

    def _listen(self, running: Running, patience: Callable[[], float]) -> bool:
        """True when it stood still for too long."""
        read, since = 0, time.monotonic()
        while True:
            alive = running.running()
            text, _ = running.output()
            end = text.rfind("\n") + 1
            if end > read:
                for line in text[read:end].splitlines():
                    self._read(line)
                read, since = end, time.monotonic()
            if not alive:
                return False
            if time.monotonic() - since > patience():
                return True
            running.wait(_POLL_SECONDS)

    def _read(self, line: str) -> bool:
        """Whether the line belongs to the protocol; a case is taken once."""
        entry: dict[str, Any] = {}
        with contextlib.suppress(msgspec.MsgspecError):
            entry = msgspec.json.decode(line, type=dict[str, Any])
        if isinstance(entry.get("facts"), dict):
            self._facts = entry["facts"]
            return True
        if entry.keys() & {"plan", "end"}:
            return True
        id_ = entry.get("case")
        if not isinstance(id_, str) or id_ not in self._infos:
            return False
        with contextlib.suppress(msgspec.MsgspecError):
            if id_ not in self._cases:
                outcome = msgspec.convert(entry, ready(CaseOutcome))
                if outcome.state not in _STATES:
                    return False
                self._add(id_, outcome)
            return True
        return False

    def _add(self, id_: str, outcome: CaseOutcome) -> None:
        self._cases[id_] = outcome
        self._told(id_, outcome)

    def _result(self, command: Command, outcome: Outcome, said: str, seconds: float) -> ProbeRun:
        return ProbeRun(
            dict(self._ordered()),
            tuple(id_ for id_ in self._infos if id_ not in self._cases),
            self._facts,
            outcome.ending,
            said,
            command.line,
            seconds,
            trouble_of(self._offer, outcome.stderr),
        )

    def _ordered(self) -> Iterator[tuple[str, CaseOutcome]]:
        return ((id_, self._cases[id_]) for id_ in self._infos if id_ in self._cases)

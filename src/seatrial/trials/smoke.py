"""The smoke trial: the program starts, does what `[smoke]` of seatrial.toml says, and stops on SIGTERM.

Without a `[smoke]` it is run without arguments for 5 s: reaching its own code is a pass, told as "started only".
"""

import signal
import socket
import time
from pathlib import Path

from seatrial.machines.session_client import dial
from seatrial.model.binary import BinaryFacts, Kind, Linkage
from seatrial.model.finding import Evidence
from seatrial.model.message import Message
from seatrial.model.project import SmokeSpec
from seatrial.model.runner import Offer
from seatrial.model.states import State
from seatrial.model.trial import Layer, Observation, Perturbation
from seatrial.processes import Outcome, Running, start
from seatrial.tables.messages import message
from seatrial.trials.endings import breakdown
from seatrial.trials.execution import Command, compose, dump_evidence, loader_evidence, quit_group
from seatrial.trials.machine_words import evidence_of, without_words
from seatrial.trials.smoke_checks import Check, Connect, Places, checks_of, places
from seatrial.trials.traps import trap_evidence, trap_in

__all__ = ["STARTED_ONLY_SECONDS", "smoke", "smoke_line"]

_LIBRARIES = (Kind.SHARED, Kind.ARCHIVE, Kind.OBJECT, Kind.CORE)
_POLL_SECONDS = 0.02
_TRY_SECONDS = 2.0

STARTED_ONLY_SECONDS = 5.0
"""How long a program is watched of which nothing is asked: nothing has to come true, so it is the same anywhere."""


def smoke(
    offer: Offer,
    artifact: Path,
    facts: BinaryFacts,
    spec: SmokeSpec | None = None,
    perturbation: Perturbation | None = None,
) -> Observation:
    """Start the artifact through the offer and watch it. Limits of time are multiplied by the offer's time factor."""
    if facts.kind in _LIBRARIES:
        return Observation(State.NA, message("run.no-program", kind=facts.kind))
    with places(facts.goos if isinstance(facts.goos, str) else "") as here:
        return _Smoke(offer, artifact.absolute(), facts, spec, here, perturbation).observe()


def smoke_line(offer: Offer, artifact: Path, facts: BinaryFacts, spec: SmokeSpec | None = None) -> str:
    """The command for a shell that starts the artifact through the offer."""
    with places(facts.goos if isinstance(facts.goos, str) else "") as here:
        return _Smoke(offer, artifact.absolute(), facts, spec, here, None).line


def _connect(offer: Offer) -> Connect:
    """How a program is reached that runs through the offer."""
    door = offer.door
    if door is None:
        return lambda host, port, seconds: socket.create_connection((host, port), seconds)
    session = door.session
    return lambda host, port, seconds: dial(session, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", seconds)


class _Smoke:
    """One trial."""

    def __init__(
        self,
        offer: Offer,
        artifact: Path,
        facts: BinaryFacts,
        spec: SmokeSpec | None,
        here: Places,
        perturbation: Perturbation | None,
    ) -> None:
        self._offer = offer
        self._artifact = artifact
        self._dynamic = facts.linkage == Linkage.DYNAMIC
        self._asked = spec is not None
        self._spec = spec or SmokeSpec()
        self._here = here
        self._checks = checks_of(self._spec, here, _TRY_SECONDS * offer.time_factor, _connect(offer))
        self._seen: dict[str, str] = {}
        argv = [str(artifact), *map(here.fill, self._spec.args)]
        env = {name: here.fill(value) for name, value in self._spec.env.items()}
        self._command: Command = compose(offer, argv, here.folder, env, perturbation)

    @property
    def _within(self) -> float:
        return self._spec.within * self._offer.time_factor if self._asked else STARTED_ONLY_SECONDS

    @property
    def line(self) -> str:
        """For a shell."""
        return self._here.pasted(self._command.line)

    def observe(self) -> Observation:
        stdin = self._here.fill(self._spec.stdin).encode() or None
        running = start(self._command.argv, self._command.env, self._here.folder, stdin)
        if isinstance(running, Outcome):
            return self._judge_ended(running, ())
        try:
            return self._watch(running)
        except BaseException:  # Ctrl-C too: nothing that we started outlives us
            running.finish()
            raise

    def _watch(self, running: Running) -> Observation:
        pending = self._checks
        while True:
            alive = running.running()
            pending = self._pending(pending, *running.output())
            if not alive:
                outcome = running.finish()
                return self._judge_ended(outcome, self._pending(pending, outcome.stdout, outcome.stderr))
            if self._checks and not pending and self._spec.exit_code is None:
                return self._stop(running)
            if running.seconds > self._within:
                break
            running.wait(_POLL_SECONDS)
        if not pending and self._spec.exit_code is None:
            return self._stop(running)
        quit_group(running)
        outcome = running.finish(timed_out=True)
        if not pending:
            wanted = f"exit_code = {self._spec.exit_code}"
            return self._failed(outcome, "time limit: exit_code", self._late("run.ran-on", wanted))
        return self._failed(outcome, f"time limit: {pending[0].name}", self._late("run.not-in-time", pending[0].name))

    def _pending(self, checks: tuple[Check, ...], stdout: str, stderr: str) -> tuple[Check, ...]:
        left = []
        for check in checks:
            if seen := check.true(stdout, stderr):
                self._seen[check.name] = seen
                left.append(check)
        return tuple(left)

    def _late(self, name: str, check: str) -> Message:
        return message(name, seconds=f"{self._within:g}", check=check)

    def _stop(self, running: Running) -> Observation:
        """What was asked came true, or nothing was asked, and it still runs."""
        if self._here.windows:  # Windows has no SIGTERM, and wine ends a program by killing it
            return self._held(running.finish(), message("run.held-windows" if self._checks else "run.ran-windows"))
        limit = self._spec.stop_within * self._offer.time_factor
        asked_at = time.monotonic()
        running.signal(signal.SIGTERM, group=True)
        stopped = running.wait(limit)
        took = time.monotonic() - asked_at
        if not stopped:
            quit_group(running)
            outcome = running.finish(timed_out=True)
            if self._asked:
                why = message("run.did-not-stop", seconds=f"{limit:g}")
                return self._failed(outcome, "did not stop on SIGTERM", why)
            return self._held(outcome, message("run.ran-on-after-term", seconds=f"{self._within:g}"))
        outcome = running.finish()
        broken = breakdown(outcome, self._offer, self._artifact, self._dynamic)
        if broken and outcome.signal != signal.SIGTERM:
            return self._failed(outcome, f"after SIGTERM: {broken.signature}", broken.reason)
        if not self._checks:
            return self._held(outcome, message("run.ran", seconds=f"{self._within:g}", stop=f"{took:.1f}"))
        return self._held(outcome, message("run.held-and-stopped", stop=f"{took:.1f}"))

    def _judge_ended(self, outcome: Outcome, pending: tuple[Check, ...]) -> Observation:
        """It ended without our asking."""
        if broken := breakdown(outcome, self._offer, self._artifact, self._dynamic):
            return self._failed(outcome, broken.signature, broken.reason, broken.layer, broken.subject)
        if self._spec.exit_code not in (None, outcome.exit_code):
            why = message("run.other-exit-code", ending=outcome.ending, wanted=self._spec.exit_code)
            return self._failed(outcome, outcome.ending, why)
        if pending:
            why = message("run.ended-before", ending=outcome.ending, check=pending[0].name)
            return self._failed(outcome, f"{outcome.ending} before {pending[0].name}", why)
        if self._asked and self._spec.exit_code is None and outcome.exit_code:
            return self._observation(State.WARN, outcome, message("run.ended-badly", ending=outcome.ending))
        if self._checks or self._spec.exit_code is not None:
            return self._held(outcome, message("run.held-and-ended", ending=outcome.ending))
        return self._held(outcome, message("run.started-only", ending=outcome.ending))

    def _held(self, outcome: Outcome, reason: Message) -> Observation:
        return self._observation(State.PASS, outcome, reason)

    def _failed(
        self, outcome: Outcome, signature: str, reason: Message, layer: Layer = Layer.PROGRAM, subject: str = ""
    ) -> Observation:
        return self._observation(State.FAIL, outcome, reason, signature, layer, subject)

    def _observation(
        self,
        state: State,
        outcome: Outcome,
        reason: Message,
        signature: str = "",
        layer: Layer = Layer.PROGRAM,
        subject: str = "",
    ) -> Observation:
        checks = tuple(
            Evidence("check", self._seen[check.name] if state == State.FAIL else "came true", check.name)
            for check in self._checks
            if state != State.FAIL or check.name in self._seen
        )
        trap = trap_in(outcome.stderr) if layer == Layer.CPU else None
        return Observation(
            state,
            reason,
            layer=layer,
            signature=signature,
            subject=subject,
            signal=outcome.signal,
            trap=trap,
            exit_code=outcome.exit_code,
            timed_out=outcome.timed_out,
            evidence=(
                Evidence("ending", outcome.ending, self._offer.implementation),
                *checks,
                *trap_evidence(trap),
                *dump_evidence(outcome),
                *loader_evidence(self._offer, self._dynamic),
                *evidence_of(self._offer, outcome.stderr),
            ),
            output=outcome.stdout + without_words(self._offer, outcome.stderr),
            reproducer=self.line,
            seconds=outcome.seconds,
        )

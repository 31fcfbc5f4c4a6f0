"""The project's own tests: `go test -json`, cross-compiled, each test binary run through the offer (`-exec`)."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from seatrial.model.finding import Evidence
from seatrial.model.message import Message
from seatrial.model.runner import Offer
from seatrial.model.states import State
from seatrial.model.trial import Layer, Observation, Perturbation
from seatrial.processes import Outcome, shell_line, start
from seatrial.tables.build_failures import failure_kind
from seatrial.tables.messages import message
from seatrial.tables.program_endings import named_ending
from seatrial.trials.execution import compose, loader_evidence, quit_group
from seatrial.trials.go_test_events import PackageTests, TestEvents, read_events
from seatrial.trials.machine_words import evidence_of, reason_of, trouble_of, without_words
from seatrial.trials.traps import trap_evidence, trap_in

__all__ = ["TestCommand", "TestRuns"]

_SHOWN_NAMES = 5


class TestCommand(msgspec.Struct, frozen=True, kw_only=True):
    """How the tests of a program are built and which: from the build job and `[tests]` of seatrial.toml."""

    __test__ = False  # not a test class of ours

    go: tuple[str, ...]
    """The go command, for example ("/opt/go/bin/go",)."""
    env: Mapping[str, str]
    """The whole environment of the build: GOOS, GOARCH, CGO_ENABLED, CC, GOCACHE, PATH, ..."""
    shown: Mapping[str, str] = {}
    """The part of it that a person needs to run the same again."""
    cwd: Path
    packages: tuple[str, ...] = ("./...",)
    build_flags: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """Further flags of `go test` and of the test binaries: -short, -run=..."""
    timeout: float = 120.0
    """Seconds for each package, natively."""
    overall: float = 900.0
    """Seconds for everything, compiling included, natively."""
    dynamic: bool = False
    """The test binaries have a dynamic loader."""


class TestRuns:
    """Runs the tests: all packages the first time, afterwards those packages alone that failed then."""

    __test__ = False

    def __init__(self, command: TestCommand) -> None:
        self._command = command
        self._packages = command.packages

    def line(self, offer: Offer) -> str:
        """The command for a shell that runs all of them through the offer."""
        return _Invocation(self._command, self._command.packages, offer).line

    def __call__(self, offer: Offer, perturbation: Perturbation | None = None) -> Observation:
        """One run. Time limits are multiplied by the offer's time factor."""
        observation, events = _run(self._command, self._packages, offer, perturbation)
        bad = tuple(package.package for package in events.packages if not package.good)
        if self._packages == self._command.packages and bad:
            self._packages = bad
        return observation


def _run(
    command: TestCommand, packages: Sequence[str], offer: Offer, perturbation: Perturbation | None
) -> tuple[Observation, TestEvents]:
    going = _Invocation(command, packages, offer, perturbation)
    outcome = _go(going.argv, command, command.overall * offer.time_factor)
    events = read_events(outcome.stdout.splitlines())
    reading = _Reading(command, offer, outcome, events, going.line, going.limit)
    return reading.observation(), events


class _Invocation:
    """The words of one `go test`."""

    def __init__(
        self, command: TestCommand, packages: Sequence[str], offer: Offer, perturbation: Perturbation | None = None
    ) -> None:
        self._command = command
        self.limit = command.timeout * offer.time_factor
        # -vet=off: what is tried is the platform. -count=1: no result of an earlier run.
        self._front = [*command.go, "test", "-json", "-vet=off", "-count=1", f"-timeout={self.limit:g}s"]
        # What follows a flag that `go` does not know is the test binary's: packages stand before the user's flags.
        self._rest = [*command.build_flags, *packages, *command.flags]
        # HOME and TMPDIR stay those of `go test`: what runs there is several packages, each in its own folder.
        self._run = compose(offer, (), Path(), perturbation=perturbation, carry=(command.cwd,))

    @property
    def argv(self) -> list[str]:
        run = self._run
        return [*self._front, *_exec(run.argv, {**run.additions, **run.internal}), *self._rest]

    @property
    def line(self) -> str:
        """For a shell."""
        words = [*self._front, *_exec(self._run.shown, self._run.additions), *self._rest]
        return shell_line(words, self._command.shown, self._command.cwd)


def _exec(prefix: Sequence[str], additions: Mapping[str, str]) -> list[str]:
    words = [*(["env", *(f"{k}={v}" for k, v in sorted(additions.items()))] if additions else []), *prefix]
    return ["-exec", " ".join(_quoted(word) for word in words)] if words else []


def _quoted(word: str) -> str:
    """As cmd/internal/quoted splits it: quotes around, no escapes."""
    if word and not re.search(r"[\s'\"]", word):
        return word
    return f'"{word}"' if "'" in word else f"'{word}'"


def _go(argv: Sequence[str], command: TestCommand, limit: float) -> Outcome:
    running = start(argv, command.env, command.cwd)
    if isinstance(running, Outcome):
        return running
    try:
        done = running.wait(limit)
        if not done:
            quit_group(running)  # the test binaries are in the group: they print their goroutines
    except BaseException:  # Ctrl-C too: nothing that we started outlives us
        running.finish()
        raise
    return running.finish(timed_out=not done)


class _Reading:
    """What one run of `go test` showed."""

    def __init__(
        self, command: TestCommand, offer: Offer, outcome: Outcome, events: TestEvents, line: str, limit: float
    ) -> None:
        self._command = command
        self._offer = offer
        self._outcome = outcome
        self._events = events
        self._line = line
        self._limit = limit
        self._bad = [package for package in events.packages if not package.good]
        failed = [
            (f"{package.package}.{name}", text)
            for package in self._bad
            for name, text in zip(package.failed, package.failed_output, strict=True)
        ]
        failed += [(p.package, p.output) for p in self._bad if not p.failed]
        self._trouble = trouble_of(offer, "".join(package.output for package in self._bad))
        self._failed = tuple(name for name, _ in failed)
        self._failed_output = tuple(text for _, text in failed)

    def observation(self) -> Observation:
        outcome, packages = self._outcome, self._events.packages
        if outcome.error or (not packages and not outcome.ok and not outcome.timed_out):
            error = outcome.error or (outcome.stderr.strip() or self._events.other).partition("\n")[0]
            why = message("run.tests-not-begun", error=error)
            return self._seen(State.FAIL, why, Layer.RUNNER, "go test did not begin")
        unbuilt = [package.package for package in self._bad if package.not_built]
        if unbuilt:
            target = f"{self._command.env.get('GOOS', '')}/{self._command.env.get('GOARCH', '')}"
            kind = failure_kind("".join(package.output for package in self._bad if package.not_built))
            if kind and kind.state is State.ENVIRONMENT:
                why = message("run.tests-not-built-here", packages=_some(unbuilt), target=target, what=kind.what)
                return self._seen(State.FAIL, why, Layer.RUNNER, kind.code)
            why = message("run.tests-not-built", packages=_some(unbuilt), target=target)
            return self._seen(State.FAIL, why, Layer.COMPILER, f"not built: {', '.join(unbuilt)}")
        if outcome.timed_out:
            seconds = f"{self._command.overall * self._offer.time_factor:g}"
            why = message("run.tests-too-long", seconds=seconds, tests=_some(self._failed))
            return self._seen(State.FAIL, why, signature=self._signature("time limit"))
        if self._bad:
            return self._failing()
        if not outcome.ok:
            # Every package ended well, and still `go test` says no: its own words are all there is.
            why = message("run.tests-not-begun", error=outcome.ending)
            return self._seen(State.FAIL, why, Layer.RUNNER, outcome.ending)
        return self._passing()

    def _failing(self) -> Observation:
        if any(package.timed_out for package in self._bad):
            why = message("run.tests-too-long", seconds=f"{self._limit:g}", tests=_some(self._failed))
            return self._seen(State.FAIL, why, signature=self._signature("time limit"))
        if self._trouble:
            why = reason_of(self._trouble)
        else:
            why = message("run.tests-failed", failed=len(self._failed), tests=_some(self._failed))
        layer, subject = self._layer()
        return self._seen(State.FAIL, why, layer, self._signature("tests failed"), subject)

    def _signature(self, what: str) -> str:
        return f"{what}: {', '.join(sorted(self._failed))}"

    def _layer(self) -> tuple[Layer, str]:
        """Who ended the first package that failed outside its tests, such as before the first one began."""
        if self._trouble:
            return Layer.MACHINE, self._trouble.code
        for package in self._bad:
            if re.search(r"^(signal|SIGILL): illegal instruction", package.output, re.MULTILINE):
                return Layer.CPU, ""
            if not package.tests and (found := named_ending(package.output, self._command.dynamic)):
                return found[0].layer, found[1]
        return Layer.PROGRAM, ""

    def _passing(self) -> Observation:
        packages = self._events.packages
        passed = sum(len(package.passed) for package in packages)
        skipped = sum(len(package.skipped) for package in packages)
        with_tests = sum(bool(package.tests) for package in packages)
        if not with_tests:
            return self._seen(State.NA, message("run.tests-none"))
        if not passed:
            return self._seen(State.WARN, message("run.tests-all-skipped", skipped=skipped))
        why = message("run.tests-passed", passed=passed, packages=with_tests, skipped=skipped)
        return self._seen(State.PASS, why)

    def _seen(
        self, state: State, reason: Message, layer: Layer = Layer.PROGRAM, signature: str = "", subject: str = ""
    ) -> Observation:
        outcome = self._outcome
        lines = "".join(package.output for package in self._bad) if self._bad else ""
        begun = outcome.stderr if layer in (Layer.RUNNER, Layer.COMPILER) or outcome.timed_out else ""
        trap = trap_in(lines) if layer == Layer.CPU else None
        return Observation(
            state,
            reason,
            layer=layer,
            signature=signature,
            failed=self._failed,
            failed_output=self._failed_output,
            subject=subject,
            trap=trap,
            exit_code=outcome.exit_code,
            timed_out=outcome.timed_out or any(package.timed_out for package in self._bad),
            evidence=(
                *self._counts(),
                *trap_evidence(trap),
                *loader_evidence(self._offer, self._command.dynamic),
                *evidence_of(self._offer, lines),
            ),
            output=without_words(self._offer, lines + self._events.other + begun),
            reproducer=self._line,
            seconds=outcome.seconds,
        )

    def _counts(self) -> tuple[Evidence, ...]:
        told = []
        for package in self._events.packages:
            if package.tests or not package.good:
                counts = f"{len(package.passed)} passed, {len(package.failed)} failed, {len(package.skipped)} skipped"
                told.append(Evidence("tests", counts + _notes(package), package.package))
            told += [Evidence("skipped", name, package.package) for name in package.skipped]
            told += [Evidence("failed", name, package.package) for name in package.failed]
        return tuple(told)


def _notes(package: PackageTests) -> str:
    notes = []
    if package.not_built:
        notes.append("not built")
    if package.unfinished:
        notes.append(f"never ended: {', '.join(package.unfinished)}")
    return "".join(f"; {note}" for note in notes)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f", ... ({more})" if more > 0 else "")

"""Whose fault is a failure? Pure: the trials so far → the next experiment, or a verdict (design: verdicts.md).

The seven steps, in their order: stage, canary, capability, known faults, repeat, perturb, escalate. The canary runs
before the program does, so that a runner that cannot run Go programs is passed over, and told, where there is another.
No step makes an `emulator` verdict of text alone: the canary, a table row that also names the place, a feature that
the runner says it lacks, or a second implementation has to agree.
"""

from seatrial.model.attribution import Experiment, History, Look, Step, Subject, Verdict
from seatrial.model.finding import Evidence
from seatrial.model.runner import Offer
from seatrial.model.states import Fidelity, State
from seatrial.model.trial import CanaryResult, Layer, Observation, Perturbation
from seatrial.tables.emulator_faults import EmulatorFault, Place, known_faults
from seatrial.tables.instruction_sets import privileged_features
from seatrial.tables.messages import message
from seatrial.tables.version_ranges import numbers

__all__ = ["RUNS", "fault_evidence", "faults_met", "next_step"]

RUNS = 3
"""How often a trial is repeated, made under each perturbation, and made under a second implementation.

Once only where the first trial ran into its time limit: three rounds of waiting could take hours.
"""

_ENOEXEC = "exec format error"
"""What Go says when a program that it starts is for another machine (Go source: syscall/zerrors_linux_*.go)."""

_REAL = (Fidelity.HOST, Fidelity.HARDWARE)


def next_step(
    subject: Subject, offers: tuple[Offer, ...], history: History, more: bool = False
) -> Experiment | Look | Verdict:
    """The next experiment, or the verdict once the history suffices. Needs at least one offer.

    With `more` there may be further offers, and `Look` asks for one where those that there are do not decide.
    """
    return _Attribution(subject, offers, history, more).next()


def faults_met(subject: Subject, offer: Offer, text: str) -> tuple[EmulatorFault, ...]:
    """The rows of the table of emulator faults that fit this offer and whose signature the text bears."""
    # "qemu-user 10.0.2" is emulator and version.
    version = offer.implementation.removeprefix(offer.runner).strip()
    guest = "windows" if subject.goos == "windows" else subject.goarch
    place = Place(guest, subject.host_arch, offer.runner, version, subject.go_version, subject.host_kernel)
    return known_faults(place, text)


def fault_evidence(fault: EmulatorFault) -> Evidence:
    """What the table says of a fault; a `hint` where it decided nothing."""
    kind = "known fault" if fault.decides else "hint"
    return Evidence(kind, f"{fault.summary} {fault.mitigation}", " ".join((fault.id, *fault.issues)))


def _not_older(have: str, want: str) -> bool:
    return bool(have and want) and numbers(have) >= numbers(want)


def _same(mine: Observation, theirs: Observation) -> bool:
    """Whether two trials failed in the same way: at least the same tests, or the same ending."""
    if mine.failed:
        return set(mine.failed) <= set(theirs.failed)
    return mine.signature == theirs.signature


def _comparable(offer: Offer, other: Offer, layer: Layer) -> bool:
    """Whether passing under `other` speaks against `offer`, and not for the libc, page size or CPU used there."""
    another_cpu = layer == Layer.CPU and other.fidelity == Fidelity.HOST and "cpu" not in other.same
    return set(offer.same) <= set(other.same) and not another_cpu


class _Attribution:
    """One history, looked at step by step."""

    def __init__(self, subject: Subject, offers: tuple[Offer, ...], history: History, more: bool) -> None:
        self._subject = subject
        self._offers = offers
        self._more = more
        self._canaries = {t.experiment.offer: t.result for t in history if isinstance(t.result, CanaryResult)}
        self._trials = [(t.experiment, t.result) for t in history if isinstance(t.result, Observation)]

    def next(self) -> Experiment | Look | Verdict:
        candidates = range(len(self._offers)) if self._subject.replaceable else range(1)
        for index in candidates:
            if index not in self._canaries:
                return Experiment(index, Step.CANARY, canary=True)
            if not self._trouble(index):
                break
        else:
            return Look() if self._more and self._subject.replaceable else self._no_sound_runner()
        return self._try(index)

    # Step 2, before the program runs

    def _trouble(self, index: int) -> str:
        """Why the runner may not speak about the program; "" for a sound one."""
        canary = self._canaries[index]
        if not canary.passed:
            return "; ".join(filter(None, (*canary.failed, canary.ending)))
        for fact, want in self._told(self._offers[index]).items():
            if (seen := canary.facts.get(fact, want)) != want:
                return f"{fact} {seen} in place of {want}"
        return ""

    def _told(self, offer: Offer) -> dict[str, str]:
        """What the offer says of its machine, in the canary's words."""
        told = {"goos": self._subject.goos, "goarch": self._subject.goarch}
        if "page size" in offer.same and self._subject.page_size:
            told["page_size"] = str(self._subject.page_size)
        return told

    def _no_sound_runner(self) -> Verdict:
        offer, canary = self._offers[0], self._canaries[0]
        trouble = self._trouble(0)
        if canary.trouble:
            why = message("run.machine", why=canary.trouble.text.rstrip("."))
            return Verdict(State.ENVIRONMENT, why, 0, Step.CANARY, canary.trouble.code)
        if canary.passed:
            why = message("run.mismatch", runner=offer.implementation, difference=trouble)
            return Verdict(State.ENVIRONMENT, why, 0, Step.CANARY, "mismatch")
        state = State.ENVIRONMENT if offer.fidelity in _REAL else State.EMULATOR
        why = message("run.canary-failed", runner=offer.implementation, trouble=trouble)
        return Verdict(state, why, 0, Step.CANARY, "canary-failed")

    # The program's own trials

    def _try(self, index: int) -> Experiment | Look | Verdict:
        own = self._of(index)
        if not own:
            return Experiment(index, Step.STAGE)
        first = own[0]
        if first.good:
            return Verdict(first.state, first.reason, index)
        return (
            self._stage(index, first)
            or self._capability(index, first)
            or self._known_fault(index, first)
            or self._repeat(index, own)
            or self._suspect(index, own)
        )

    def _lacks(self, index: int, seen: Observation) -> set[str]:
        """Features of the platform's CPU that the offer lacks and that may be why the program was refused.

        It says that it lacks them, or their instruction trapped there. A program never executes a privileged
        instruction; and where the function is known that holds the refused one, so is what it can have asked for.
        """
        lacks = {*self._offers[index].lacks, *self._canaries[index].lacks} - privileged_features(self._subject.goarch)
        used = self._subject.used.get(seen.trap.function) if seen.trap else None
        return lacks if used is None else lacks & (used | self._subject.required)

    def _of(self, index: int, perturbation: Perturbation | None = None) -> list[Observation]:
        return [r for e, r in self._trials if e.offer == index and e.perturbation is perturbation]

    def _fail(self, index: int, step: Step, observation: Observation) -> Verdict:
        code = "time-limit" if observation.timed_out else ""
        return Verdict(State.FAIL, observation.reason, index, step, code)

    def _stage(self, index: int, seen: Observation) -> Verdict | None:
        """Step 1: the layer that raised it."""
        offer, subject = self._offers[index], self._subject
        match seen.layer:
            case Layer.RUNNER:
                return Verdict(State.ENVIRONMENT, seen.reason, index, Step.STAGE, "runner")
            case Layer.MACHINE:
                return Verdict(State.ENVIRONMENT, seen.reason, index, Step.STAGE, seen.subject)
            case Layer.COMPILER:
                return self._fail(index, Step.STAGE, seen)
            case Layer.LOADER_INTERPRETER if subject.loader and subject.interpreter != subject.loader:
                return self._fail(index, Step.STAGE, seen)
            case Layer.LOADER_SYMBOL if _not_older(offer.libc_version, subject.libc_version):
                return self._fail(index, Step.STAGE, seen)
            case Layer.LOADER_INTERPRETER | Layer.LOADER_SYMBOL | Layer.LOADER_LIBRARY:
                missing = subject.interpreter if seen.layer == Layer.LOADER_INTERPRETER else seen.subject
                why = message("run.loader-here", subject=missing, loader=offer.loader or offer.implementation)
                return Verdict(State.ENVIRONMENT, why, index, Step.STAGE, "loader")
        return None

    def _capability(self, index: int, seen: Observation) -> Verdict | None:
        """Step 3: the runner lacks what the program needs: CPU features of its variant, programs that start others."""
        offer = self._offers[index]
        texts = seen.failed_output or (f"{seen.signature}\n{seen.output}",)
        started = self._canaries[index].self_exec or offer.fidelity in _REAL
        if not started and all(_ENOEXEC in text for text in texts):
            why = message("run.no-self-exec", runner=offer.implementation)
            return Verdict(State.EMULATOR, why, index, Step.CAPABILITY, "capability")
        lacking = sorted(self._subject.required & self._lacks(index, seen))
        if seen.layer not in (Layer.CPU, Layer.CPU_LEVEL) or not lacking:
            return None
        state = State.ENVIRONMENT if offer.fidelity in _REAL else State.EMULATOR
        why = message("run.lacks", runner=offer.implementation, features=", ".join(lacking))
        return Verdict(state, why, index, Step.CAPABILITY, "capability")

    def _known_fault(self, index: int, seen: Observation) -> Verdict | None:
        """Step 4: place and signature are in the table, for everything that failed."""
        offer = self._offers[index]
        deciding: dict[str, EmulatorFault] = {}
        for text in seen.failed_output or (f"{seen.signature}\n{seen.output}",):
            found = [fault for fault in faults_met(self._subject, offer, text) if fault.decides]
            if not found:
                return None  # another failure than the known one: it has to be explained too
            deciding[found[0].id] = found[0]
        first = next(iter(deciding.values()))
        why = message("run.known-fault", runner=offer.implementation, fault=first.id, issue=first.issues[0])
        told = tuple(fault_evidence(fault) for fault in deciding.values())
        return Verdict(State.EMULATOR, why, index, Step.KNOWN_FAULT, "known-fault", told)

    def _repeat(self, index: int, own: list[Observation]) -> Experiment | Verdict | None:
        """Step 5: the same again."""
        if any(seen.good for seen in own):
            return self._flaky(index, Step.REPEAT, own)
        if len(own) <= _runs(own):
            return Experiment(index, Step.REPEAT)
        return None

    def _flaky(self, index: int, step: Step, own: list[Observation]) -> Verdict:
        bad = [seen for seen in own if not seen.good]
        why = message("run.flaky", bad=len(bad), all=len(own), how=bad[0].signature)
        return Verdict(State.FLAKY, why, index, step)

    def _suspect(self, index: int, own: list[Observation]) -> Experiment | Look | Verdict:
        """Steps 6 and 7, where something is emulated that could be at fault; then what is left."""
        offer = self._offers[index]
        suspicion = ""
        if own[0].layer == Layer.CPU and (lacks := self._lacks(index, own[0])):
            suspicion = f"lacks {', '.join(sorted(lacks))}"
        if offer.fidelity in _REAL:
            return self._remainder(index, own, suspicion)
        for perturbation in Perturbation if self._subject.perturbed else ():
            varied = self._of(index, perturbation)
            if len(varied) < _runs(own):
                return Experiment(index, Step.PERTURB, perturbation=perturbation)
            if good := sum(seen.good for seen in varied):
                suspicion = f"{perturbation}: {good} of {len(varied)} passed"
                break  # it raises suspicion, no more: the others could not add to that
        return self._escalate(index, own) or self._remainder(index, own, suspicion)

    def _escalate(self, index: int, own: list[Observation]) -> Experiment | Look | Verdict | None:
        """Step 7: a second implementation with a sound canary."""
        for other in range(len(self._offers)):
            if self._offers[other].implementation == self._offers[index].implementation:
                continue
            if other not in self._canaries:
                return Experiment(other, Step.ESCALATE, canary=True)
            if self._trouble(other):
                continue
            there = self._of(other)
            if len(there) < _runs(own) and not any(seen.layer in (Layer.RUNNER, Layer.MACHINE) for seen in there):
                return Experiment(other, Step.ESCALATE)
            if verdict := self._compare(index, own, other, there):
                return verdict
        return Look() if self._more else None

    def _compare(self, index: int, own: list[Observation], other: int, there: list[Observation]) -> Verdict | None:
        good = [seen for seen in there if seen.good]
        if good and len(good) < len(there):
            return self._flaky(other, Step.ESCALATE, there)
        if not good:
            # Failing there in another way proves neither: the next implementation, or what is left, decides.
            same = any(_same(mine, theirs) for mine in own for theirs in there)
            # The same illegal instruction under both may be one that the platform's CPU has and neither of them.
            lacking = own[0].layer == Layer.CPU and self._lacks(index, own[0]) & self._lacks(other, own[0])
            proof = same and not lacking
            return self._fail(index, Step.ESCALATE, own[0]) if proof else None
        if not _comparable(self._offers[index], self._offers[other], own[0].layer):
            return None
        why = message(
            "run.other-implementation",
            runner=self._offers[index].implementation,
            how=own[0].signature,
            other=self._offers[other].implementation,
        )
        return Verdict(State.EMULATOR, why, index, Step.ESCALATE, "second-implementation")

    def _remainder(self, index: int, own: list[Observation], suspicion: str) -> Verdict:
        if not suspicion:
            return self._fail(index, Step.REMAINDER, own[0])
        why = message(
            "run.suspicion", runner=self._offers[index].implementation, how=own[0].signature, suspicion=suspicion
        )
        return Verdict(State.UNKNOWN, why, index, Step.REMAINDER, "no-second-implementation")


def _runs(own: list[Observation]) -> int:
    return 1 if own[0].timed_out else RUNS

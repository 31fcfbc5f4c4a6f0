"""Runs one stage of one cell: canary, trial, and the experiments that attribution asks for, into a `Stage`."""

import time
from collections.abc import Callable, Iterable

import msgspec

from seatrial.account import account
from seatrial.attribution import next_step
from seatrial.errors import CouldNotCheck, UsageError
from seatrial.model.attribution import Look, Step, Subject, Tried, Verdict
from seatrial.model.binary import BinaryFacts, Linkage
from seatrial.model.finding import Evidence
from seatrial.model.needs import FeatureUse
from seatrial.model.platform import Platform
from seatrial.model.report import Stage
from seatrial.model.runner import CannotOffer, Offer
from seatrial.model.states import StageName, State
from seatrial.model.trial import CanaryResult, Observation, Perturbation
from seatrial.runners import Ways
from seatrial.tables.instruction_sets import default_variant, required_features
from seatrial.tables.messages import message
from seatrial.tables.version_ranges import numbers

__all__ = ["NEWER_LIBC", "run_stage", "subject_of"]

NEWER_LIBC = "RT-LIBC-001"
"""The rule of a dynamic program that ran well, on a newer libc than the platform's."""

Once = Callable[[Offer, Perturbation | None], Observation]


def subject_of(
    platform: Platform,
    facts: BinaryFacts,
    host_arch: str,
    host_kernel: str,
    replaceable: bool = True,
    uses: Iterable[FeatureUse] = (),
) -> Subject:
    """What attribution has to know, from the platform, the artifact and this host (GOARCH, kernel version)."""
    used: dict[str, frozenset[str]] = {}
    for use in uses:
        used[use.owner.function] = used.get(use.owner.function, frozenset()) | {use.feature}
    target = facts.go_target
    goarch = target.goarch if target else platform.goarch
    variant = (target.variant if target else "") or default_variant(goarch)
    libc = platform.libc.value
    return Subject(
        goos=platform.goos,
        goarch=goarch,
        go_version=getattr(facts.go, "version", ""),
        required=_required(goarch, variant),
        used=used,
        dynamic=facts.linkage == Linkage.DYNAMIC,
        interpreter=facts.interpreter,
        loader=platform.loader.value or "",
        libc_version=libc.version if libc else "",
        page_size=platform.page_size.value or 0,
        host_arch=host_arch,
        host_kernel=host_kernel,
        replaceable=replaceable,
    )


def _required(goarch: str, variant: str) -> frozenset[str]:
    try:
        return required_features(goarch, variant)
    except UsageError:  # a finished binary may name a level that this release does not know
        return frozenset()


def run_stage(
    name: StageName,
    ways: Ways,
    once: Once,
    canary: Callable[[Offer], CanaryResult],
    subject: Subject,
    floor_fits: bool = False,
) -> Stage:
    """The stage's result; further ways to run it are looked for as attribution asks.

    `floor_fits`: the static stage has shown that the artifact's libc floor fits the platform.

    What the host cannot do (no space, no processes) is an `environment` result, never an exception.
    """
    began = time.monotonic()
    ways.look(1)
    if not ways.offers:
        return _not_run(name, ways.refusals)
    history: tuple[Tried, ...] = ()
    try:
        step = next_step(subject, ways.offers, history, ways.more)
        while not isinstance(step, Verdict):
            if isinstance(step, Look):
                ways.another()
            else:
                offer = ways.offers[step.offer]
                result = canary(offer) if step.canary else once(offer, step.perturbation)
                history = (*history, Tried(step, result))
            step = next_step(subject, ways.offers, history, ways.more)
    except (OSError, CouldNotCheck) as error:
        why = message("run.host-failed", error=str(error).rstrip("."))
        step = Verdict(State.ENVIRONMENT, why, history[-1].experiment.offer if history else 0, Step.STAGE, "host")
    stage = _stage(name, step, ways.offers, history, subject, floor_fits)
    return msgspec.structs.replace(stage, seconds=time.monotonic() - began)


def _not_run(name: StageName, refused: tuple[CannotOffer, ...]) -> Stage:
    if not refused:
        return Stage(name, State.NOT_RUN, message("run.no-runner"), reason_code="no-runner")
    first = refused[0]
    others = tuple(Evidence("runner", other.reason.text, other.runner) for other in refused[1:])
    return Stage(name, first.state, first.reason, reason_code=first.reason_code, needs=first.needs, evidence=others)


def _stage(
    name: StageName,
    verdict: Verdict,
    usable: tuple[Offer, ...],
    history: tuple[Tried, ...],
    subject: Subject,
    floor_fits: bool,
) -> Stage:
    offer = usable[verdict.offer]
    own = [tried.result for tried in history if tried.experiment.offer == verdict.offer]
    trials = [result for result in own if isinstance(result, Observation)]
    shown = next((seen for seen in trials if not seen.good), trials[0] if trials else None)
    canary = next((result for result in own if isinstance(result, CanaryResult)), None)
    state, rule, reason = verdict.state, verdict.rule, verdict.reason
    if state == State.PASS and not floor_fits and _newer_libc(subject, offer):
        state, rule = State.WARN, NEWER_LIBC
        reason = message("run.newer-libc", used=offer.libc_version, platform=subject.libc_version)
    if state == State.NA:
        return Stage(name, state, reason, rule=rule, evidence=shown.evidence if shown else ())
    what = shown or canary
    return Stage(
        name,
        state,
        reason,
        # "qemu-user 10.0.2", but `native`, whose implementation is the host's kernel: that is told as a substitute.
        runner=offer.implementation if offer.implementation.startswith(offer.runner) else offer.runner,
        fidelity=offer.fidelity,
        substitutes=offer.substitutes,
        same=offer.same,
        rule=rule,
        reason_code=verdict.reason_code,
        evidence=(
            *verdict.evidence,
            *(shown.evidence if shown else ()),
            *account(subject, usable, history),
            *(canary.evidence if canary else ()),
            *offer.notes,
            *_limits(offer),
        ),
        output=what.output if what else "",
        reproducer=what.reproducer if what else "",
    )


def _limits(offer: Offer) -> tuple[Evidence, ...]:
    """What the runner cannot give, which a pass does not show."""
    told = tuple(Evidence("limit", limit, offer.implementation) for limit in offer.limits)
    if offer.lacks:
        told += (Evidence("CPU features lacking", ", ".join(offer.lacks), offer.implementation),)
    return told


def _newer_libc(subject: Subject, offer: Offer) -> bool:
    return (
        subject.dynamic and bool(subject.libc_version) and numbers(offer.libc_version) > numbers(subject.libc_version)
    )

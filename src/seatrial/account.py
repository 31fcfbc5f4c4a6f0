"""Tells what attribution tried and what came of it, as evidence."""

from seatrial.attribution import fault_evidence, faults_met
from seatrial.model.attribution import History, Subject
from seatrial.model.finding import Evidence
from seatrial.model.runner import Offer
from seatrial.model.trial import CanaryResult, Observation

__all__ = ["account"]


def account(subject: Subject, offers: tuple[Offer, ...], history: History) -> tuple[Evidence, ...]:
    """What was tried and what came of it, one line for each kind of experiment and offer; then hints of the table."""
    told: list[Evidence] = []
    series: dict[tuple[int, str], list[Observation]] = {}
    for tried in history:
        where = offers[tried.experiment.offer].implementation
        if isinstance(tried.result, CanaryResult):
            told.append(Evidence("canary", _canary_line(tried.result), where))
        else:
            kind = str(tried.experiment.perturbation or "trial")
            series.setdefault((tried.experiment.offer, kind), []).append(tried.result)
    known: set[str] = set()
    for (index, kind), results in series.items():
        told.append(Evidence(kind, _series_line(results, known), offers[index].implementation))
    for (index, kind), results in series.items():
        if kind == "trial" and not results[0].good:
            text = f"{results[0].signature}\n{results[0].output}"
            told += [fault_evidence(fault) for fault in faults_met(subject, offers[index], text) if not fault.decides]
    return tuple(dict.fromkeys(told))


def _canary_line(canary: CanaryResult) -> str:
    if canary.trouble:
        return f"not run: {canary.trouble.code} {canary.trouble.text}".strip()
    if not canary.passed:
        return "; ".join(filter(None, ("failed", *canary.failed, canary.ending)))
    return f"passed, {canary.cases} cases" + ("" if canary.self_exec else ", but a program cannot start itself here")


def _series_line(results: list[Observation], known: set[str]) -> str:
    """How many passed, and each way of failing; one that an earlier line has told is "the same"."""
    ways = dict.fromkeys(seen.signature for seen in results if not seen.good)
    line = f"{sum(seen.good for seen in results)} of {len(results)} passed"
    told = ["the same" if way in known else way for way in ways]
    known.update(ways)
    return f"{line}: {'; '.join(told)}" if told else line

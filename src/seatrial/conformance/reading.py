"""A certificate of what an exported suite printed on another machine (`suite/protocol.go`)."""

import datetime
from typing import Any

import msgspec

from seatrial import __version__
from seatrial.conformance.certify import exit_code, stand
from seatrial.decoding import ready
from seatrial.errors import UsageError
from seatrial.model.conformance import CaseInfo, CaseOutcome, CaseVerdict, Certificate, count_states
from seatrial.model.report import Tool
from seatrial.model.states import Fidelity, State
from seatrial.tables.conformance_cases import cases
from seatrial.tables.messages import message

__all__ = ["read_lines"]


class _Lines:
    """What the lines say. Lines that are not of the protocol are passed over."""

    def __init__(self, text: str) -> None:
        self.plan: list[str] = []
        self.facts: dict[str, Any] = {}
        self.outcomes: dict[str, CaseOutcome] = {}
        self.ended = False
        for line in text.splitlines():
            try:
                entry = msgspec.json.decode(line, type=dict[str, Any])
                self._take(entry)
            except msgspec.MsgspecError:
                continue

    def _take(self, entry: dict[str, Any]) -> None:
        if "plan" in entry:
            self.plan = msgspec.convert(entry["plan"], list[str])
        elif "facts" in entry:
            self.facts = msgspec.convert(entry["facts"], dict[str, Any])
        elif "end" in entry:
            self.ended = True
        elif "case" in entry:
            self.outcomes.setdefault(msgspec.convert(entry["case"], str), msgspec.convert(entry, ready(CaseOutcome)))


def read_lines(text: str, command: str = "") -> Certificate:
    """The certificate of the machine that printed the lines. Raises UsageError for text of anything else.

    It ran natively there, so that a failure is one of that machine. A planned case without a result is `environment`.
    """
    said = _Lines(text)
    if not said.plan or "goos" not in said.facts:
        raise UsageError(
            "This is no output of an exported conformance suite: it has no plan or no facts.",
            "Give the whole stdout of the file that `seatrial conformance export` made.",
        )
    facts = said.facts
    goos, goarch = str(facts["goos"]), str(facts.get("goarch", ""))
    known = cases()
    order = [id_ for id_ in known if id_ in said.plan] + [id_ for id_ in said.plan if id_ not in known]
    verdicts = tuple(_verdict(known.get(id_) or CaseInfo(id_, "", "", ""), said) for id_ in order)
    kernel = " ".join(str(facts[name]) for name in ("system", "kernel") if facts.get(name))
    title = str(facts.get("os") or kernel or goos)
    whole = {info.id for info in known.values() if info.applies(goos, goarch)} <= set(said.plan)
    return Certificate(
        tool=Tool(__version__),
        platform="",
        title=f"{title} on {facts['cpu']}" if facts.get("cpu") else f"{title}, {goarch}",
        port=f"{goos}/{goarch}",
        runner=kernel or goos,
        fidelity=Fidelity.HARDWARE,
        facts=facts,
        started=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        seconds=round(sum(case.seconds for case in verdicts), 3),
        states=count_states(verdicts),
        cases=verdicts,
        chosen=() if whole else tuple(dict.fromkeys(case.topic for case in verdicts)),
        command=command,
        complete=said.ended,
        exit_code=exit_code(verdicts) if said.ended else 3,
    )


def _verdict(info: CaseInfo, said: _Lines) -> CaseVerdict:
    if outcome := said.outcomes.get(info.id):
        return stand(info, outcome)
    why = message("conformance.not-in-lines")
    return CaseVerdict(info.id, info.contract, info.source, info.breaks, State.ENVIRONMENT, reason=why, rule="lines")

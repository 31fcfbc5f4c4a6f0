"""The suite on one platform: probes built, run, failures attributed, compared with this host, certified."""

import datetime
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from seatrial import __version__, processes
from seatrial.attribution import next_step
from seatrial.build.conformance import CgoProbe, build_cgo_probe, build_pure_probe
from seatrial.conformance.host_platform import host_platform
from seatrial.conformance.part import Canaries, Part, Place, Search
from seatrial.conformance.proposals import propose
from seatrial.conformance.verdicts import Attributed, attribute, is_real, place_of
from seatrial.errors import CouldNotCheck
from seatrial.host import host
from seatrial.model.attribution import Look, Tried, Verdict
from seatrial.model.conformance import (
    CaseInfo,
    CaseOutcome,
    CaseVerdict,
    Certificate,
    Probe,
    Witness,
    count_states,
)
from seatrial.model.message import Message
from seatrial.model.platform import Platform
from seatrial.model.report import Tool, ToolVersion
from seatrial.model.runner import Offer
from seatrial.model.states import Group, State, group_of
from seatrial.model.trial import CanaryResult
from seatrial.store import Store, file_digest
from seatrial.tables.conformance_cases import cases_of
from seatrial.tables.messages import message
from seatrial.toolchains import GoToolchain
from seatrial.trials.conformance import ProbeRun, Told

__all__ = ["Certifier", "exit_code", "stand"]


class Certifier:
    """What the certificates of several platforms share."""

    def __init__(
        self,
        go: GoToolchain,
        store: Store,
        search: Search,
        canaries: Canaries,
        note: Callable[[str], None],
        replaceable: bool = True,
        natively: Search | None = None,
    ) -> None:
        """`natively` finds the ways for the comparison with this host, where `search` leaves runners out."""
        self._go = go
        self._store = store
        self._search = search
        self._search_natively = natively or search
        self._canaries = canaries
        self.note = note
        self._replaceable = replaceable
        self._here = Place(host().goarch, host().kernel)
        self._native: dict[str, Part | None] = {}

    def certify(self, platform: Platform, infos: Iterable[CaseInfo], told: Told | None = None) -> Certificate:
        """Run these of the platform's cases. Raises CouldNotCheck only when nothing can be built or kept.

        Ctrl-C ends it, and all that come after it, with what was answered until then.
        """
        began, started = time.monotonic(), datetime.datetime.now().astimezone()
        chosen = tuple(infos)
        sides = [
            _Side(self, platform, kind, tuple(info for info in chosen if info.cgo == (kind == "cgo")), told)
            for kind in ("pure", "cgo")
        ]
        try:
            for side in sides:
                if side.infos and not processes.interrupted():
                    side.go_through()
        except KeyboardInterrupt:
            processes.interrupt()
        complete = not processes.interrupted()
        if not complete:
            for side in sides:
                side.cut_short()
        cases = {case.id: case for side in sides for case in side.verdicts}
        main = next((side for side in sides if side.offer), sides[0])
        ordered = tuple(cases[info.id] for info in chosen)
        return Certificate(
            tool=Tool(__version__, _tools(self._go, sides)),
            platform=platform.name,
            title=platform.title,
            port=f"{platform.goos}/{platform.goarch}",
            runner=main.offer.implementation if main.offer else "",
            fidelity=main.offer.fidelity if main.offer else None,
            substitutes=main.offer.substitutes if main.offer else (),
            same=main.offer.same if main.offer else (),
            facts={name: value for side in reversed(sides) for name, value in side.facts.items()},
            probes=tuple(side.probe for side in sides if side.probe.sha256 or side.probe.absent),
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - began, 3),
            states=count_states(ordered),
            cases=ordered,
            proposals=tuple(text for side in sides for text in side.proposals),
            host=_host(),
            complete=complete,
            exit_code=exit_code(ordered) if complete else 3,
        )

    def build(self, platform: Platform, kind: str) -> Path | CgoProbe | Message:
        """The probe, or why there is none."""
        self.note(f"building the {kind} probe for {platform.goos}/{platform.goarch}")
        if kind == "cgo":
            return build_cgo_probe(platform, self._go, self._store, note=self.note)
        try:
            return build_pure_probe(platform, self._go, self._store)
        except CouldNotCheck as error:
            return message("conformance.no-probe", why=error.message)

    def part(
        self, platform: Platform, built: Path | CgoProbe, infos: Iterable[CaseInfo], search: Search | None = None
    ) -> Part:
        """The built probe with its ways to run."""
        probe, libraries = (built.path, built.libraries) if isinstance(built, CgoProbe) else (built, None)
        return Part(
            platform,
            probe,
            infos,
            self._here,
            search or self._search,
            self._canaries,
            libraries=libraries,
            replaceable=self._replaceable,
        )

    def natively(self, kind: str, ids: Iterable[str]) -> tuple[str, ProbeRun] | None:
        """The same cases, as far as this host's port has them, natively; None where that cannot be done."""
        if kind not in self._native:
            self._native[kind] = self._native_part(kind)
        part = self._native[kind]
        wanted = [id_ for id_ in ids if part and id_ in part.infos]
        if part is None or not wanted:
            return None
        return place_of(part.offers[0], "linux", self._here.goarch), part.run(wanted, 0)

    def _native_part(self, kind: str) -> Part | None:
        platform = host_platform()
        if not platform.goarch:
            return None
        built = self.build(platform, kind)
        if isinstance(built, Message):
            return None
        infos = [info for info in cases_of("linux", platform.goarch) if info.cgo == (kind == "cgo")]
        part = self.part(platform, built, infos, self._search_natively)
        return part if part.offers and is_real(part.offers[0]) and part.canary(0).passed else None


class _Side:
    """The cases of one probe on one platform, from its build to their verdicts."""

    def __init__(
        self, certifier: Certifier, platform: Platform, kind: str, infos: tuple[CaseInfo, ...], told: Told | None
    ) -> None:
        self._certifier = certifier
        self._platform = platform
        self._kind = kind
        self._told = told
        self._answered: dict[str, CaseOutcome] = {}
        self.infos = infos
        self.offer: Offer | None = None
        self.probe = Probe(kind)
        self.facts: dict[str, object] = {}
        self.verdicts: tuple[CaseVerdict, ...] = ()
        self.proposals: tuple[str, ...] = ()
        self.tools: tuple[ToolVersion, ...] = ()

    def go_through(self) -> None:
        """Build, run, attribute."""
        built = self._certifier.build(self._platform, self._kind)
        if isinstance(built, Message):
            self.probe = Probe(self._kind, absent=built)
            self._none(State.ENVIRONMENT, built, "toolchain")
            return
        part = self._certifier.part(self._platform, built, self.infos)
        compiler, instead_of = "", None
        if isinstance(built, CgoProbe):
            compiler, instead_of = built.compiler.title, built.instead_of
            self.tools = (built.compiler.tool,) if built.compiler.tool else ()
        size = part.probe.stat().st_size
        self.probe = Probe(self._kind, compiler, file_digest(part.probe), size, instead_of=instead_of)
        if not part.offers:
            self.probe = msgspec.structs.replace(self.probe, absent=part.ways.refusals[0].reason)
            self._none(part.ways.refusals[0].state, part.ways.refusals[0].reason, "no-runner")
            return
        sound = _sound(part)
        if isinstance(sound, Verdict):
            self._none(sound.state, sound.reason, str(sound.rule))
            return
        used = sound
        self.offer = part.offers[used]
        self.probe = msgspec.structs.replace(self.probe, runner=self.offer.implementation)
        self.tools += self.offer.tools
        run = part.run(part.infos, used, told=self._take)
        self.facts = dict(run.facts) | _told_by_machine(part.canary(used))
        failed = sum(outcome.state is State.FAIL for outcome in run.cases.values()) + len(run.missing)
        if failed:
            cases = "a case" if failed == 1 else f"{failed} cases"
            self._certifier.note(f"asking again about {cases} that did not hold under {self.offer.implementation}")
        attributed = attribute(part, used, run)
        elsewhere = self._elsewhere(attributed, part, used)
        asked = ",".join(part.infos)
        self.verdicts = tuple(
            _verdict(info, run, asked, attributed.get(info.id), elsewhere.get(info.id, ())) for info in self.infos
        )
        rows = (propose(part.subject, self.offer, case) for case in self.verdicts)
        self.proposals = tuple(row for row in rows if row)

    def cut_short(self) -> None:
        """After Ctrl-C: answers stand, but for failures, of which nobody knows yet whose they are."""
        if not self.verdicts:
            self.verdicts = tuple(_unfinished(info, self._answered.get(info.id)) for info in self.infos)

    def _take(self, id_: str, outcome: CaseOutcome) -> None:
        self._answered[id_] = outcome
        if self._told:
            self._told(id_, outcome)

    def _elsewhere(self, attributed: dict[str, Attributed], part: Part, used: int) -> dict[str, tuple[Witness, ...]]:
        """What this host shows, natively, of the cases that failed under an emulator."""
        if is_real(part.offers[used]):
            return {}
        found = self._certifier.natively(self._kind, attributed)
        if found is None:
            return {}
        place, run = found
        return {id_: (Witness(place, outcome.state, outcome.detail),) for id_, outcome in run.cases.items()}

    def _none(self, state: State, reason: Message, rule: str) -> None:
        self.verdicts = tuple(_undecided(info, state, reason, rule) for info in self.infos)


def _told_by_machine(canary: CanaryResult) -> dict[str, object]:
    """How a guest saw its machine, and what the calibration found."""
    return {
        f"{one.kind}: {one.where}" if one.kind == "machine" else one.kind: one.value
        for one in canary.evidence
        if one.kind in ("machine", "calibration", "not shown")
    }


def _sound(part: Part) -> int | Verdict:
    """The first offer whose canary is sound, or attribution's verdict on them where none is."""
    history: tuple[Tried, ...] = ()
    while True:
        step = next_step(part.subject, part.offers, history, part.ways.more)
        if isinstance(step, Verdict):
            return step
        if isinstance(step, Look):
            part.ways.another()
            continue
        if not step.canary:
            return step.offer
        history = (*history, Tried(step, part.canary(step.offer)))


def stand(info: CaseInfo, outcome: CaseOutcome, reproducer: str = "") -> CaseVerdict:
    """A case whose outcome stands as the probe told it."""
    return CaseVerdict(
        info.id,
        info.contract,
        info.source,
        info.breaks,
        outcome.state,
        detail=outcome.detail,
        values=outcome.values,
        seconds=outcome.seconds,
        reproducer=reproducer,
    )


def _verdict(
    info: CaseInfo, run: ProbeRun, asked: str, attributed: Attributed | None, elsewhere: tuple[Witness, ...]
) -> CaseVerdict:
    outcome = run.cases.get(info.id) or CaseOutcome(State.FAIL, run.output, ended=run.ending)
    case = stand(info, outcome, run.reproducer.replace(asked, info.id))
    if attributed is None:
        return case
    verdict = attributed.verdict
    return msgspec.structs.replace(
        case,
        state=verdict.state,
        reason=verdict.reason,
        rule=str(verdict.rule),
        witnesses=attributed.witnesses + elsewhere,
    )


def _undecided(info: CaseInfo, state: State, reason: Message, rule: str) -> CaseVerdict:
    return CaseVerdict(info.id, info.contract, info.source, info.breaks, state, reason=reason, rule=rule)


def _unfinished(info: CaseInfo, outcome: CaseOutcome | None) -> CaseVerdict:
    """A case of a run that was cut short."""
    if outcome is None:
        return _undecided(info, State.NOT_RUN, message("conformance.interrupted"), "interrupted")
    case = stand(info, outcome)
    if outcome.state is not State.FAIL:
        return case
    why = message("conformance.interrupted-failing")
    return msgspec.structs.replace(case, state=State.UNKNOWN, reason=why, rule="interrupted")


def exit_code(cases: tuple[CaseVerdict, ...]) -> int:
    """1 with a failure, 3 with a case that attribution or a tool left undecided, else 0 (design: verdicts.md)."""
    groups = {group_of(case.state) for case in cases if not case.lacking}
    return 1 if Group.BAD in groups else 3 if Group.UNCHECKED in groups else 0


def _tools(go: GoToolchain, sides: list[_Side]) -> tuple[ToolVersion, ...]:
    found = {go.tool(), *(tool for side in sides for tool in side.tools)}
    return tuple(sorted(found, key=lambda tool: (tool.name, tool.version)))


def _host() -> str:
    here = host()
    system = here.os_release.get("PRETTY_NAME", "Linux")
    return f"{system}, {here.cpu_model or here.machine}, {here.cpus} CPUs, Linux {here.kernel}, {here.libc}"

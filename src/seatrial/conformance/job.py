"""`seatrial conformance`: which platforms, which cases, and one certificate each."""

import fnmatch
from collections.abc import Callable
from pathlib import Path

import msgspec

from seatrial import platforms, processes
from seatrial.conformance.certify import Certifier
from seatrial.conformance.host_platform import host_platform
from seatrial.errors import CouldNotCheck, UsageError
from seatrial.machines import init_program
from seatrial.model.conformance import CaseInfo, CaseOutcome, Certificate
from seatrial.model.platform import Platform
from seatrial.model.runner import Workload
from seatrial.proving import Canaries
from seatrial.runners import Ways, all_runners, ended_afterwards, ways
from seatrial.runners.old_kernel import launcher_program
from seatrial.store import Store
from seatrial.tables.conformance_cases import TOPICS, cases, cases_of
from seatrial.toolchains import find_go

__all__ = ["CaseEnded", "Event", "Noted", "PlatformStarted", "Request", "choose", "conformance"]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for, as it stands on the command line."""

    targets: tuple[str, ...] = ()
    """Empty: this machine."""
    topics: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    """Ids and globs."""
    platforms: tuple[str, ...] = ()
    """Folders with platform files of the user's."""
    runner: str = ""
    go: str = ""
    command: str = ""


class PlatformStarted(msgspec.Struct, frozen=True):
    title: str
    cases: int


class CaseEnded(msgspec.Struct, frozen=True):
    """What the probe said; a failure is not attributed yet."""

    id: str
    outcome: CaseOutcome


class Noted(msgspec.Struct, frozen=True):
    """Something slow that is going on."""

    text: str


Event = PlatformStarted | CaseEnded | Noted


def choose(infos: tuple[CaseInfo, ...], topics: tuple[str, ...], patterns: tuple[str, ...]) -> tuple[CaseInfo, ...]:
    """The cases of the topics and those that patterns name; all without either. Raises UsageError for a wrong name."""
    for topic in topics:
        if topic not in TOPICS:
            raise UsageError(f"There is no topic {topic!r}.", f"Topics: {', '.join(TOPICS)}.")
    for pattern in patterns:
        if not fnmatch.filter(cases(), pattern):
            raise UsageError(f"No case matches {pattern!r}.", "See `seatrial conformance --list`.")
    if not topics and not patterns:
        return infos
    return tuple(
        info
        for info in infos
        if info.topic in topics or any(fnmatch.fnmatchcase(info.id, pattern) for pattern in patterns)
    )


def conformance(request: Request, store: Store, listen: Callable[[Event], None]) -> tuple[Certificate, ...]:
    """One certificate for each platform. After Ctrl-C they hold what was answered, and say that they are not complete.

    Raises UsageError for a wrong name, CouldNotCheck when Go itself is missing.
    """
    chosen = _platforms(request)
    go = find_go(request.go, store)
    runners = all_runners(
        store,
        lambda text: listen(Noted(text)),
        lambda goarch: init_program(go, goarch, store),
        lambda goarch: launcher_program(go, goarch, store),
        request.runner,
    )
    used = tuple(one for one in runners if request.runner in ("", one.name))

    def search(platform: Platform, workload: Workload) -> Ways:
        return ways(used, platform, workload)

    certifier = Certifier(
        go,
        store,
        search,
        Canaries(go, store),
        lambda text: listen(Noted(text)),
        replaceable=not request.runner,
        natively=lambda platform, workload: ways(runners, platform, workload),
    )
    found = []
    with processes.interruptible(), ended_afterwards(runners):
        for platform in chosen:
            infos = choose(cases_of(platform.goos, platform.goarch), request.topics, request.cases)
            if not processes.interrupted():
                listen(PlatformStarted(platform.title, len(infos)))
            certificate = certifier.certify(platform, infos, lambda id_, outcome: listen(CaseEnded(id_, outcome)))
            found.append(
                msgspec.structs.replace(certificate, chosen=(*request.topics, *request.cases), command=request.command)
            )
    return tuple(found)


def _platforms(request: Request) -> tuple[Platform, ...]:
    if request.targets:
        return platforms.load(Path(folder) for folder in request.platforms).select(request.targets)
    here = host_platform()
    if not here.goarch:
        raise CouldNotCheck("Go has no port for this machine.", "Name a platform with -t.")
    return (here,)

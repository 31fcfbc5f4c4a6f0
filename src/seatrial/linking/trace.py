"""Runs a program with its loader's debug output and our audit library, and puts together what they tell."""

import os
import re
import shlex
import shutil
import signal
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck, SeatrialError, UsageError
from seatrial.formats import read_binary
from seatrial.linking.debug_output import Complaint, DebugOutput, read_debug_output
from seatrial.linking.explain import explained, not_found, with_refusals
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, Linkage
from seatrial.model.linking import LinkTrace, LoaderError, Lookup, Search
from seatrial.processes import Outcome, run, scratch_folder, start
from seatrial.store import Store, digest, file_digest
from seatrial.tables.messages import message
from seatrial.toolchains import find_zig

__all__ = ["trace_linking"]

_AUDIT = Path(__file__).parent.parent / "probes" / "linktrace" / "audit.c"
_PRELOAD = "LD_PRELOAD"
_OLDEST_GLIBC = "2.17"
_TRIPLES = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu", "i686": "x86-linux-gnu"}
_STOP_SECONDS = 2.0
_STDERR = re.compile(r"^(.*?): error while loading shared libraries: (.+)$", re.MULTILINE)
_RELOCATION = re.compile(
    r"^(.*?): ((?:symbol lookup error|relocation error): .+|.*: version `.+' not found .+)$", re.MULTILINE
)


def trace_linking(argv: Sequence[str], store: Store, seconds: float = 10.0) -> LinkTrace:
    """Run a program, for at most `seconds`, and tell what its loader did.

    Raises UsageError for what is no dynamic ELF program of this machine, CouldNotCheck for a loader that tells nothing.
    """
    program = argv[0] if "/" in argv[0] else shutil.which(argv[0]) or argv[0]
    argv = (program, *argv[1:])
    facts = read_binary(Path(program))
    _check(program, facts)
    with scratch_folder("seatrial-linking-") as place:
        audit = _audit_library(store)
        heard = place / "audit"
        heard.touch()
        environment = {**os.environ, "LD_DEBUG": "files,libs,bindings,versions", "LD_DEBUG_OUTPUT": str(place / "ld")}
        if isinstance(audit, Path):
            environment |= {"LD_AUDIT": str(audit), "SEATRIAL_LINK_AUDIT": str(heard)}
        outcome, pid, ending = _watch(argv, environment, seconds)
        file = place / f"ld.{pid}"
        others = sum(1 for other in place.glob("ld.*") if other != file)
        try:
            with file.open(encoding="utf-8", errors="backslashreplace") as lines:
                told = read_debug_output(line for line in lines if str(audit) not in line)
        except FileNotFoundError:
            told = DebugOutput()
        lookups = _lookups(heard, program) if isinstance(audit, Path) else audit
    return _put_together(program, facts, told, outcome, ending, lookups, others)


def _check(program: str, facts: BinaryFacts) -> None:
    if facts.format is not BinaryFormat.ELF:
        raise UsageError(
            f"{program} is no ELF program.", "Loading can be traced on Linux, for programs of this machine."
        )
    if facts.linkage != Linkage.DYNAMIC or not facts.interpreter:
        raise UsageError(
            f"{program} is linked statically: no loader runs for it, so there is nothing to trace.",
            "seatrial inspect tells what it holds.",
        )
    if not Path(facts.interpreter).exists():
        raise CouldNotCheck(
            f"{program} names the loader {facts.interpreter}, which is not on this machine.",
            "Install the C library that it belongs to, or trace it where that is: see seatrial verify --help.",
        )
    if "musl" in facts.interpreter:
        raise CouldNotCheck(
            f"{program} uses musl's loader, which has neither debug output nor an audit interface.",
            "seatrial inspect tells which libraries it names.",
        )


def _watch(argv: Sequence[str], environment: dict[str, str], seconds: float) -> tuple[Outcome, int, str]:
    """Run the command; what came of it, its process id, and how it ended, in words."""
    running = start(argv, environment)
    if isinstance(running, Outcome):
        raise CouldNotCheck(f"{argv[0]} cannot be started: {running.error}.", "Check its path and its permissions.")
    try:
        if running.wait(seconds):
            outcome = running.finish()
            return outcome, running.pid, outcome.ending
        running.signal(signal.SIGTERM, group=True)
        running.wait(_STOP_SECONDS)
    except BaseException:
        running.finish()
        raise
    return running.finish(timed_out=True), running.pid, f"stopped after {seconds:g} s"


def _put_together(
    program: str,
    facts: BinaryFacts,
    told: DebugOutput,
    outcome: Outcome,
    ending: str,
    lookups: tuple[Lookup, ...] | Unknown,
    others: int,
) -> LinkTrace:
    here = Path.cwd()
    searches = tuple(_by_whom(with_refusals(one, facts, here)) for one in told.searches)
    complaints = list(told.complaints)
    if not told.started:
        # What ends a program before it starts goes to stderr, some of it to nowhere else.
        for match in (*_STDERR.finditer(outcome.stderr), *_RELOCATION.finditer(outcome.stderr)):
            if not any(match[2] in known.text or known.text in match[2] for known in complaints):
                complaints.append(Complaint(match[1], "loading", match[2], False))
    errors = [explained(one, searches) for one in complaints]
    for search in searches:
        if not search.found and not any(search.library in error.text for error in errors):
            text = f"{search.library}: cannot be loaded"
            fatal = not search.after_start and search.by != _PRELOAD  # what cannot be preloaded is left out
            errors.append(LoaderError(search.by, text, fatal, not_found(search)))
    return LinkTrace(
        program=program,
        loader=facts.interpreter,
        searches=searches,
        bindings=tuple(told.bindings),
        lookups=lookups,
        versions=tuple(told.versions),
        errors=tuple(errors),
        started=told.started,
        ending=ending,
        output=outcome.stdout + outcome.stderr,
        others=others,
    )


def _by_whom(search: Search) -> Search:
    """The search; what LD_PRELOAD names the loader itself looks for, in the program's name (ld.so(8))."""
    named = re.split("[ :]+", os.environ.get(_PRELOAD, ""))
    return msgspec.structs.replace(search, by=_PRELOAD) if search.library in named else search


def _lookups(heard: Path, program: str) -> tuple[Lookup, ...]:
    found = []
    for line in heard.read_text(errors="backslashreplace").splitlines():
        caller, of, symbol = line.split("\t", 2)
        found.append(Lookup(caller or program, symbol, of or program))
    return tuple(found)


@cache
def _audit_library(store: Store) -> Path | Unknown:
    """The audit library for this machine's glibc, built once; Unknown where nothing can build it."""
    triple = _TRIPLES.get(os.uname().machine)
    zig = find_zig(store)
    if zig is None or triple is None:
        return Unknown(message("linking.no-audit").text)

    def fill(place: Path) -> None:
        command = f"cc -target {triple}.{_OLDEST_GLIBC} -shared -fPIC -O2 -s -o audit.so"
        outcome = run((zig.path, *shlex.split(command), _AUDIT), dict(os.environ), 300.0, place)
        if not outcome.ok:
            raise CouldNotCheck(f"the audit library cannot be built: {outcome.stderr.strip()[-200:] or outcome.ending}")

    try:
        return store.make("probes", digest("linktrace", zig.sha256, triple, file_digest(_AUDIT)), fill) / "audit.so"
    except SeatrialError as error:
        return Unknown(error.message)

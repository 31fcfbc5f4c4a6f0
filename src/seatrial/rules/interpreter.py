"""The program interpreter (PT_INTERP) and the family of C library that a dynamic binary asks for."""

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind
from seatrial.model.finding import Evidence
from seatrial.model.needs import Needs
from seatrial.model.platform import Platform
from seatrial.needs import asked_libc
from seatrial.rules.rule import Hit, Outcome, Undecided, known, rule, unknown_fact
from seatrial.tables.messages import message

__all__ = ["interpreter_path", "other_libc"]


@rule("ST-INTERP-001", BinaryFormat.ELF)
def other_libc(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """A glibc binary on a musl system, or the opposite."""
    if isinstance(facts.linkage, Unknown):
        yield Undecided("rules.unread-linkage", {"why": facts.linkage.unknown})
    asked = asked_libc(facts)
    if platform.goos != "linux" or not asked:
        return
    there = known(platform.libc)
    if there is None:
        yield unknown_fact("rules.unknown-libc", platform.libc)
    elif asked != there.family:
        start = "rules.other-libc" if facts.interpreter else "rules.other-libc-library"
        yield Hit(
            facts.interpreter or asked,
            message(start, asked=asked, there=there.family, interpreter=facts.interpreter),
            message(_remedy(facts, there.family)),
            _evidence(facts, asked),
            rests_on=(platform.libc.certainty,),
        )


def _remedy(facts: BinaryFacts, family: str) -> str:
    """Go builds no library without cgo, and none of its libraries loads under musl (ST-MUSL-001)."""
    if facts.kind is not Kind.SHARED:
        return f"rules.build-for-{family}"
    if family == "musl" and not isinstance(facts.go, Unknown):
        return "rules.no-go-library-on-musl"
    return f"rules.build-library-for-{family}"


@rule("ST-INTERP-002", BinaryFormat.ELF)
def interpreter_path(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """The right family, at a path where this platform has no loader."""
    if not facts.interpreter or facts.goarch != platform.goarch:
        return
    libc = known(platform.libc)
    if libc is not None and asked_libc(facts) not in ("", libc.family):
        return  # ST-INTERP-001 says it
    loader = known(platform.loader)
    if not loader:
        yield unknown_fact("rules.unknown-loader", platform.loader)
    elif facts.interpreter != loader:
        yield Hit(
            facts.interpreter,
            message("rules.no-such-interpreter", interpreter=facts.interpreter, loader=loader),
            message("rules.set-interpreter", loader=loader),
            _evidence(facts, "PT_INTERP"),
            rests_on=(platform.loader.certainty,),
        )


def _evidence(facts: BinaryFacts, asked: str) -> tuple[Evidence, ...]:
    if facts.interpreter:
        return (Evidence("interpreter", facts.interpreter, "PT_INTERP"),)
    libraries = facts.libraries if isinstance(facts.libraries, tuple) else ()
    return (Evidence("needed library", ", ".join(libraries) or asked, "DT_NEEDED"),)

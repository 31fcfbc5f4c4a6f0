"""What goes wrong only with musl: missing symbols, Go libraries that are loaded by C programs."""

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind
from seatrial.model.finding import Evidence
from seatrial.model.needs import Cause, FloorKind, Needs, Owner, RelocationKind
from seatrial.model.platform import Platform
from seatrial.needs import asked_libc, asking, used_by
from seatrial.rules.rule import Hit, Outcome, Undecided, known, rule, unread
from seatrial.rules.versions import older
from seatrial.tables.messages import message

__all__ = ["go_library_on_musl", "initial_exec_tls", "missing_symbols"]


@rule("ST-MUSL-001", BinaryFormat.ELF, BinaryFormat.ARCHIVE)
def go_library_on_musl(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """A Go c-shared or c-archive library: its constructor reads argc and argv, which musl does not pass."""
    if not _on_musl(facts, platform) or isinstance(facts.go, Unknown):
        return
    if facts.kind in (Kind.SHARED, Kind.ARCHIVE):
        kind = str(facts.kind)
        yield Hit(
            facts.soname or kind,
            message("rules.go-library-on-musl", kind=kind),
            message("rules.no-go-library-on-musl"),
            (Evidence("build mode", kind, "file header"),),
            rests_on=(platform.libc.certainty,),
        )


@rule("ST-TLS-001", BinaryFormat.ELF)
def initial_exec_tls(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """Initial-exec TLS in a library: musl has no spare room in the static TLS block and refuses to dlopen it."""
    if facts.kind is not Kind.SHARED or not _on_musl(facts, platform):
        return
    if isinstance(facts.relocations, Unknown):
        if not facts.static_tls:
            yield Undecided("rules.unread-relocations", {"why": facts.relocations.unknown})
            return
        count = 0
    else:
        count = facts.relocations.tls_initial_exec
    if facts.static_tls or count:
        seen = [Evidence("dynamic flag", "DF_STATIC_TLS", "DT_FLAGS")] if facts.static_tls else []
        if count:
            told = f"{count} of initial-exec TLS (TPOFF, TPREL)"
            seen.append(Evidence("relocations", told, used_by("relocation table", _initial_exec_users(needs))))
        yield Hit(
            facts.soname or "TLS",
            message("rules.initial-exec-tls"),
            # A Go library that is linked in loads, and then crashes (ST-MUSL-001).
            message("rules.link-or-glibc" if isinstance(facts.go, Unknown) else "rules.no-go-library-on-musl"),
            tuple(seen),
            rests_on=(platform.libc.certainty,),
        )


def _initial_exec_users(needs: Needs) -> tuple[Owner, ...]:
    """Who reads where the variables are; empty where the code was not read."""
    relocations = () if isinstance(needs.relocations, Unknown) else needs.relocations
    found = (one for one in relocations if one.kind is RelocationKind.TLS_INITIAL_EXEC)
    return asking(user for one in found for user in one.users)


@rule("ST-MUSL-002", BinaryFormat.ELF)
def missing_symbols(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """A binary for musl that needs symbols of glibc, most often from objects compiled with _FORTIFY_SOURCE."""
    libc = known(platform.libc)
    if libc is None or libc.family != "musl":
        return
    floor = needs.floor(FloorKind.MUSL)
    if untold := unread(floor, "imports"):
        yield untold
        return
    for reason in floor.because(Cause.SYMBOL):
        if reason.never or older(libc.version, reason.minimum):
            yield Hit(
                reason.subject,
                message("rules.musl-lacks", **reason.message.args | {"there": libc.version}),
                message("rules.build-for-musl"),
                reason.evidence,
                rests_on=(reason.certainty, platform.libc.certainty),
            )


def _on_musl(facts: BinaryFacts, platform: Platform) -> bool:
    libc = known(platform.libc)
    return libc is not None and libc.family == "musl" and asked_libc(facts) in ("", "musl")

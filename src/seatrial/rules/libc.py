"""What a dynamic binary asks of the C library and of others: symbol versions, private symbols, DT_RELR, sonames."""

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind, Linkage
from seatrial.model.finding import Evidence
from seatrial.model.needs import Cause, FloorKind, Needs, Reason
from seatrial.model.platform import Libc, Platform
from seatrial.model.states import Confidence, Severity
from seatrial.needs import asked_libc
from seatrial.rules.rule import Hit, Outcome, Undecided, known, rule, unknown_fact, unread
from seatrial.rules.versions import older
from seatrial.tables.messages import message

__all__ = ["glibc_private", "needed_libraries", "packed_relocations", "symbol_versions"]


@rule("ST-LIBC-001", BinaryFormat.ELF)
def symbol_versions(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """Symbol versions newer than the platform's glibc: one finding a version, each symbol named."""
    floor = needs.floor(FloorKind.GLIBC)
    if not needs.has(floor.kind):
        return
    if untold := unread(floor, "imports"):
        yield untold
        return
    libc = known(platform.libc)
    if libc is None:
        yield unknown_fact("rules.unknown-libc", platform.libc)
        return
    if libc.family != "glibc":
        return  # ST-INTERP-001 says it
    for reason in reversed(floor.because(Cause.SYMBOL)):  # oldest first
        if older(libc.version, reason.minimum):
            yield _too_new(reason, facts, libc, platform)


def _too_new(reason: Reason, facts: BinaryFacts, libc: Libc, platform: Platform) -> Hit:
    weak = reason.confidence is Confidence.POSSIBLE
    # Go builds no library without cgo.
    remedy = "rules.build-library-for-older-glibc" if facts.kind is Kind.SHARED else "rules.build-for-older-glibc"
    words = reason.message.args | {"version": reason.minimum, "there": libc.version}
    return Hit(
        reason.subject,
        message("rules.glibc-too-new-weak" if weak else "rules.glibc-too-new", **words),
        message(remedy, there=libc.version),
        reason.evidence,
        severity=Severity.WARNING if weak else None,
        rests_on=(platform.libc.certainty,),
    )


@rule("ST-LIBC-002", BinaryFormat.ELF)
def glibc_private(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """Symbols of version GLIBC_PRIVATE: they fit exactly one build of glibc."""
    libc = known(platform.libc)
    if libc is not None and libc.family != "glibc":
        return
    for reason in needs.floor(FloorKind.GLIBC).because(Cause.PRIVATE):  # ST-LIBC-001 tells what could not be read
        yield Hit(
            reason.subject,
            message("rules.glibc-private", symbols=reason.subject),
            message("rules.avoid-private"),
            reason.evidence,
        )


@rule("ST-LIBC-003", BinaryFormat.ELF)
def packed_relocations(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """DT_RELR, which an older loader does not know: it starts the program with its pointers not relocated."""
    floor = needs.libc
    if floor is None:
        return
    if untold := unread(floor, "relocations"):
        yield untold
        return
    libc = known(platform.libc)
    if libc is None or libc.family != floor.kind:
        return  # ST-INTERP-001 tells of an unknown or another C library
    for reason in floor.because(Cause.RELOCATIONS):
        if older(libc.version, reason.minimum):
            yield Hit(
                reason.subject,
                message("rules.relr-too-new", libc=str(libc), family=libc.family, since=reason.minimum),
                message("rules.no-relr"),
                reason.evidence,
                rests_on=(platform.libc.certainty,),
            )


@rule("ST-LIBC-004", BinaryFormat.ELF, BinaryFormat.PE, BinaryFormat.MACHO)
def needed_libraries(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """Libraries that the binary needs and that the platform does not always have."""
    if isinstance(facts.linkage, Unknown):
        yield Undecided("rules.unread-linkage", {"why": facts.linkage.unknown})
    if facts.linkage is not Linkage.DYNAMIC:
        return
    if isinstance(facts.libraries, Unknown):
        yield Undecided("rules.unread-libraries", {"why": facts.libraries.unknown})
        return
    libc = known(platform.libc)
    if platform.goos == "linux" and libc is not None and asked_libc(facts) not in ("", libc.family):
        return  # ST-INTERP-001 says it: the other family's names are all missing
    always = known(platform.libraries)
    if always is None:
        if facts.libraries:
            yield unknown_fact("rules.unknown-libraries", platform.libraries)
        return
    there = {_library(name) for name in (*always, platform.loader.value or "")}
    for name in facts.libraries:
        if _library(name) in there or _of_the_system(name, platform) or name in facts.optional_libraries:
            continue
        yield Hit(
            name,
            message("rules.needs-library", library=name),
            message("rules.bring-library", library=name),
            (Evidence("needed library", name, _WHERE.get(facts.format, "")),),
        )


_WHERE = {
    BinaryFormat.ELF: "DT_NEEDED",
    BinaryFormat.PE: "import directory",
    BinaryFormat.MACHO: "LC_LOAD_DYLIB",
}


def _library(name: str) -> str:
    """What the loader compares: the file name; for DLLs without regard to case."""
    return name.rsplit("/", 1)[-1].lower() if name.lower().endswith(".dll") else name.rsplit("/", 1)[-1]


def _of_the_system(name: str, platform: Platform) -> bool:
    """Part of the system by its name: Apple's own folders, the API sets of Windows (names that are no files)."""
    if platform.goos == "darwin":
        return name.startswith(("/usr/lib/", "/System/Library/"))
    return platform.goos == "windows" and name.lower().startswith(("api-ms-win-", "ext-ms-win-"))

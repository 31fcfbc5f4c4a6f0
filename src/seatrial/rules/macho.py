"""What a Mach-O file asks of macOS."""

from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind
from seatrial.model.finding import Evidence
from seatrial.model.needs import Cause, FloorKind, Needs
from seatrial.model.platform import Platform
from seatrial.rules.go_release import release_is_too_new
from seatrial.rules.rule import Hit, Outcome, known, rule, unknown_fact
from seatrial.rules.versions import older
from seatrial.tables.messages import message

__all__ = ["minimum_os", "unsigned"]


@rule("ST-MACHO-001", BinaryFormat.MACHO)
def minimum_os(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """The file's minimum macOS is above the platform's, and not because of the Go release (ST-GO-001 says that)."""
    if platform.goos != "darwin" or release_is_too_new(needs, platform):
        return
    there = known(platform.kernel)
    for asked in needs.floor(FloorKind.MACOS).because(Cause.HEADER):
        if there is None:
            yield unknown_fact("rules.unknown-kernel", platform.kernel)
        elif older(there, asked.minimum):
            yield Hit(
                asked.subject,
                message("rules.macos-version", asked=asked.minimum, there=there),
                message("rules.lower-macos-version", there=there),
                asked.evidence,
                rests_on=(platform.kernel.certainty,),
            )


@rule("ST-MACHO-002", BinaryFormat.MACHO)
def unsigned(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """Code for Apple silicon without a signature: the kernel kills the program at its start."""
    runs = facts.kind in (Kind.EXECUTABLE, Kind.PIE, Kind.SHARED)
    if platform.goos == "darwin" and facts.goarch == "arm64" and runs and not facts.code_signature:
        yield Hit(
            "LC_CODE_SIGNATURE",
            message("rules.unsigned"),
            message("rules.sign-it"),
            (Evidence("load command", "no LC_CODE_SIGNATURE", "Mach-O header"),),
        )

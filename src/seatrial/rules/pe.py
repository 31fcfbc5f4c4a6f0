"""What a Windows program asks of Windows: the version in its header, and what it imports."""

from seatrial.model.binary import BinaryFacts, BinaryFormat
from seatrial.model.finding import Evidence
from seatrial.model.needs import Cause, FloorKind, Needs
from seatrial.model.platform import Platform
from seatrial.rules.go_release import release_is_too_new
from seatrial.rules.rule import Hit, Outcome, known, rule, unknown_fact, unread
from seatrial.rules.versions import older
from seatrial.tables.messages import message

__all__ = ["imports", "windows_version"]


@rule("ST-PE-001", BinaryFormat.PE)
def windows_version(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """The version in the header is above the platform's: the loader refuses the file."""
    if platform.goos != "windows" or release_is_too_new(needs, platform):
        return
    there = known(platform.kernel)
    for asked in needs.floor(FloorKind.WINDOWS).because(Cause.HEADER):
        if there is None:
            yield unknown_fact("rules.unknown-kernel", platform.kernel)
        elif older(there, asked.minimum):
            yield Hit(
                asked.subject,
                message("rules.windows-version", asked=asked.minimum, there=there),
                message("rules.lower-windows-version", there=there),
                asked.evidence,
                rests_on=(platform.kernel.certainty,),
            )


@rule("ST-PE-002", BinaryFormat.PE)
def imports(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """Imports that came with a newer Windows: the program does not start there."""
    if platform.goos != "windows":
        return
    floor = needs.floor(FloorKind.WINDOWS)
    if untold := unread(floor, "imports"):
        yield untold
        return
    there = known(platform.kernel)
    if there is None:
        yield unknown_fact("rules.unknown-kernel", platform.kernel)
        return
    for asked in floor.because(Cause.IMPORT):
        if older(there, asked.minimum):
            yield Hit(
                asked.subject,
                message("rules.windows-import", name=asked.subject, since=asked.minimum, there=there),
                message("rules.load-lazily", name=asked.subject.rpartition("!")[2]),
                (*asked.evidence, Evidence("since", asked.minimum, asked.source)),
                rests_on=(platform.kernel.certainty,),
            )

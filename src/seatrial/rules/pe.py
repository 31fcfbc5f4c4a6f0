"""What a Windows program asks of Windows: the version in its header, and what it imports."""

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat
from seatrial.model.finding import Evidence
from seatrial.model.platform import Platform
from seatrial.rules.go_release import release_is_too_new
from seatrial.rules.rule import Hit, Outcome, Undecided, known, rule, unknown_fact
from seatrial.rules.versions import older
from seatrial.tables.messages import message
from seatrial.tables.windows_api import ApiSince, api_since

__all__ = ["imports", "windows_version"]


@rule("ST-PE-001", BinaryFormat.PE)
def windows_version(facts: BinaryFacts, platform: Platform) -> Outcome:
    """The version in the header is above the platform's: the loader refuses the file."""
    if platform.goos != "windows" or not facts.minimum_os or release_is_too_new(facts, platform):
        return
    there = known(platform.kernel)
    if there is None:
        yield unknown_fact("rules.unknown-kernel", platform.kernel)
    elif older(there, facts.minimum_os):
        yield Hit(
            facts.minimum_os,
            message("rules.windows-version", asked=facts.minimum_os, there=there),
            message("rules.lower-windows-version", there=there),
            (Evidence("OS version", facts.minimum_os, "PE optional header"),),
            rests_on=(platform.kernel.certainty,),
        )


@rule("ST-PE-002", BinaryFormat.PE)
def imports(facts: BinaryFacts, platform: Platform) -> Outcome:
    """Imports that came with a newer Windows: the program does not start there."""
    if platform.goos != "windows":
        return
    if isinstance(facts.imports, Unknown):
        yield Undecided("rules.unread-imports", {"why": facts.imports.unknown})
        return
    there = known(platform.kernel)
    if there is None:
        yield unknown_fact("rules.unknown-kernel", platform.kernel)
        return
    libraries = facts.libraries if isinstance(facts.libraries, tuple) else ()
    asked = [api_since(symbol.library, symbol.name) for symbol in facts.imports if not symbol.weak]
    asked += [api_since(library) for library in libraries if library not in facts.optional_libraries]
    for row in dict.fromkeys(asked):
        if row is not None and older(there, row.since):
            yield _hit(row, there, platform)


def _hit(row: ApiSince, there: str, platform: Platform) -> Hit:
    name = f"{row.dll}!{row.function}" if row.function else row.dll
    return Hit(
        name,
        message("rules.windows-import", name=name, since=row.since, there=there),
        message("rules.load-lazily", name=row.function or row.dll),
        (Evidence("import", name, "import directory"), Evidence("since", row.since, row.source)),
        rests_on=(platform.kernel.certainty,),
    )

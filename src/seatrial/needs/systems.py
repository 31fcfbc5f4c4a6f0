"""What a binary asks of the operating system by its Go release, by versions in its headers and by its imports."""

from collections.abc import Iterator

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat
from seatrial.model.finding import Evidence
from seatrial.model.message import Message
from seatrial.model.needs import Cause, Reason
from seatrial.model.platform import Certainty
from seatrial.model.states import Confidence
from seatrial.tables.go_releases import minimum_os
from seatrial.tables.messages import message
from seatrial.tables.windows_api import ApiSince, api_since

__all__ = ["header_reason", "import_reasons", "release_reason", "unread_imports"]


def release_reason(facts: BinaryFacts) -> Reason | Message:
    """The minimum of the Go release that built it; a message says why it is not known."""
    if isinstance(facts.go, Unknown):
        return message("needs.no-release", why=facts.go.unknown)
    if isinstance(facts.goos, Unknown) or isinstance(facts.goarch, Unknown):
        unnamed = facts.goos if isinstance(facts.goos, Unknown) else facts.goarch
        assert isinstance(unnamed, Unknown)
        return message("needs.no-release", why=unnamed.unknown)
    minimum = minimum_os(facts.go.version, facts.goos, facts.goarch)
    if not minimum.version:
        return message("needs.no-release", why=minimum.note)
    return Reason(
        Cause.RELEASE,
        minimum.version,
        facts.go.version,
        message("needs.release", release=facts.go.version, minimum=minimum.title),
        Confidence.LIKELY if minimum.certainty is Certainty.ASSUMED else Confidence.CERTAIN,
        minimum.source,
        minimum.certainty,
        minimum.title,
        (Evidence("Go release", facts.go.version, "Go build information"),),
    )


_PLACES = {
    BinaryFormat.MACHO: ("minos", "LC_BUILD_VERSION"),
    BinaryFormat.PE: ("OS version", "PE optional header"),
    BinaryFormat.ELF: ("ABI note", "PT_NOTE"),
}


def header_reason(facts: BinaryFacts) -> Reason | None:
    """The version that the file itself names; None where it names none."""
    if not facts.minimum_os or facts.format not in _PLACES:
        return None
    what, where = _PLACES[facts.format]
    return Reason(
        Cause.HEADER,
        facts.minimum_os,
        facts.minimum_os,
        message("needs.header", what=what, version=facts.minimum_os),
        Confidence.CERTAIN,
        where,
        evidence=(Evidence(what, facts.minimum_os, where + (f", SDK {facts.sdk}" if facts.sdk else "")),),
    )


def import_reasons(facts: BinaryFacts) -> Iterator[Reason]:
    """One reason for each imported DLL or function that came with a newer Windows. Delay-loaded ones do not count."""
    libraries = () if isinstance(facts.libraries, Unknown) else facts.libraries
    imports = () if isinstance(facts.imports, Unknown) else facts.imports
    asked = [api_since(symbol.library, symbol.name) for symbol in imports if not symbol.weak]
    asked += [api_since(library) for library in libraries if library not in facts.optional_libraries]
    for row in dict.fromkeys(asked):
        if row is not None:
            yield _import_reason(row)


def _import_reason(row: ApiSince) -> Reason:
    name = f"{row.dll}!{row.function}" if row.function else row.dll
    return Reason(
        Cause.IMPORT,
        row.since,
        name,
        message("needs.import", name=name, since=row.since),
        Confidence.CERTAIN,
        row.source,
        Certainty.DOCUMENTED,
        evidence=(Evidence("import", name, "import directory"),),
    )


def unread_imports(facts: BinaryFacts) -> Iterator[Message]:
    """What could not be read of them."""
    if isinstance(facts.imports, Unknown):
        yield message("needs.unread-imports", why=facts.imports.unknown)

"""The facts of a PE image or a COFF object: their readers put together."""

from seatrial.formats.address_space import Mapping, uncovered
from seatrial.formats.go_build_id import find_go_build_id
from seatrial.formats.go_buildinfo import find_build_info
from seatrial.formats.pe import (
    DIRECTORY_CERTIFICATE,
    DLL_DYNAMIC_BASE,
    FILE_DLL,
    FILE_RELOCS_STRIPPED,
    SCN_EXECUTE,
    SCN_INITIALIZED_DATA,
    SCN_READ,
    SCN_WRITE,
    PeImage,
    read_coff_object,
    read_pe_headers,
)
from seatrial.formats.pe_symbols import PeImports, coff_symbols, read_exports, read_imports
from seatrial.formats.symbols import Symbols
from seatrial.formats.window import Problems, Window
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, Kind, Linkage, Relocations, Segment
from seatrial.tables.binary_formats import load

__all__ = ["read_object", "read_pe"]

_NOT_LINKED = Unknown("an object file is not linked")


def read_pe(window: Window) -> BinaryFacts:
    """The facts of an image; path and digest are left empty. Raises CutOff for what ends within its headers."""
    image = read_pe_headers(window)
    problems = Problems()
    imports: PeImports | Unknown = problems.attempt("imports", lambda: read_imports(image))
    found = PeImports() if isinstance(imports, Unknown) else imports
    go = _build_info(image, problems)
    subsystem = next((row for row in load().pe_subsystem if row.number == image.subsystem), None)
    version = max(image.os_version, image.subsystem_version)
    return BinaryFacts(
        path="",
        size=window.size,
        sha256="",
        format=BinaryFormat.PE,
        kind=_kind(image),
        goos=_operating_system(go, subsystem.goos if subsystem else "", image.subsystem),
        goarch=_architecture(image, problems, go),
        bits=image.bits,
        endian="little",
        machine=_machine(image),
        flags=image.characteristics,
        dll_characteristics=image.dll_characteristics,
        subsystem=subsystem.name if subsystem else str(image.subsystem),
        linkage=Linkage.DYNAMIC if isinstance(imports, Unknown) or found.libraries else Linkage.STATIC,
        libraries=imports if isinstance(imports, Unknown) else found.libraries,
        optional_libraries=found.delayed,
        imports=imports if isinstance(imports, Unknown) else found.functions,
        exports=problems.attempt("exports", lambda: read_exports(image)),
        segments=_segments(image, problems),
        minimum_os=f"{version[0]}.{version[1]}",
        go_build_id=_build_id(image),
        go=go,
        code_signature=image.directory(DIRECTORY_CERTIFICATE) != (0, 0),
        problems=problems.lines,
    )


def read_object(window: Window) -> BinaryFacts:
    """The facts of a COFF object file. Raises CutOff for what ends within its headers."""
    image = read_coff_object(window)
    problems = Problems()
    symbols: Symbols | Unknown = problems.attempt("symbols", lambda: coff_symbols(image))
    go = _build_info(image, problems)
    goarch = _architecture(image, problems, go)
    return BinaryFacts(
        path="",
        size=window.size,
        sha256="",
        format=BinaryFormat.PE,
        kind=Kind.OBJECT,
        goos=_operating_system(go, "windows", 0),
        goarch=goarch,
        bits=64 if goarch in ("amd64", "arm64") else 32,
        endian="little",
        machine=_machine(image),
        flags=image.characteristics,
        linkage=_NOT_LINKED,
        imports=symbols if isinstance(symbols, Unknown) else symbols.imports,
        exports=symbols if isinstance(symbols, Unknown) else symbols.exports,
        relocations=Relocations(),
        go_build_id=_build_id(image),
        go=go,
        problems=problems.lines,
    )


def _machine(image: PeImage) -> str:
    row = next((row for row in load().pe_machine if row.number == image.machine), None)
    return f"{row.name if row else 'machine'} ({image.machine:#x})"


def _architecture(image: PeImage, problems: Problems, go: GoBuildInfo | Unknown) -> str | Unknown:
    row = next((row for row in load().pe_machine if row.number == image.machine), None)
    if row is None:
        return Unknown(f"Go has no port for PE machine {image.machine:#x}")
    said = go.settings.get("GOARCH", "") if isinstance(go, GoBuildInfo) else ""
    if said and said != row.goarch:
        problems.note(f"Go build information names {said}, the PE header {row.goarch}")
    return row.goarch


def _operating_system(go: GoBuildInfo | Unknown, by_subsystem: str, number: int) -> str | Unknown:
    if isinstance(go, GoBuildInfo) and go.settings.get("GOOS"):
        return go.settings["GOOS"]
    return by_subsystem or Unknown(f"PE subsystem {number} is not one of Windows programs")


def _kind(image: PeImage) -> Kind:
    if image.characteristics & FILE_DLL:
        return Kind.SHARED
    movable = image.dll_characteristics & DLL_DYNAMIC_BASE and not image.characteristics & FILE_RELOCS_STRIPPED
    return Kind.PIE if movable else Kind.EXECUTABLE


def _build_info(image: PeImage, problems: Problems) -> GoBuildInfo | Unknown:
    wanted = SCN_INITIALIZED_DATA | SCN_WRITE
    data = (section for section in image.sections if section.flags & wanted == wanted)
    places = uncovered(Mapping(section.address, section.offset, section.size) for section in data)
    return find_build_info(problems, image.window, tuple(places), image.memory)


def _build_id(image: PeImage) -> str:
    for section in image.sections:
        if section.flags & SCN_EXECUTE:
            return find_go_build_id(image.window, section.offset, section.size)
    return ""


def _segments(image: PeImage, problems: Problems) -> tuple[Segment, ...]:
    segments = []
    for section in image.sections:
        if section.size and not image.window.holds(section.offset, section.size):
            problems.note(
                f"sections: {section.name} ({section.size} bytes at offset {section.offset:#x}) lies outside the"
                f" file's {image.window.size} bytes"
            )
        flags = "".join(
            letter for bit, letter in ((SCN_READ, "r"), (SCN_WRITE, "w"), (SCN_EXECUTE, "x")) if section.flags & bit
        )
        address = image.image_base + section.address
        segments.append(
            Segment(
                section.name,
                section.offset,
                address,
                section.size,
                section.virtual_size,
                image.section_align,
                flags,
            )
        )
    return tuple(segments)

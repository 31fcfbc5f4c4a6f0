"""The facts of a Mach-O file: its load commands, symbols and Go's marks put together."""

from typing import NamedTuple

from seatrial.formats.address_space import Mapping, uncovered
from seatrial.formats.go_build_id import find_go_build_id
from seatrial.formats.go_buildinfo import find_build_info
from seatrial.formats.macho import (
    VM_PROT_EXECUTE,
    VM_PROT_READ,
    VM_PROT_WRITE,
    LoadCommand,
    MachoImage,
    read_macho_headers,
)
from seatrial.formats.symbols import SYMBOL_LIMIT, Collected, Symbols
from seatrial.formats.window import Malformed, NameTable, Problems, Window
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, Kind, Linkage, NeededSymbol, Segment
from seatrial.tables.binary_formats import load

__all__ = ["read_macho"]

LC_SYMTAB, LC_DYSYMTAB, LC_LOAD_DYLIB, LC_ID_DYLIB, LC_LOAD_DYLINKER = 0x2, 0xB, 0xC, 0xD, 0xE
LC_UUID, LC_CODE_SIGNATURE, LC_LAZY_LOAD_DYLIB, LC_BUILD_VERSION = 0x1B, 0x1D, 0x20, 0x32
LC_LOAD_WEAK_DYLIB, LC_RPATH, LC_REEXPORT_DYLIB, LC_LOAD_UPWARD_DYLIB = 0x80000018, 0x8000001C, 0x8000001F, 0x80000023
_DYLIBS = (LC_LOAD_DYLIB, LC_LOAD_WEAK_DYLIB, LC_REEXPORT_DYLIB, LC_LAZY_LOAD_DYLIB, LC_LOAD_UPWARD_DYLIB)
_VERSION_MIN = {0x24: 1, 0x25: 2}
"""LC_VERSION_MIN_MACOSX, LC_VERSION_MIN_IPHONEOS, before LC_BUILD_VERSION (macOS 10.14): to their platform."""

_MH_TWOLEVEL, _MH_ALLOW_STACK_EXECUTION, _MH_PIE = 0x80, 0x20000, 0x200000
_MH_OBJECT, _MH_EXECUTE, _MH_CORE, _MH_DYLIB, _MH_BUNDLE = 1, 2, 4, 6, 8
_N_STAB, _N_PEXT, _N_TYPE, _N_EXT, _N_WEAK_REF = 0xE0, 0x10, 0x0E, 0x01, 0x40


class _System(NamedTuple):
    goos: str = ""
    minimum: str = ""
    sdk: str = ""


def read_macho(window: Window) -> BinaryFacts:
    """The facts of a thin file; path and digest are left empty. Raises CutOff for what ends within its headers."""
    image = read_macho_headers(window)
    problems = Problems()
    libraries = problems.attempt("libraries", lambda: tuple(_path(command) for command in image.of(*_DYLIBS)))
    names = libraries if isinstance(libraries, tuple) else ()
    symbols: Symbols | Unknown = problems.attempt("symbols", lambda: _symbols(image, names))
    system = problems.attempt_or(_System(), "minimum system", lambda: _system(image))
    go = _build_info(image, problems)
    cpu = next((row for row in load().macho_cpu if row.number == image.cpu), None)
    kind = _kind(image)
    return BinaryFacts(
        path="",
        size=window.size,
        sha256="",
        format=BinaryFormat.MACHO,
        kind=kind,
        goos=_operating_system(go, system),
        goarch=_architecture(go, cpu.goarch if cpu else "", image.cpu, problems),
        bits=image.bits,
        endian="little" if image.window.order == "<" else "big",
        machine=f"{cpu.name if cpu else 'CPU type'} ({image.cpu:#x})",
        flags=image.flags,
        linkage=_linkage(image, kind),
        interpreter=problems.attempt_or("", "loader", lambda: _first(image, LC_LOAD_DYLINKER)),
        soname=problems.attempt_or("", "own name", lambda: _first(image, LC_ID_DYLIB)),
        libraries=libraries,
        optional_libraries=problems.attempt_or(
            (), "weak libraries", lambda: tuple(_path(command) for command in image.of(LC_LOAD_WEAK_DYLIB))
        ),
        run_path=problems.attempt_or((), "run path", lambda: tuple(_path(command) for command in image.of(LC_RPATH))),
        imports=symbols if isinstance(symbols, Unknown) else symbols.imports,
        exports=symbols if isinstance(symbols, Unknown) else symbols.exports,
        segments=_segments(image, problems),
        executable_stack=bool(image.flags & _MH_ALLOW_STACK_EXECUTION),
        minimum_os=system.minimum,
        sdk=system.sdk,
        build_id=problems.attempt_or("", "UUID", lambda: _uuid(image)),
        go_build_id=_go_build_id(image),
        go=go,
        code_signature=bool(image.of(LC_CODE_SIGNATURE)),
        problems=problems.lines,
    )


def _path(command: LoadCommand) -> str:
    """The text of a command that names a path: its offset is the first field."""
    return command.window.text(command.window.numbers("I", 8, "a load command")[0], "the path in a load command")


def _first(image: MachoImage, type_: int) -> str:
    commands = image.of(type_)
    return _path(commands[0]) if commands else ""


def _uuid(image: MachoImage) -> str:
    commands = image.of(LC_UUID)
    return commands[0].window.read(8, 16, "the UUID").hex() if commands else ""


def _version(number: int) -> str:
    """A version packed as xxxx.yy.zz; a last part of 0 is left out."""
    major, minor, patch = number >> 16, number >> 8 & 0xFF, number & 0xFF
    return f"{major}.{minor}.{patch}" if patch else f"{major}.{minor}"


def _system(image: MachoImage) -> _System:
    for command in image.of(LC_BUILD_VERSION, *_VERSION_MIN):
        if command.type == LC_BUILD_VERSION:
            platform, minimum, sdk = command.window.numbers("III", 8, "LC_BUILD_VERSION")
        else:
            platform = _VERSION_MIN[command.type]
            minimum, sdk = command.window.numbers("II", 8, "LC_VERSION_MIN")
        row = next((row for row in load().macho_platform if row.number == platform), None)
        return _System(row.goos if row else "", _version(minimum), _version(sdk) if sdk else "")
    return _System()


def _operating_system(go: GoBuildInfo | Unknown, system: _System) -> str | Unknown:
    if isinstance(go, GoBuildInfo) and go.settings.get("GOOS"):
        return go.settings["GOOS"]
    return system.goos or Unknown("the file names no platform of Apple's that Go knows")


def _architecture(go: GoBuildInfo | Unknown, goarch: str, cpu: int, problems: Problems) -> str | Unknown:
    said = go.settings.get("GOARCH", "") if isinstance(go, GoBuildInfo) else ""
    if said and goarch and said != goarch:
        problems.note(f"Go build information names {said}, the Mach-O header {goarch}")
    return goarch or Unknown(f"Go has no port for CPU type {cpu:#x}")


def _kind(image: MachoImage) -> Kind | Unknown:
    if image.file_type == _MH_EXECUTE:
        return Kind.PIE if image.flags & _MH_PIE else Kind.EXECUTABLE
    kinds = {_MH_OBJECT: Kind.OBJECT, _MH_CORE: Kind.CORE, _MH_DYLIB: Kind.SHARED, _MH_BUNDLE: Kind.SHARED}
    return kinds.get(image.file_type) or Unknown(f"Mach-O file type {image.file_type} is none that Go makes")


def _linkage(image: MachoImage, kind: Kind | Unknown) -> Linkage | Unknown:
    if kind in (Kind.OBJECT, Kind.CORE):
        return Unknown("an object or core file is not linked")
    return Linkage.DYNAMIC if image.of(LC_LOAD_DYLINKER, *_DYLIBS) or kind == Kind.SHARED else Linkage.STATIC


def _symbols(image: MachoImage, libraries: tuple[str, ...]) -> Symbols:
    commands = image.of(LC_SYMTAB)
    if not commands:
        return Symbols()
    symbols_at, count, names_at, names_size = commands[0].window.numbers("IIII", 8, "LC_SYMTAB")
    size = 16 if image.bits == 64 else 12
    table = image.window.part(symbols_at, count * size, "the symbol table")
    names = NameTable(image.window.part(names_at, names_size, "the string table"), "the string table")
    found = Collected()
    for first, last in _ranges(image, count):
        if last - first > SYMBOL_LIMIT:
            raise Malformed(f"{last - first} symbols are more than the {SYMBOL_LIMIT} that are read")
        for index in range(first, last):
            name_at, type_, _, description, value = table.numbers("IBBHI", index * size, "a symbol")
            if type_ & _N_STAB or not type_ & _N_EXT:
                continue
            if type_ & _N_TYPE:
                if not type_ & _N_PEXT:
                    found.add_export(names.name(name_at))
            elif not value:
                library = _library(image, description, libraries)
                weak = bool(description & _N_WEAK_REF)
                found.add_import(NeededSymbol(names.name(name_at), library=library, weak=weak))
    return found.symbols


def _ranges(image: MachoImage, count: int) -> tuple[tuple[int, int], ...]:
    """The ranges of external symbols that LC_DYSYMTAB names, else all: local ones are many."""
    commands = image.of(LC_DYSYMTAB)
    if not commands:
        return ((0, count),)
    defined, defined_count, undefined, undefined_count = commands[0].window.numbers("IIII", 16, "LC_DYSYMTAB")
    ranges = (defined, defined + defined_count), (undefined, undefined + undefined_count)
    if any(last > count for _, last in ranges):
        raise Malformed(f"LC_DYSYMTAB names symbols beyond the {count} that there are")
    return ranges


def _library(image: MachoImage, description: int, libraries: tuple[str, ...]) -> str:
    """The library that a two-level name is bound to; "" for a flat name and for the special ordinals."""
    ordinal = description >> 8
    return libraries[ordinal - 1] if image.flags & _MH_TWOLEVEL and 0 < ordinal <= len(libraries) else ""


def _build_info(image: MachoImage, problems: Problems) -> GoBuildInfo | Unknown:
    section = image.section("__go_buildinfo")
    places = [Mapping(section.address, section.offset, section.size)] if section else []
    places += uncovered(mapping for mapping in image.memory.mappings if mapping.writable)
    return find_build_info(problems, image.window, places, image.memory)


def _go_build_id(image: MachoImage) -> str:
    section = image.section("__text")
    return find_go_build_id(image.window, section.offset, section.size) if section else ""


def _segments(image: MachoImage, problems: Problems) -> tuple[Segment, ...]:
    segments = []
    for segment in image.segments:
        if not image.window.holds(segment.offset, segment.file_size):
            problems.note(
                f"segments: {segment.name} ({segment.file_size} bytes at offset {segment.offset:#x}) lies outside the"
                f" file's {image.window.size} bytes"
            )
        flags = "".join(
            letter
            for bit, letter in ((VM_PROT_READ, "r"), (VM_PROT_WRITE, "w"), (VM_PROT_EXECUTE, "x"))
            if segment.protection & bit
        )
        segments.append(
            Segment(segment.name, segment.offset, segment.address, segment.file_size, segment.memory_size, 0, flags)
        )
    return tuple(segments)

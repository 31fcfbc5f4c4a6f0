"""The facts of an ELF file: its readers put together."""

from seatrial.formats.address_space import Mapping, uncovered
from seatrial.formats.elf import (
    ET_CORE,
    ET_DYN,
    ET_EXEC,
    ET_REL,
    PF_R,
    PF_W,
    PF_X,
    PT_GNU_STACK,
    PT_INTERP,
    PT_LOAD,
    SHF_EXECINSTR,
    SHT_SYMTAB,
    ElfImage,
    read_elf_headers,
)
from seatrial.formats.elf_abi import Abi, go_architecture, read_abi
from seatrial.formats.elf_dynamic import (
    DF_1_PIE,
    DF_STATIC_TLS,
    DT_FLAGS,
    DT_FLAGS_1,
    DT_NEEDED,
    DT_RPATH,
    DT_RUNPATH,
    DT_SONAME,
    Dynamic,
    read_dynamic,
    read_dynamic_symbols,
    split_symbols,
)
from seatrial.formats.elf_notes import Marks, read_notes
from seatrial.formats.elf_relocations import count_relocations
from seatrial.formats.elf_symbols import static_libc, static_symbols
from seatrial.formats.go_build_id import find_go_build_id
from seatrial.formats.go_buildinfo import find_build_info
from seatrial.formats.symbols import Symbols
from seatrial.formats.window import Malformed, NameTable, Problems, Window
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, Kind, Linkage, Segment
from seatrial.tables.binary_formats import load

__all__ = ["read_elf"]


def read_elf(window: Window) -> BinaryFacts:
    """The facts; path and digest are left empty. Raises CutOff for what ends within its headers."""
    image = read_elf_headers(window)
    window = image.window
    tables = load()
    machine = tables.machine(image.machine)
    problems = Problems()
    if isinstance(image.sections, Unknown) and image.type != ET_CORE:
        problems.note(f"sections: {image.sections.unknown}")

    interpreter = problems.attempt_or("", "interpreter", lambda: _interpreter(image))
    dynamic = problems.attempt("dynamic section", lambda: read_dynamic(image))
    counted = problems.attempt("relocations", lambda: count_relocations(image, _present(dynamic), machine))
    highest = 0 if isinstance(counted, Unknown) else counted.highest_symbol
    symbols = problems.attempt("dynamic symbols", lambda: _symbols(image, dynamic, highest))
    libraries = problems.attempt("needed libraries", lambda: _strings(dynamic, DT_NEEDED))
    marks = problems.attempt_or(Marks(), "notes", lambda: read_notes(image))
    abi = problems.attempt_or(Abi(), "ABI marks", lambda: read_abi(image))
    go = _build_info(image, problems)
    goarch = go_architecture(image, machine)
    kind = _kind(image, interpreter, dynamic, go)
    linkage = _linkage(image, kind, dynamic, libraries)
    inside = problems.attempt("symbol table", lambda: static_symbols(image, [row.name for row in tables.static_symbol]))
    stated = go.settings.get("GOOS", "") if isinstance(go, GoBuildInfo) else ""
    seen = _marked_system(image, interpreter, marks)
    libc = _libc(image, interpreter, stated or seen, linkage, libraries, inside)
    # glibc's other systems have no port of Go, and musl has none. Go's linker marks the files of every other system
    # (EI_OSABI, a note or the interpreter); releases before 1.18 name none in the build information.
    is_linux = libc or isinstance(go, GoBuildInfo)
    goos = stated or seen or ("linux" if is_linux else Unknown("the file does not name its operating system"))
    _compare(problems, stated, seen, goarch, go)

    return BinaryFacts(
        path="",
        size=window.size,
        sha256="",
        format=BinaryFormat.ELF,
        kind=kind,
        goos=goos,
        goarch=goarch,
        bits=image.bits,
        endian="little" if window.order == "<" else "big",
        machine=f"{machine.name if machine else 'machine'} ({image.machine})",
        float_abi=abi.float_abi,
        abi=abi.abi,
        flags=image.flags,
        linkage=linkage,
        interpreter=interpreter,
        soname=problems.attempt_or("", "soname", lambda: "".join(_strings(dynamic, DT_SONAME)[:1])),
        libraries=libraries,
        run_path=problems.attempt_or((), "run path", lambda: _run_path(dynamic)),
        imports=symbols if isinstance(symbols, Unknown) else symbols.imports,
        exports=symbols if isinstance(symbols, Unknown) else symbols.exports,
        segments=_segments(image, problems),
        executable_stack=_executable_stack(image),
        static_tls=isinstance(dynamic, Dynamic) and bool(dynamic.value(DT_FLAGS) & DF_STATIC_TLS),
        relocations=counted if isinstance(counted, Unknown) else counted.relocations,
        minimum_os=marks.minimum_os,
        build_id=marks.build_id,
        go_build_id=marks.go_build_id or _raw_build_id(image),
        go=go,
        static_symbols=inside,
        libc=libc,
        problems=problems.lines,
    )


def _interpreter(image: ElfImage) -> str:
    headers = image.segments(PT_INTERP)
    if not headers:
        return ""
    return image.window.part(headers[0].offset, headers[0].file_size, "PT_INTERP").text(0, "the interpreter's path")


def _present(dynamic: Dynamic | Unknown | None) -> Dynamic | None:
    if isinstance(dynamic, Unknown):
        raise Malformed(dynamic.unknown)
    return dynamic


def _symbols(image: ElfImage, dynamic: Dynamic | Unknown | None, highest: int) -> Symbols:
    found = _present(dynamic)
    if found is not None:
        return read_dynamic_symbols(found, highest)
    if image.type != ET_REL:
        return Symbols()
    if isinstance(image.sections, Unknown):
        raise Malformed(image.sections.unknown)
    section = next((section for section in image.sections if section.type == SHT_SYMTAB), None)
    if section is None or section.link >= len(image.sections):
        raise Malformed("the object file has no symbol table")
    names = NameTable(image.contents(image.sections[section.link]), "the string table")
    return split_symbols(image.contents(section), image.is_64, names)


def _strings(dynamic: Dynamic | Unknown | None, tag: int) -> tuple[str, ...]:
    found = _present(dynamic)
    return found.strings(tag) if found else ()


def _run_path(dynamic: Dynamic | Unknown | None) -> tuple[str, ...]:
    # A loader that finds DT_RUNPATH ignores DT_RPATH (gABI).
    paths = _strings(dynamic, DT_RUNPATH) or _strings(dynamic, DT_RPATH)
    return tuple(part for path in paths for part in path.split(":") if part)


def _build_info(image: ElfImage, problems: Problems) -> GoBuildInfo | Unknown:
    section = image.section(".go.buildinfo")
    places = [Mapping(section.address, section.offset, section.size)] if section else []
    # Without section headers: the linker puts the information at the start of the writable data.
    places += uncovered(mapping for mapping in image.memory.mappings if mapping.writable)
    return find_build_info(problems, image.window, places, image.memory)


def _raw_build_id(image: ElfImage) -> str:
    for header in image.segments(PT_LOAD):
        if header.flags & PF_X:
            return find_go_build_id(image.window, header.offset, header.file_size)
    return ""


def _marked_system(image: ElfImage, interpreter: str, marks: Marks) -> str:
    loader = load().interpreter(interpreter)
    by_abi = next((row.goos for row in load().elf_osabi if row.number == image.osabi), "")
    return (loader.goos if loader else "") or marks.goos or by_abi


def _compare(problems: Problems, stated: str, seen: str, goarch: str | Unknown, go: GoBuildInfo | Unknown) -> None:
    """Note where the build information and the file's other marks differ."""
    said = go.settings.get("GOARCH", "") if isinstance(go, GoBuildInfo) else ""
    if said and isinstance(goarch, str) and said != goarch:
        problems.note(f"Go build information names {said}, the ELF header {goarch}")
    families = {"android": "linux", "illumos": "solaris"}
    if stated and seen and families.get(seen, seen) != families.get(stated, stated):
        problems.note(f"Go build information names {stated}, the file's other marks {seen}")


def _kind(image: ElfImage, interpreter: str, dynamic: Dynamic | Unknown | None, go: object) -> Kind | Unknown:
    plain = {ET_REL: Kind.OBJECT, ET_EXEC: Kind.EXECUTABLE, ET_CORE: Kind.CORE}
    if image.type in plain:
        return plain[image.type]
    if image.type != ET_DYN:
        return Unknown(f"ELF type {image.type} is none that Go makes")
    if isinstance(go, GoBuildInfo) and go.settings.get("-buildmode") in ("c-shared", "plugin", "shared"):
        return Kind.SHARED
    if isinstance(dynamic, Dynamic):
        if dynamic.value(DT_FLAGS_1) & DF_1_PIE:
            return Kind.PIE
        if DT_SONAME in dynamic.tags:
            return Kind.SHARED
    stated_pie = isinstance(go, GoBuildInfo) and go.settings.get("-buildmode") == "pie"
    return Kind.PIE if interpreter or stated_pie else Kind.SHARED


def _linkage(
    image: ElfImage,
    kind: Kind | Unknown,
    dynamic: Dynamic | Unknown | None,
    libraries: tuple[str, ...] | Unknown,
) -> Linkage | Unknown:
    if kind in (Kind.OBJECT, Kind.CORE):
        return Unknown("an object or core file is not linked")
    if image.segments(PT_INTERP) or kind == Kind.SHARED or (isinstance(libraries, tuple) and libraries):
        return Linkage.DYNAMIC
    if isinstance(dynamic, Unknown):
        return Unknown(dynamic.unknown)
    return Unknown(libraries.unknown) if isinstance(libraries, Unknown) else Linkage.STATIC


def _flags(read: object, write: object, execute: object) -> str:
    return ("r" if read else "") + ("w" if write else "") + ("x" if execute else "")


def _segments(image: ElfImage, problems: Problems) -> tuple[Segment, ...]:
    segments = []
    if image.type in (ET_EXEC, ET_DYN) and not image.segments(PT_LOAD):
        problems.note("segments: there is none to load")
    for header in image.segments(PT_LOAD):
        flags = _flags(header.flags & PF_R, header.flags & PF_W, header.flags & PF_X)
        if not image.window.holds(header.offset, header.file_size):
            problems.note(
                f"segments: {header.file_size} bytes at offset {header.offset:#x} lie outside the file's"
                f" {image.window.size} bytes"
            )
        segments.append(
            Segment("PT_LOAD", header.offset, header.address, header.file_size, header.memory_size, header.align, flags)
        )
    return tuple(segments)


def _executable_stack(image: ElfImage) -> bool | Unknown:
    headers = image.segments(PT_GNU_STACK)
    if headers:
        return bool(headers[0].flags & PF_X)
    section = image.section(".note.GNU-stack") if image.type == ET_REL else None
    if section:
        return bool(section.flags & SHF_EXECINSTR)
    return Unknown("there is no PT_GNU_STACK: the kernel's default decides")


def _libc(
    image: ElfImage,
    interpreter: str,
    goos: str,
    linkage: Linkage | Unknown,
    libraries: tuple[str, ...] | Unknown,
    symbols: tuple[str, ...] | Unknown,
) -> str:
    loader = load().interpreter(interpreter)
    if loader or goos not in ("linux", ""):
        return loader.libc if loader else ""
    if linkage == Linkage.STATIC:
        return static_libc(image, symbols, load().libc_mark)
    return load().libc_of(libraries) if isinstance(libraries, tuple) else ""

"""Comparing two binaries: how they are linked, what is in one only, and how each comes to its libraries."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from seatrial.errors import UsageError
from seatrial.formats import read_binary
from seatrial.formats.deep import deep_request, read_deep
from seatrial.formats.window import Malformed
from seatrial.linking.chains import Slots, chains_of, leading_packages
from seatrial.linking.directives import read_directives
from seatrial.linking.locate import Locator
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, Kind, Linkage
from seatrial.model.comparison import (
    Chain,
    Comparison,
    Directive,
    Effect,
    FloorPair,
    Linked,
    Only,
    Section,
    SectionPair,
    SettingPair,
    Side,
    Unit,
)
from seatrial.model.insight import DebugUnits, PackageFunctions
from seatrial.model.needs import FloorKind, Needs
from seatrial.needs import needs_of, wants_of
from seatrial.tables.cgo_effects import cgo_effects
from seatrial.tables.messages import message
from seatrial.toolchains import GoToolchain

__all__ = ["compare", "linked"]

T = TypeVar("T")
U = TypeVar("U")

_WANTS = {"functions": {"all": True}, "units": None, "slots": None}
_CGO_MARKS = ("._Cfunc_", "._C2func_", "._cgo_", "._Cmacro_")
_MADE_BY_LINKER = ("go:", "type:")


class _Function(msgspec.Struct, frozen=True):
    name: str
    package: str
    c: bool = False
    """Of C, and in the table of Go's functions all the same: Go's linker took it in."""


class _Functions(msgspec.Struct, frozen=True):
    """The part of FunctionFacts that is compared: of a large program every field counts."""

    count: int
    packages: dict[str, PackageFunctions]
    outside: int
    all: tuple[_Function, ...] = ()


class _Read(msgspec.Struct, frozen=True):
    """All that is known of one of the two."""

    path: Path
    facts: BinaryFacts
    needs: Needs
    functions: _Functions | Unknown
    units: tuple[Unit, ...] | Unknown
    slots: Slots | Unknown
    sections: tuple[Section, ...] | Unknown


def compare(
    first: Path,
    second: Path,
    reader: Path | Unknown,
    go: GoToolchain | Unknown,
    source: Path | None = None,
    sysroot: Path | None = None,
) -> Comparison:
    """Two binaries side by side. Of universal files the architecture that both have is compared, else the first.

    `go` lists the packages of `source`, a folder of the module of both programs; without one those of the standard
    library and the module cache. `sysroot` stands for `/` where libraries are looked for; None for this host.
    Raises UsageError for what is no binary, or no folder.
    """
    for folder, option in ((source, "--source"), (sysroot, "--sysroot")):
        if folder is not None and not folder.is_dir():
            raise UsageError(f"{option}: {folder} is no folder.", "Give a folder that is there.")
    files = read_binary(first), read_binary(second)
    one, other = _parts(*files)
    a, b = _read(first, one, reader), _read(second, other, reader)
    first_chains, first_unasked = _chains(a, go, source, sysroot)
    second_chains, second_unasked = _chains(b, go, source, sysroot)
    return Comparison(
        first=_side(a),
        second=_side(b),
        same_bytes=files[0].sha256 == files[1].sha256,
        same_program=_both(_main(a), _main(b), lambda left, right: left == right),
        settings=_settings(a, b),
        packages=_only(_packages(a), _packages(b)),
        functions=_only(_functions(a), _functions(b)),
        units=_only(_unit_names(a), _unit_names(b)),
        libraries=_only(_libraries(a), _libraries(b)),
        symbols=_only(_symbols(a), _symbols(b)),
        sections=_both(a.sections, b.sections, _section_pairs),
        floors=_floors(a, b),
        effects=_effects(a, b),
        first_chains=first_chains,
        second_chains=second_chains,
        first_unasked=first_unasked,
        second_unasked=second_unasked,
    )


def linked(facts: BinaryFacts) -> Linked | Unknown:
    """How a binary was linked; Unknown for what is not linked."""
    if isinstance(facts.linkage, Unknown):
        return facts.linkage
    if facts.kind is Kind.SHARED:
        return Linked.LIBRARY
    pie = facts.kind is Kind.PIE
    if facts.linkage is Linkage.STATIC:
        return Linked.STATIC_PIE if pie else Linked.STATIC
    if pie and facts.libraries == ():
        return Linked.LOADED_PIE
    return Linked.DYNAMIC_PIE if pie else Linked.DYNAMIC


def _parts(first: BinaryFacts, second: BinaryFacts) -> tuple[BinaryFacts, BinaryFacts]:
    """The parts of both that are compared."""

    def members(facts: BinaryFacts) -> tuple[BinaryFacts, ...]:
        return facts.members if facts.format is BinaryFormat.UNIVERSAL and facts.members else (facts,)

    pairs = [(one, other) for one in members(first) for other in members(second)]
    return next((pair for pair in pairs if pair[0].goarch == pair[1].goarch), pairs[0])


def _read(path: Path, facts: BinaryFacts, reader: Path | Unknown) -> _Read:
    deep = read_deep(path, facts, reader, wants_of(facts) | _WANTS)
    units = deep.part("units", DebugUnits)
    functions = deep.part("functions", _Functions)
    return _Read(
        path,
        facts,
        needs_of(facts, deep),
        functions if isinstance(functions, Unknown) else _without_c(functions),
        units if isinstance(units, Unknown) else _units(units),
        deep.part("slots", Slots),
        _sections(path, facts),
    )


def _without_c(functions: _Functions) -> _Functions:
    """The functions, with those of C where C's are counted."""
    ours = tuple(one for one in functions.all if not one.c)
    of_c = len(functions.all) - len(ours)
    packages = functions.packages
    if of_c:
        packages = {name: packages[name] for name in {one.package for one in ours}}
    return _Functions(functions.count - of_c, packages, functions.outside + of_c, ours)


def _units(debug: DebugUnits) -> tuple[Unit, ...]:
    return tuple(sorted({Unit(unit.name, unit.producer) for unit in debug.units}, key=lambda unit: unit.name))


def _sections(path: Path, facts: BinaryFacts) -> tuple[Section, ...] | Unknown:
    try:
        parts = deep_request(path, facts, {}).image.sections
    except (OSError, ValueError, Malformed) as error:
        return Unknown(str(error))
    sizes: dict[str, tuple[int, int]] = {}
    for part in parts:
        if part.name:
            size, memory = sizes.get(part.name, (0, 0))
            sizes[part.name] = (size + part.size, memory + (part.memory_size if part.flags else 0))
    if not sizes:
        return Unknown("the file names no sections")
    return tuple(Section(name, size, memory) for name, (size, memory) in sizes.items())


def _side(read: _Read) -> Side:
    facts, functions = read.facts, read.functions
    go = facts.go if isinstance(facts.go, GoBuildInfo) else None
    return Side(
        path=facts.path,
        size=facts.size,
        format=facts.format,
        goos=facts.goos,
        goarch=facts.goarch,
        linked=linked(facts),
        interpreter=facts.interpreter,
        go=go.version if go else "",
        cgo=go.settings.get("CGO_ENABLED", "") if go else "",
        libraries=facts.libraries,
        symbols=facts.imports if isinstance(facts.imports, Unknown) else len(facts.imports),
        packages=functions if isinstance(functions, Unknown) else len(_named(functions.packages)),
        functions=functions if isinstance(functions, Unknown) else functions.count,
        outside=functions if isinstance(functions, Unknown) else functions.outside,
        units=read.units,
        sections=read.sections,
        floors=read.needs.floors,
    )


def _both(a: T | Unknown, b: T | Unknown, told: Callable[[T, T], U]) -> U | Unknown:
    """What is told of two values that are both known."""
    if isinstance(a, Unknown):
        return a
    return b if isinstance(b, Unknown) else told(a, b)


def _only(a: Iterable[str] | Unknown, b: Iterable[str] | Unknown) -> Only | Unknown:
    def told(left: Iterable[str], right: Iterable[str]) -> Only:
        one, other = dict.fromkeys(left), dict.fromkeys(right)
        return Only(tuple(name for name in one if name not in other), tuple(name for name in other if name not in one))

    return _both(a, b, told)


def _main(read: _Read) -> str | Unknown:
    return read.facts.go if isinstance(read.facts.go, Unknown) else read.facts.go.path


def _settings(a: _Read, b: _Read) -> tuple[SettingPair, ...]:
    values = [
        {} if isinstance(read.facts.go, Unknown) else {"go": read.facts.go.version, **read.facts.go.settings}
        for read in (a, b)
    ]
    names = dict.fromkeys((*values[0], *values[1]))
    pairs = (SettingPair(name, values[0].get(name, ""), values[1].get(name, "")) for name in names)
    return tuple(pair for pair in pairs if pair.first != pair.second)


def _named(packages: Iterable[str]) -> list[str]:
    return sorted(name for name in packages if name and not name.startswith(_MADE_BY_LINKER))


def _packages(read: _Read) -> Iterable[str] | Unknown:
    return read.functions if isinstance(read.functions, Unknown) else _named(read.functions.packages)


def _functions(read: _Read) -> Iterable[str] | Unknown:
    if isinstance(read.functions, Unknown):
        return read.functions
    named = {one.name.removesuffix(".abi0") for one in read.functions.all if one.package and ".func" not in one.name}
    return sorted(name for name in named if not name.startswith(_MADE_BY_LINKER))


def _unit_names(read: _Read) -> Iterable[str] | Unknown:
    return read.units if isinstance(read.units, Unknown) else [unit.name for unit in read.units]


def _libraries(read: _Read) -> Iterable[str] | Unknown:
    libraries = read.facts.libraries
    if isinstance(libraries, Unknown) or read.facts.format is not BinaryFormat.PE:
        return libraries
    return [library.lower() for library in libraries]  # Windows makes no difference


def _symbols(read: _Read) -> Iterable[str] | Unknown:
    imports = read.facts.imports
    if isinstance(imports, Unknown):
        return imports
    return [f"{one.name}@{one.version}" if one.version else one.name for one in imports]


def _section_pairs(a: tuple[Section, ...], b: tuple[Section, ...]) -> tuple[SectionPair, ...]:
    first, second = ({one.name: max(one.size, one.memory) for one in side} for side in (a, b))
    return tuple(SectionPair(name, first.get(name), second.get(name)) for name in dict.fromkeys((*first, *second)))


def _floors(a: _Read, b: _Read) -> tuple[FloorPair, ...]:
    first, second = ({floor.kind: floor.minimum for floor in read.needs.floors} for read in (a, b))
    kinds = [kind for kind in FloorKind if kind in first or kind in second]
    return tuple(FloorPair(kind, first.get(kind), second.get(kind)) for kind in kinds)


def _effects(a: _Read, b: _Read) -> tuple[Effect, ...]:
    if isinstance(a.functions, Unknown) or isinstance(b.functions, Unknown):
        return ()
    effects = []
    for row in cgo_effects():
        if row.package not in a.functions.packages or row.package not in b.functions.packages:
            continue
        has = [any(one.name.startswith(row.function) for one in side.all) for side in (a.functions, b.functions)]
        if has[0] != has[1]:
            with_ = message("comparison.effect", en=row.en_with, zh=row.zh_with)
            without = message("comparison.effect", en=row.en_without, zh=row.zh_without)
            first, second = (with_, without) if has[0] else (without, with_)
            effects.append(Effect(row.package, first, second, row.source))
    return tuple(effects)


def _chains(
    read: _Read, go: GoToolchain | Unknown, source: Path | None, sysroot: Path | None
) -> tuple[tuple[Chain, ...], tuple[Directive, ...]]:
    functions, symbols = read.functions, read.needs.symbols
    packages: set[str] | Unknown
    others = set(leading_packages(() if isinstance(symbols, Unknown) else symbols))
    if isinstance(functions, Unknown):
        packages = functions
    else:
        packages = {one.package for one in functions.all if any(mark in one.name for mark in _CGO_MARKS)}
        packages |= {"runtime/cgo"} & functions.packages.keys()
        if read.facts.goos != "linux":
            # Elsewhere the standard library asks for libraries without cgo.
            others |= {name for name in _named(functions.packages) if "." not in name.partition("/")[0]} - {"main"}
    directives = read_directives(read.facts, packages, others, go, source)
    return chains_of(read.facts, read.needs, read.slots, directives, Locator(read.path, read.facts, sysroot))

"""The page of `seatrial inspect`: the facts and needs of a binary as titled rows for people."""

from collections.abc import Iterable, Iterator, Sequence

from seatrial.cli.inspect_embedded import embedded_rows
from seatrial.cli.inspect_floors import headline
from seatrial.inspection import Inspection, Part
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, Kind, NeededSymbol
from seatrial.model.go_target import VARIANT_AXES
from seatrial.model.needs import Cause, FeatureUse, Floor, FloorKind, Needs, Standing
from seatrial.model.states import Confidence

__all__ = ["page"]

Rows = Iterable[tuple[str, str]]

_NAMES_SHOWN = 6
_SETTINGS = (
    *("-buildmode", "-tags", "-ldflags", "-gcflags", "-race", "-trimpath", "CGO_ENABLED"),
    *("GOEXPERIMENT", "GOFIPS140", "DefaultGODEBUG", "vcs.revision", "vcs.time", "vcs.modified"),
)
"""Build settings that change what a program needs or does, in the order in which they are shown."""

_NX_COMPAT = 0x100


def page(found: Inspection) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The parts that have something to say: a title and its rows of label and value. No judgement."""
    facts = found.facts
    several = len(found.parts) > 1
    parts = (
        ("What it is", _identity(facts)),
        ("What it needs", _needs(facts)),
        *((f"From when on {_which(part, several)} runs", _floors(part.needs)) for part in found.parts),
        *((f"What {_which(part, several)} may use", _may_use(part.needs)) for part in found.parts),
        *((f"C code and relocations in {_which(part, several)}", embedded_rows(part.needs)) for part in found.parts),
        ("Go", _go(facts.go)),
        ("How it is linked", _linking(facts)),
        ("Not known", _not_known(facts)),
    )
    for title, rows in parts:
        shown = [(label, value) for label, value in rows if value]
        if shown:
            yield title, shown


def _which(part: Part, several: bool) -> str:
    return f"{part.facts.goarch}" if several else "it"


def _floors(needs: Needs) -> Rows:
    for floor in needs.floors:
        label, lowest = headline(floor)
        if floor.kind is FloorKind.CPU:
            yield from _listed(label, _cpu(floor) or [lowest])
            continue
        because = next((reason for reason in floor.reasons if reason.minimum == floor.minimum), None)
        if because is None:
            yield label, lowest
            continue
        told = f"{lowest}: {because.message.text}"
        if because.cause in (Cause.SYMBOL, Cause.PRIVATE, Cause.IMPORT) and because.owners:
            told += (
                f" Asked for by {_some(list(dict.fromkeys(one.package or one.function for one in because.owners)))}."
            )
        yield label, told


def _cpu(floor: Floor) -> list[str]:
    """What the compiler was told, then what code uses besides without asking."""
    return [
        f"{reason.subject}: {reason.minimum}".removesuffix(": ")
        if reason.cause is Cause.SETTING
        else reason.message.text
        for reason in floor.reasons
        if reason.confidence is not Confidence.POSSIBLE
    ]


def _may_use(needs: Needs) -> Rows:
    if isinstance(needs.instructions, Unknown):
        yield "CPU features", f"unknown: {needs.instructions.unknown}"
    else:
        yield from _listed("CPU features", _features(needs.instructions))
    calls = needs.system_calls
    if isinstance(calls, Unknown):
        is_linux = needs.system is not None and needs.system.kind is FloorKind.KERNEL
        yield "system calls", f"unknown: {calls.unknown}" if is_linux else ""
        return
    unresolved = f"; places whose number is not a constant: {calls.unresolved}" if calls.unresolved else ""
    yield "system calls", f"{len(calls.calls)} in the code{unresolved}"
    spared = [call for call in calls.calls if not call.needed]
    yield from _listed("can do without", (f"{call.name} (Linux {call.since})" for call in spared))


def _features(uses: tuple[FeatureUse, ...]) -> Iterator[str]:
    """Those beyond what the compiler was told, by how they are guarded."""
    by_standing: dict[Standing, dict[str, None]] = {}
    for use in uses:
        by_standing.setdefault(use.standing, {})[use.feature] = None
    for standing in Standing:
        if standing in by_standing:
            yield f"{standing}: {', '.join(sorted(by_standing[standing]))}"


def _said(value: object) -> str:
    return "unknown" if isinstance(value, Unknown) else str(value)


def _known(names: tuple[str, ...] | Unknown) -> tuple[str, ...]:
    return () if isinstance(names, Unknown) else names


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more


def _listed(label: str, values: Iterable[str]) -> Rows:
    """One row a value, the first with the label."""
    return [(label if index == 0 else "", value) for index, value in enumerate(values)]


def _identity(facts: BinaryFacts) -> Rows:
    yield "kind", _said(facts.kind) + ("" if isinstance(facts.linkage, Unknown) else f", {facts.linkage}")
    yield "platform", f"{_said(facts.goos)}/{_said(facts.goarch)}"
    yield "format", f"{facts.format}, {facts.bits}-bit {facts.endian}-endian, {facts.machine}, flags {facts.flags:#x}"
    yield "ABI", ", ".join(part for part in (facts.abi, f"{facts.float_abi} float" if facts.float_abi else "") if part)
    yield "subsystem", facts.subsystem
    yield "holds", ", ".join(member.path.removeprefix(facts.path).strip("()") for member in facts.members)
    yield "own name", facts.soname
    yield "size", f"{facts.size:,} bytes"
    yield "sha256", facts.sha256
    yield "build id", facts.build_id
    yield "Go build id", facts.go_build_id


def _needs(facts: BinaryFacts) -> Rows:
    yield "minimum OS", facts.minimum_os + (f" (SDK {facts.sdk})" if facts.sdk else "")
    yield "instruction set", _variant(facts)
    yield "loader", facts.interpreter
    yield "C library", facts.libc
    yield from _listed(
        "libraries",
        (name + (" (may be missing)" if name in facts.optional_libraries else "") for name in _known(facts.libraries)),
    )
    imports = () if isinstance(facts.imports, Unknown) else facts.imports
    yield "symbols", str(len(imports)) if imports else ""
    yield from _listed("highest versions", _highest_versions(imports))
    yield from _listed("search path", facts.run_path)


def _variant(facts: BinaryFacts) -> str:
    target = facts.go_target
    return f"{VARIANT_AXES[target.goarch]}={target.variant}" if target and target.variant else ""


def _version_key(version: str) -> tuple[str, tuple[int, ...]]:
    """The name of a symbol version and its number, for comparing: GLIBC_2.17 is below GLIBC_2.28."""
    name, _, number = version.rpartition("_")
    parts = number.split(".")
    if name and all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return name, tuple(int(part) for part in parts)
    return version, ()


def _highest_versions(imports: tuple[NeededSymbol, ...]) -> Iterator[str]:
    """For each library and name of versions the highest one, with the symbols that need it."""
    groups: dict[tuple[str, str], dict[tuple[int, ...], list[NeededSymbol]]] = {}
    for symbol in imports:
        if symbol.version:
            name, number = _version_key(symbol.version)
            groups.setdefault((symbol.library, name), {}).setdefault(number, []).append(symbol)
    for (library, _), by_number in sorted(groups.items()):
        symbols = by_number[max(by_number)]
        names = tuple(symbol.name + (" (weak)" if symbol.weak else "") for symbol in symbols)
        yield f"{symbols[0].version} of {library}: {_some(names)}"


def _go(go: GoBuildInfo | Unknown) -> Rows:
    if isinstance(go, Unknown):
        return
    yield "version", go.version
    yield "main package", go.path
    if go.main:
        yield "module", f"{go.main.path} {go.main.version}"
    yield "dependencies", str(len(go.deps)) if go.deps else ""
    for name in _SETTINGS:
        yield name, go.settings.get(name, "")


def _linking(facts: BinaryFacts) -> Rows:
    if facts.kind in (Kind.PIE, Kind.EXECUTABLE):
        yield "fixed address", "no" if facts.kind == Kind.PIE else "yes"
    if facts.format == BinaryFormat.ELF and not isinstance(facts.executable_stack, Unknown):
        yield "executable stack", "yes" if facts.executable_stack else "no"
    if facts.format == BinaryFormat.PE:
        yield "NX_COMPAT", "yes" if facts.dll_characteristics & _NX_COMPAT else "no"
    if not isinstance(facts.relocations, Unknown):
        count = facts.relocations.tls_initial_exec
        static_tls = "DF_STATIC_TLS" if facts.static_tls else ""
        yield "static TLS", ", ".join(part for part in (static_tls, f"{count} relocations" if count else "") if part)
        yield "relative", "DT_RELR" if facts.relocations.relr else ""
    yield "signature", "present, not checked" if facts.code_signature else ""
    yield "C functions inside", _some(_known(facts.static_symbols))
    yield "exports", _some(_known(facts.exports))


def _not_known(facts: BinaryFacts) -> Rows:
    for field in facts.__struct_fields__:
        value = getattr(facts, field)
        if isinstance(value, Unknown):
            yield field.replace("_", " "), value.unknown
    yield from _listed("problems", facts.problems)

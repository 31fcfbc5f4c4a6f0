"""The page of `seatrial inspect`: the facts and needs of a binary as titled rows for people."""

from collections.abc import Iterable, Iterator

from seatrial.cli.inspect_embedded import embedded_rows
from seatrial.cli.inspect_floors import headline
from seatrial.cli.inspect_words import Words
from seatrial.inspection import Inspection, Part
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, Kind, NeededSymbol
from seatrial.model.go_target import VARIANT_AXES
from seatrial.model.needs import NOT_READ, Cause, FeatureUse, Floor, FloorKind, Needs, Standing
from seatrial.model.states import Confidence
from seatrial.tables.dispatch import followed_architectures

__all__ = ["page"]

Rows = Iterable[tuple[str, str]]

_NAMES_SHOWN = 6
_SETTINGS = (
    *("-buildmode", "-tags", "-ldflags", "-gcflags", "-race", "-trimpath", "CGO_ENABLED"),
    *("GOEXPERIMENT", "GOFIPS140", "DefaultGODEBUG", "vcs.revision", "vcs.time", "vcs.modified"),
)
"""Build settings that change what a program needs or does, in the order in which they are shown."""

_NX_COMPAT = 0x100


def page(found: Inspection, words: Words) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The parts that have something to say: a title and its rows of label and value. No judgement."""
    facts = found.facts

    def which(part: Part) -> str:
        return str(part.facts.goarch) if len(found.parts) > 1 else words("it")

    parts = (
        (words("what-it-is"), _identity(facts, words)),
        (words("what-it-needs"), _needs(facts, words)),
        *((words("from-when", which=which(part)), _floors(part.needs, words)) for part in found.parts),
        *((words("may-use", which=which(part)), _may_use(part, words)) for part in found.parts),
        *((words("embedded", which=which(part)), embedded_rows(part.needs, words)) for part in found.parts),
        (words("go"), _go(facts.go, words)),
        (words("how-linked"), _linking(facts, words)),
        (words("not-known"), _not_known(facts, words)),
    )
    for title, rows in parts:
        shown = [(label, value) for label, value in rows if value]
        if shown:
            yield title, shown


def _floors(needs: Needs, words: Words) -> Rows:
    for floor in needs.floors:
        label, lowest = headline(floor, words)
        if floor.kind is FloorKind.CPU:
            yield from _listed(label, _cpu(floor, words) or [lowest])
            continue
        because = next((reason for reason in floor.reasons if reason.minimum == floor.minimum), None)
        if because is None:
            yield label, lowest
            continue
        told = words("value", what=lowest, value=words.message(because.message))
        if because.cause in (Cause.SYMBOL, Cause.PRIVATE, Cause.IMPORT) and because.owners:
            packages = list(dict.fromkeys(one.package or one.function for one in because.owners))
            told = words("asked-for-by", told=told, packages=words.some(packages, _NAMES_SHOWN))
        yield label, told


def _cpu(floor: Floor, words: Words) -> list[str]:
    """What the compiler was told, then what code uses besides without asking."""
    return [
        (words("value", what=reason.subject, value=reason.minimum) if reason.minimum else reason.subject)
        if reason.cause is Cause.SETTING
        else words.message(reason.message)
        for reason in floor.reasons
        if reason.confidence is not Confidence.POSSIBLE
    ]


def _may_use(part: Part, words: Words) -> Rows:
    needs = part.needs
    if needs.instructions == NOT_READ and part.facts.goarch not in followed_architectures():
        yield words("cpu-features"), words("not-told-apart", goarch=part.facts.goarch)
    elif isinstance(needs.instructions, Unknown):
        yield words("cpu-features"), words("unknown-why", why=needs.instructions.unknown)
    else:
        yield from _listed(words("cpu-features"), _features(needs.instructions, words))
    calls = needs.system_calls
    if isinstance(calls, Unknown):
        is_linux = needs.system is not None and needs.system.kind is FloorKind.KERNEL
        yield words("system-calls"), words("unknown-why", why=calls.unknown) if is_linux else ""
        return
    name = "in-the-code-unresolved" if calls.unresolved else "in-the-code"
    yield words("system-calls"), words(name, count=len(calls.calls), unresolved=calls.unresolved)
    spared = [call for call in calls.calls if not call.needed]
    told = (words("call-since", call=call.name, since=call.since) for call in spared)
    yield from _listed(words("can-do-without"), told)


def _features(uses: tuple[FeatureUse, ...], words: Words) -> Iterator[str]:
    """Those beyond what the compiler was told, by how they are guarded."""
    by_standing: dict[Standing, dict[str, None]] = {}
    for use in uses:
        by_standing.setdefault(use.standing, {})[use.feature] = None
    for standing in Standing:
        if standing in by_standing:
            features = ", ".join(sorted(by_standing[standing]))
            yield words("value", what=words(f"standing-{standing.name.lower()}"), value=features)


def _said(value: object, words: Words) -> str:
    return words("unknown") if isinstance(value, Unknown) else str(value)


def _known(names: tuple[str, ...] | Unknown) -> tuple[str, ...]:
    return () if isinstance(names, Unknown) else names


def _listed(label: str, values: Iterable[str]) -> Rows:
    """One row a value, the first with the label."""
    return [(label if index == 0 else "", value) for index, value in enumerate(values)]


def _identity(facts: BinaryFacts, words: Words) -> Rows:
    yield words("kind"), _said(facts.kind, words) + ("" if isinstance(facts.linkage, Unknown) else f", {facts.linkage}")
    yield words("platform"), f"{_said(facts.goos, words)}/{_said(facts.goarch, words)}"
    marks = {"format": facts.format, "bits": facts.bits, "endian": facts.endian, "machine": facts.machine}
    yield words("format"), words("format-told", **marks, flags=f"{facts.flags:#x}")
    float_abi = words("float", abi=facts.float_abi) if facts.float_abi else ""
    yield words("abi"), ", ".join(part for part in (facts.abi, float_abi) if part)
    yield words("subsystem"), facts.subsystem
    yield words("holds"), ", ".join(member.path.removeprefix(facts.path).strip("()") for member in facts.members)
    yield words("own-name"), facts.soname
    yield words("size"), words("bytes", count=f"{facts.size:,}")
    yield words("sha256"), facts.sha256
    yield words("build-id"), facts.build_id
    yield words("go-build-id"), facts.go_build_id


def _needs(facts: BinaryFacts, words: Words) -> Rows:
    yield words("minimum-os"), facts.minimum_os + (f" (SDK {facts.sdk})" if facts.sdk else "")
    yield words("instruction-set"), _variant(facts)
    yield words("loader"), facts.interpreter
    yield words("c-library"), facts.libc
    optional = facts.optional_libraries
    libraries = (words("may-be-missing", name=name) if name in optional else name for name in _known(facts.libraries))
    yield from _listed(words("libraries"), libraries)
    imports = () if isinstance(facts.imports, Unknown) else facts.imports
    yield words("symbols"), str(len(imports)) if imports else ""
    yield from _listed(words("highest-versions"), _highest_versions(imports, words))
    yield from _listed(words("search-path"), facts.run_path)


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


def _highest_versions(imports: tuple[NeededSymbol, ...], words: Words) -> Iterator[str]:
    """For each library and name of versions the highest one, with the symbols that need it."""
    groups: dict[tuple[str, str], dict[tuple[int, ...], list[NeededSymbol]]] = {}
    for symbol in imports:
        if symbol.version:
            name, number = _version_key(symbol.version)
            groups.setdefault((symbol.library, name), {}).setdefault(number, []).append(symbol)
    for (library, _), by_number in sorted(groups.items()):
        symbols = by_number[max(by_number)]
        names = [words("weak", name=symbol.name) if symbol.weak else symbol.name for symbol in symbols]
        told = words.some(names, _NAMES_SHOWN)
        yield words("version-of", version=symbols[0].version, library=library, symbols=told)


def _go(go: GoBuildInfo | Unknown, words: Words) -> Rows:
    if isinstance(go, Unknown):
        return
    yield words("version"), go.version
    yield words("main-package"), go.path
    if go.main:
        yield words("module"), f"{go.main.path} {go.main.version}"
    yield words("dependencies"), str(len(go.deps)) if go.deps else ""
    for name in _SETTINGS:
        yield name, go.settings.get(name, "")


def _linking(facts: BinaryFacts, words: Words) -> Rows:
    if facts.kind in (Kind.PIE, Kind.EXECUTABLE):
        yield words("fixed-address"), words("no" if facts.kind == Kind.PIE else "yes")
    if facts.format == BinaryFormat.ELF and not isinstance(facts.executable_stack, Unknown):
        yield words("executable-stack"), words("yes" if facts.executable_stack else "no")
    if facts.format == BinaryFormat.PE:
        yield words("nx-compat"), words("yes" if facts.dll_characteristics & _NX_COMPAT else "no")
    if not isinstance(facts.relocations, Unknown):
        count = facts.relocations.tls_initial_exec
        static_tls = "DF_STATIC_TLS" if facts.static_tls else ""
        counted = words.counted("tls-relocations", count) if count else ""
        yield words("static-tls"), ", ".join(part for part in (static_tls, counted) if part)
        yield words("relative"), "DT_RELR" if facts.relocations.relr else ""
    yield words("signature"), words("present-not-checked") if facts.code_signature else ""
    yield words("c-functions-inside"), words.some(_known(facts.static_symbols), _NAMES_SHOWN)
    yield words("exports"), words.some(_known(facts.exports), _NAMES_SHOWN)


def _not_known(facts: BinaryFacts, words: Words) -> Rows:
    for field in facts.__struct_fields__:
        value = getattr(facts, field)
        if isinstance(value, Unknown):
            yield field.replace("_", " "), value.unknown
    yield from _listed(words("problems"), facts.problems)

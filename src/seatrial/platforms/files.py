"""One platform file: TOML to a frozen value, every key checked. What is wrong ends in one line (UsageError).

A fact is a table with `value`, `source`, `certainty` and, where needed, `note`. In a file of an operating system or a
system, a fact may differ by architecture: `[page_size]` holds for all, `[page_size.arm64]` for one.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from seatrial.errors import UsageError
from seatrial.model.platform import Certainty, Fact, Libc, QemuModel

__all__ = [
    "CPU_FACTS",
    "GOARCHES",
    "OS_FACTS",
    "SYSTEMS",
    "CpuFile",
    "OsFile",
    "SystemFile",
    "read_cpu",
    "read_os",
    "read_system",
    "read_table",
]

T = TypeVar("T")
Table = dict[str, Any]
ByArch = dict[str, Fact[Any]]
"""GOARCH to the fact; "" for every architecture that is not named."""

_FACT_KEYS = ("value", "source", "certainty", "note")
_CGROUPS = ("v1", "v2", "hybrid", "none")
_WORLDS = ("", "old", "new")
SYSTEMS = {"glibc": "linux", "musl": "linux", "windows": "windows", "macos": "darwin", "freebsd": "freebsd"}
"""The systems that exist, each with its GOOS."""
GOARCHES = (
    *("386", "amd64", "arm", "arm64", "loong64", "mips", "mipsle", "mips64", "mips64le"),
    *("ppc64", "ppc64le", "riscv64", "s390x"),
)
"""The architectures of Go that run programs on an operating system (wasm does not)."""
_FAMILIES = ("glibc", "musl", "libSystem", "msvcrt", "freebsd")


class SystemFile(msgspec.Struct, frozen=True):
    """What operating systems of one kind have in common (`data/system`)."""

    name: str
    path: Path
    facts: Mapping[str, ByArch]


class OsFile(msgspec.Struct, frozen=True):
    """One operating system."""

    name: str
    path: Path
    title: str
    system: str
    cpus: Mapping[str, tuple[str, ...]]
    """GOARCH to the CPUs it is met on. The first one is what `os/goarch` means."""
    facts: Mapping[str, ByArch]
    cannot_run: Mapping[str, tuple[str, ...]]
    """GOARCH ("" for every one) to the reasons why Go programs cannot run there."""


class CpuFile(msgspec.Struct, frozen=True):
    """One CPU."""

    name: str
    path: Path
    title: str
    goarch: str
    features: Fact[tuple[str, ...]]
    variant: Fact[str]
    qemu: QemuModel | None


class _Wrong(Exception):
    """What is wrong with a file: the key, what is the matter, what is allowed."""

    def __init__(self, key: str, what: str, allowed: str) -> None:
        super().__init__(key)
        self.key, self.what, self.allowed = key, what, allowed


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong(key, f"is {value!r}", "It must be a string.")
    return value


def _filled(key: str, value: object) -> str:
    if not _text(key, value).strip():
        raise _Wrong(key, "is empty", "It must be a string that says something.")
    return str(value)


def _words(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
        raise _Wrong(key, f"is {value!r}", "It must be a list of strings.")
    return tuple(value)


def _version(key: str, value: object) -> str:
    if not re.fullmatch(r"\d+(\.\d+)+", _text(key, value)):
        raise _Wrong(key, f"is {value!r}", 'It must be a dotted version such as "4.19.90".')
    return str(value)


def _libc(key: str, value: object) -> Libc:
    family, _, version = _text(key, value).partition(" ")
    if family not in _FAMILIES or (version and not re.fullmatch(r"\d+(\.\d+)*", version)):
        allowed = f'a family ({", ".join(_FAMILIES)}) and, where it has one, a version: "glibc 2.28".'
        raise _Wrong(key, f"is {value!r}", f"It must be {allowed}")
    return Libc(family, version)


def _page(key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 4096 or value & (value - 1):
        raise _Wrong(key, f"is {value!r}", "It must be a number of bytes: a power of two, 4096 or more.")
    return value


def _one_of(words: Collection[str]) -> Callable[[str, object], str]:
    def check(key: str, value: object) -> str:
        if not isinstance(value, str) or value not in words:
            what = "is missing" if value is None else f"is {value!r}"
            raise _Wrong(key, what, f"It must be one of {', '.join(word or repr(word) for word in words)}.")
        return value

    return check


OS_FACTS: dict[str, Callable[[str, object], Any]] = {
    "kernel": _version,
    "libc": _libc,
    "loader": _text,
    "page_size": _page,
    "cgroup": _one_of(_CGROUPS),
    "world": _one_of(_WORLDS),
    "libraries": _words,
}
"""The facts of an operating system, each with the check of its value."""
CPU_FACTS: dict[str, Callable[[str, object], Any]] = {"features": _words, "variant": _text}
"""The facts of a CPU."""


def read_table(path: Path) -> Table:
    """The TOML of a file. Raises UsageError where it cannot be read or is no TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}.", "Check the folder of platform files.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text.", "Platform files are TOML.") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}.", "Platform files are TOML.") from None


def read_os(path: Path) -> OsFile:
    """The file of an operating system. Raises UsageError naming file, key and what is allowed."""

    def parse(table: Table) -> OsFile:
        _only("", table, ("title", "system", "cpus", "cannot_run", *OS_FACTS))
        cpus = _table("cpus", table.get("cpus"))
        if not cpus:
            raise _Wrong("cpus", "names no architecture", 'Name each with its CPUs: amd64 = ["x86-64-v1"].')
        listed = {goarch: _words(f"cpus.{goarch}", names) for goarch, names in cpus.items()}
        for goarch, names in listed.items():
            _goarch(f"cpus.{goarch}", goarch)
            if not names:
                raise _Wrong(f"cpus.{goarch}", "is empty", "Its first CPU is what os/arch means: name at least one.")
        facts = {key: _facts(key, table[key], check, listed) for key, check in OS_FACTS.items() if key in table}
        reasons = _reasons(table.get("cannot_run", {}), listed)
        system = _one_of(SYSTEMS)("system", table.get("system"))
        return OsFile(path.stem, path, _filled("title", table.get("title", "")), system, listed, facts, reasons)

    return _checked(path, parse)


def read_system(path: Path) -> SystemFile:
    """What operating systems of one kind have in common. Raises UsageError."""

    def parse(table: Table) -> SystemFile:
        _only("", table, tuple(OS_FACTS))
        facts = {key: _facts(key, table[key], check, GOARCHES) for key, check in OS_FACTS.items() if key in table}
        return SystemFile(path.stem, path, facts)

    return _checked(path, parse)


def read_cpu(path: Path) -> CpuFile:
    """The file of a CPU. Raises UsageError naming file, key and what is allowed."""

    def parse(table: Table) -> CpuFile:
        _only("", table, ("title", "goarch", "qemu", *CPU_FACTS))
        for key in CPU_FACTS:
            if key not in table:
                raise _Wrong(key, "is missing", f"Every CPU has {' and '.join(CPU_FACTS)}.")
        facts = {key: _fact(key, table[key], check, ()) for key, check in CPU_FACTS.items()}
        goarch = _goarch("goarch", table.get("goarch"))
        if path.stem in GOARCHES and path.stem != goarch:
            raise _Wrong("goarch", f"is {goarch!r}", f"A CPU that is named {path.stem} has that architecture.")
        return CpuFile(
            path.stem,
            path,
            _filled("title", table.get("title", "")),
            goarch,
            facts["features"],
            facts["variant"],
            _qemu(table["qemu"]) if "qemu" in table else None,
        )

    return _checked(path, parse)


def _checked(path: Path, parse: Callable[[Table], T]) -> T:
    table = read_table(path)
    try:
        return parse(table)
    except _Wrong as wrong:
        raise UsageError(f"{path}: {wrong.key} {wrong.what}.", wrong.allowed) from None


def _only(prefix: str, table: Table, allowed: Collection[str]) -> None:
    for key in table:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise _Wrong(f"{prefix}{key}", "is not known", f"Allowed: {', '.join(allowed)}.{hint}")


def _table(key: str, value: object) -> Table:
    if not isinstance(value, dict):
        raise _Wrong(key, "is missing" if value is None else f"is {value!r}", f"It must be a table: [{key}].")
    return value


def _goarch(key: str, value: object) -> str:
    return _one_of(GOARCHES)(key, value)


def _fact(key: str, value: object, check: Callable[[str, object], Any], further: Collection[str]) -> Fact[Any]:
    table = _table(key, value)
    _only(f"{key}.", table, (*_FACT_KEYS, *further))
    certainty = Certainty(_one_of(tuple(Certainty))(f"{key}.certainty", table.get("certainty")))
    note = _text(f"{key}.note", table.get("note", ""))
    if certainty is Certainty.UNKNOWN:
        if "value" in table or not note:
            raise _Wrong(key, "is unknown", "An unknown fact has no value, and a note with the reason.")
        return Fact(None, _text(f"{key}.source", table.get("source", "")), certainty, note)
    if "value" not in table:
        raise _Wrong(f"{key}.value", "is missing", 'Give it, or say certainty = "unknown" and why in note.')
    found = check(f"{key}.value", table["value"])
    return Fact(found, _filled(f"{key}.source", table.get("source", "")), certainty, note)


def _facts(key: str, value: object, check: Callable[[str, object], Any], goarches: Collection[str]) -> ByArch:
    table = _table(key, value)
    facts = {arch: _fact(f"{key}.{arch}", table[arch], check, ()) for arch in goarches if arch in table}
    if not facts or any(word in table for word in _FACT_KEYS):
        facts[""] = _fact(key, table, check, goarches)
    else:
        _only(f"{key}.", table, (*_FACT_KEYS, *goarches))
    return facts


def _reasons(value: object, goarches: Collection[str]) -> dict[str, tuple[str, ...]]:
    table = _table("cannot_run", value)
    _only("cannot_run.", table, ("all", *goarches))
    return {"" if arch == "all" else arch: _words(f"cannot_run.{arch}", why) for arch, why in table.items()}


def _qemu(value: object) -> QemuModel:
    table = _table("qemu", value)
    _only("qemu.", table, QemuModel.__struct_fields__)
    return QemuModel(
        model=_filled("qemu.model", table.get("model", "")),
        source=_filled("qemu.source", table.get("source", "")),
        certainty=Certainty(_one_of(tuple(Certainty))("qemu.certainty", table.get("certainty"))),
        since=_text("qemu.since", table.get("since", "")),
        lacks=_words("qemu.lacks", table.get("lacks", [])),
        adds=_words("qemu.adds", table.get("adds", [])),
        note=_text("qemu.note", table.get("note", "")),
    )

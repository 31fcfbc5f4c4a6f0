"""The catalogue: names and selectors to platforms. Only the files that are asked for are read."""

import difflib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from seatrial.errors import UsageError
from seatrial.model.platform import Certainty, Fact, Libc, Platform
from seatrial.model.report import PlatformSummary
from seatrial.platforms.files import (
    GOARCHES,
    OS_FACTS,
    SYSTEMS,
    CpuFile,
    OsFile,
    SystemFile,
    read_cpu,
    read_os,
    read_system,
    read_table,
)
from seatrial.platforms.selectors import braces, is_pattern, matches
from seatrial.tables.go_releases import port
from seatrial.tables.instruction_sets import missing_features

__all__ = ["Catalogue", "load", "summary"]

_DATA = Path(__file__).parent / "data"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def load(extra: Iterable[Path] = ()) -> "Catalogue":
    """The platforms that ship with seatrial and those of the user's folders (`os/*.toml`, `cpu/*.toml`).

    A file of a later folder takes the place of one of the same name. Raises UsageError for a folder without any.
    """
    systems: dict[str, Path] = {}
    cpus: dict[str, Path] = {}
    for folder in (_DATA, *extra):
        here_os, here_cpus = _toml_files(folder / "os"), _toml_files(folder / "cpu")
        if not here_os and not here_cpus:
            what = "holds no platform files" if folder.is_dir() else "is no folder"
            raise UsageError(f"{folder} {what}.", "Platform files are os/<name>.toml and cpu/<name>.toml in it.")
        systems |= here_os
        cpus |= here_cpus
    return Catalogue(systems, cpus)


def _toml_files(folder: Path) -> dict[str, Path]:
    try:
        files = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix == ".toml"}
    except OSError:
        return {}
    for name, path in files.items():
        if not _NAME.fullmatch(name):
            raise UsageError(f"{path}: {name!r} cannot be a name.", "Use lower-case letters, digits, '.', '_' and '-'.")
    return files


class Catalogue:
    """Every known operating system and CPU. Made by `load`."""

    def __init__(self, os_files: dict[str, Path], cpu_files: dict[str, Path]) -> None:
        self._os_files = dict(sorted(os_files.items()))
        self._cpu_files = dict(sorted(cpu_files.items()))
        self._os: dict[str, OsFile] = {}
        self._cpu: dict[str, CpuFile] = {}
        self._systems: dict[str, SystemFile] = {}

    @property
    def os_names(self) -> tuple[str, ...]:
        """The operating systems, sorted."""
        return tuple(self._os_files)

    @property
    def cpu_names(self) -> tuple[str, ...]:
        """The CPUs, sorted."""
        return tuple(self._cpu_files)

    def platform(self, name: str) -> Platform:
        """The platform `os/cpu` or `os/arch`. Reads three files. Raises UsageError for a name that is none."""
        os_name, slash, cpu_name = name.lower().partition("/")
        if not slash or os_name not in self._os_files:
            raise self._unknown(name)
        os_file = self._read_os(os_name)
        if cpu_name not in os_file.cpus and cpu_name not in self._cpu_files:
            cpu_name = read_table(_DATA / "architectures.toml").get(cpu_name, cpu_name)
        if cpu_name in os_file.cpus:
            generic = os_file.cpus[cpu_name][0]
            if generic not in self._cpu_files:
                hint = _did_you_mean(difflib.get_close_matches(generic, self._cpu_files, 3, 0.5))
                raise UsageError(f"{os_file.path}: cpus.{cpu_name}: no CPU is named {generic!r}.", hint)
            return self._resolve(os_file, cpu_name, self._read_cpu(generic))
        if cpu_name not in self._cpu_files and cpu_name not in GOARCHES:
            raise self._unknown(name)
        cpu = self._read_cpu(cpu_name) if cpu_name in self._cpu_files else None
        if cpu is None or cpu.goarch not in os_file.cpus:
            where = cpu_name if cpu is None or cpu.goarch == cpu_name else f"{cpu.goarch}, as {cpu_name} is"
            raise UsageError(f"{os_file.title} does not exist on {where}.", f"It exists on {', '.join(os_file.cpus)}.")
        return self._resolve(os_file, cpu.goarch, cpu)

    def architectures(self, os_name: str) -> tuple[str, ...]:
        """The architectures (GOARCH) that an operating system exists on."""
        return tuple(self._read_os(os_name).cpus)

    def pairings(self, os_name: str) -> tuple[str, ...]:
        """The names of an operating system's platforms: each architecture, then each CPU that it is met on."""
        cpus = self._read_os(os_name).cpus
        met = [cpu for names in cpus.values() for cpu in names[1:]]
        return tuple(f"{os_name}/{word}" for word in (*cpus, *met))

    def select(self, selectors: Iterable[str]) -> tuple[Platform, ...]:
        """The platforms that the selectors name, in their order, each once.

        `os/cpu`, `os/arch`: that one. A bare OS: it on each architecture's generic CPU. A bare CPU or architecture: it
        under each OS that lists it. Globs and braces: the OS part over the OSes, the CPU part over what these list.
        Raises UsageError for a selector that names nothing.
        """
        names = (name for selector in selectors for name in self._names(selector))
        platforms = (self.platform(name) for name in dict.fromkeys(names))
        return tuple({platform.name: platform for platform in platforms}.values())

    def default_names(self) -> tuple[str, ...]:
        """The names of the default set (`data/default.toml`)."""
        return tuple(read_table(_DATA / "default.toml")["targets"])

    def default(self) -> tuple[Platform, ...]:
        """What a program is tried against when nobody says: telling platforms over all systems and CPUs."""
        return tuple(self.platform(name) for name in self.default_names())

    def _names(self, selector: str) -> Iterator[str]:
        for word in braces(selector.strip().lower()):
            if "/" in word and not is_pattern(word):
                yield word
                continue
            found = tuple(self._matching(word))
            if not found:
                raise self._unknown(word)
            yield from found

    def _matching(self, word: str) -> Iterator[str]:
        os_part, slash, cpu_part = word.partition("/")
        systems = [name for name in self._os_files if matches(os_part, name)]
        if slash:
            for name in systems:
                yield from (pair for pair in self.pairings(name) if self._fits(pair, cpu_part))
        elif systems:
            for name in systems:
                yield from (f"{name}/{goarch}" for goarch in self._read_os(name).cpus)
        else:
            for name in self._os_files:
                yield from (pair for pair in self.pairings(name) if self._fits(pair, word))

    def _fits(self, pair: str, pattern: str) -> bool:
        """A generic CPU goes by its architecture's name and by its own."""
        os_name, _, last = pair.partition("/")
        generic = self._read_os(os_name).cpus.get(last, (last,))[0]
        return matches(pattern, last) or matches(pattern, generic)

    def _systems_of(self, goos: str, goarch: str = "") -> str:
        """What to name in place of a port."""
        for name in self._os_files:
            os_file = self._read_os(name)
            if SYSTEMS[os_file.system] == goos and (not goarch or goarch in os_file.cpus):
                return (
                    f"Name a system, for example {name}/{goarch or next(iter(os_file.cpus))}: see `seatrial targets`."
                )
        return "No operating system of that kind is known here: see `seatrial targets`."

    def _unknown(self, name: str) -> UsageError:
        os_name, slash, cpu_name = name.lower().partition("/")
        if not slash and os_name in SYSTEMS.values():
            return UsageError(f"{name} is a GOOS, not an operating system.", self._systems_of(os_name))
        if slash and port(os_name, cpu_name):
            return UsageError(f"{name} is a port of Go, not a platform.", self._systems_of(os_name, cpu_name))
        if slash and os_name in self._os_files:
            there = tuple(pair.partition("/")[2] for pair in self.pairings(os_name))
            near = difflib.get_close_matches(cpu_name, (*there, *self._cpu_files), 3, 0.5)
            exists = f"{os_name} is met on {', '.join(there)}."
            return UsageError(f"No CPU or architecture is named {cpu_name!r}.", f"{_did_you_mean(near)}{exists}")
        words = (*self._os_files, *self._cpu_files) if not slash else self._os_files
        near = difflib.get_close_matches(os_name, words, 3, 0.5)
        if slash:
            near = [f"{word}/{cpu_name}" for word in near]
        what = f"{name!r} matches no platform." if is_pattern(name) else f"No platform is named {name!r}."
        exists = f"Operating systems: {', '.join(self._os_files)}."
        return UsageError(what, f"{_did_you_mean(near)}{exists} CPUs: `seatrial targets`.")

    def _read_os(self, name: str) -> OsFile:
        if name not in self._os:
            self._os[name] = read_os(self._os_files[name])
        return self._os[name]

    def _read_cpu(self, name: str) -> CpuFile:
        if name not in self._cpu:
            cpu = read_cpu(self._cpu_files[name])
            if not cpu.path.is_relative_to(_DATA):  # those that ship are checked by tests, once
                _check_variant(cpu)
            self._cpu[name] = cpu
        return self._cpu[name]

    def _resolve(self, os_file: OsFile, goarch: str, cpu: CpuFile) -> Platform:
        if cpu.goarch != goarch:
            raise UsageError(
                f"{os_file.path}: cpus.{goarch} names {cpu.name}, a CPU of {cpu.goarch}.",
                f"List it under cpus.{cpu.goarch}.",
            )
        if os_file.system not in self._systems:
            self._systems[os_file.system] = read_system(_DATA / "system" / f"{os_file.system}.toml")
        system = self._systems[os_file.system]
        facts: dict[str, Any] = {key: self._fact(key, os_file, system, goarch) for key in OS_FACTS}
        generic = cpu.name == os_file.cpus[goarch][0]
        return Platform(
            name=f"{os_file.name}/{goarch if generic else cpu.name}",
            os=os_file.name,
            cpu=cpu.name,
            title=f"{os_file.title} on {cpu.title}",
            cpu_title=cpu.title,
            goos=SYSTEMS[os_file.system],
            goarch=goarch,
            features=cpu.features,
            variant=cpu.variant,
            qemu=cpu.qemu,
            cannot_run=(*os_file.cannot_run.get("", ()), *os_file.cannot_run.get(goarch, ())),
            files=tuple(str(path) for path in (system.path, os_file.path, cpu.path)),
            system=os_file.system,
            **facts,
        )

    def _fact(self, key: str, os_file: OsFile, system: SystemFile, goarch: str) -> Fact[Any]:
        for facts in (os_file.facts.get(key, {}), system.facts.get(key, {})):
            for arch in (goarch, ""):
                if arch in facts:
                    return facts[arch]
        raise UsageError(f"{os_file.path}: {key} is missing.", f"Add [{key}] with value, source and certainty.")


def _check_variant(cpu: CpuFile) -> None:
    """The variant must be a value that exists, and the features must hold all that it demands."""
    if cpu.variant.value is None:
        return
    try:
        missing = missing_features(cpu.goarch, cpu.variant.value, frozenset(cpu.features.value or ()))
    except UsageError as error:
        raise UsageError(f"{cpu.path}: variant.value: {error.message}", error.remedy) from None
    if missing and cpu.features.value is not None:
        what = f"variant.value is {cpu.variant.value!r}, but features lacks {', '.join(missing)}"
        raise UsageError(f"{cpu.path}: {what}.", "Mend one of them: the variant is the highest that is safe.")


def _did_you_mean(near: list[str]) -> str:
    return f"Did you mean {' or '.join(dict.fromkeys(near))}? " if near else ""


def summary(platform: Platform) -> PlatformSummary:
    """What the matrix shows of a platform; a value that nobody knows is "unknown"."""
    page = platform.page_size.value
    return PlatformSummary(
        title=platform.title,
        goos=platform.goos,
        arch=platform.goarch,
        system=platform.system,
        cpu=platform.cpu,
        kernel=_shown(platform.kernel),
        libc=_shown(platform.libc),
        page_size=f"{page // 1024} KiB" if page else "unknown",
        cgroup=_shown(platform.cgroup),
    )


def _shown(fact: Fact[str] | Fact[Libc]) -> str:
    return "unknown" if fact.certainty is Certainty.UNKNOWN else str(fact.value)

"""What asks for libraries in the source: `#cgo` words of packages, by `go list`, and lines of //go:cgo_import_dynamic.

A binary keeps none of them but CGO_LDFLAGS of the build's environment.
"""

import re
import shlex
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import msgspec

from seatrial.decoding import ready
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, GoBuildInfo, Module
from seatrial.model.comparison import Directive, DirectiveKind
from seatrial.model.go_target import VARIANT_AXES
from seatrial.model.message import Message
from seatrial.tables.messages import message
from seatrial.toolchains import GoToolchain

__all__ = ["Directives", "named_libraries", "names_library", "read_directives", "word_for"]

_TIME_LIMIT = 120.0
_FIELDS = "ImportPath,Dir,GoFiles,CgoLDFLAGS,CgoPkgConfig,Error"
_IMPORT = re.compile(r'^//go:cgo_import_dynamic \S+ ([^\s%]+)\S* "([^"]+)"', re.MULTILINE)


class Directives(msgspec.Struct, frozen=True):
    """What was found of a binary's packages."""

    found: tuple[Directive, ...]
    not_known: dict[str, Message]
    """Why the words of a package are not known; of "", those of all."""
    imports: dict[str, str] = {}
    """Symbol to library, of the lines of //go:cgo_import_dynamic."""


class _Error(msgspec.Struct, frozen=True):
    Err: str = ""


class _Package(msgspec.Struct, frozen=True):
    ImportPath: str
    Dir: str = ""
    GoFiles: tuple[str, ...] = ()
    CgoLDFLAGS: tuple[str, ...] = ()
    CgoPkgConfig: tuple[str, ...] = ()
    Error: _Error | None = None


def read_directives(
    facts: BinaryFacts,
    packages: Iterable[str] | Unknown,
    others: Iterable[str],
    go: GoToolchain | Unknown,
    source: Path | None,
) -> Directives:
    """The words of the packages of a binary, those of its build's environment first.

    `packages`: those in it that use cgo, as far as that is known. `others`: those that may ask for a library without
    it. `source`: a folder of the module that the program was built from; without one the standard library and the
    module cache are read.
    """
    info = facts.go
    if isinstance(info, Unknown):
        return Directives((), {"": message("comparison.no-build-info", why=info.unknown)})
    given = _split(info.settings.get("CGO_LDFLAGS", ""))
    found = [Directive(DirectiveKind.ENVIRONMENT, "", given, "the build settings")] if given else []
    if isinstance(go, Unknown):
        return Directives(tuple(found), {"": message("comparison.no-go", why=go.unknown)})
    if isinstance(packages, Unknown) and source is None:
        return Directives(tuple(found), {"": message("comparison.no-packages", why=packages.unknown)})
    wanted = set() if isinstance(packages, Unknown) else set(packages)
    more = set(others)
    reading = _Reading(facts, info, go)
    if source is not None:
        reading.program(source, sorted(wanted))
    else:
        reading.one_by_one(sorted(wanted | more))
    not_known = {package: why for package, why in reading.not_known.items() if package in wanted or not package}
    return Directives((*found, *reading.found), not_known, reading.imports)


def _split(text: str) -> tuple[str, ...]:
    """The words of a setting; the text as one word where its quotes do not pair."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return (text,)


class _Reading:
    """Asks `go list` for the packages of one binary."""

    def __init__(self, facts: BinaryFacts, info: GoBuildInfo, go: GoToolchain) -> None:
        self._info = info
        self._go = go
        self.found: list[Directive] = []
        self.not_known: dict[str, Message] = {}
        self.imports: dict[str, str] = {}
        settings = info.settings
        names = ("GOOS", "GOARCH", VARIANT_AXES.get(settings.get("GOARCH", ""), ""))
        self._environment = {name: settings[name] for name in names if settings.get(name)}
        self._environment |= {"CGO_ENABLED": settings.get("CGO_ENABLED", "1"), "GOPROXY": "off"}
        self._flags = [f"-tags={settings['-tags']}"] if settings.get("-tags") else []

    def program(self, source: Path, wanted: list[str]) -> None:
        """All packages of the program from the folder of its module."""
        path = self._info.path if self._info.main else ""
        listed = self._list(["-deps", "--", path or "."], source)
        if isinstance(listed, Unknown):
            reason = message("comparison.not-listed", source=source, why=listed.unknown)
            self.not_known[""] = reason
            return
        # The main package is called main in the binary.
        names = {package.ImportPath: package for package in listed}
        if self._info.path in names:
            names["main"] = names.pop(self._info.path)
        for name, package in names.items():
            self._take(name, package)
        for name in wanted:
            if name not in names:
                self.not_known[name] = message("comparison.not-in-source", package=name, source=source)

    def one_by_one(self, wanted: list[str]) -> None:
        """Each package from the standard library, or from the module cache, as far as it is there."""
        modules = [module for module in (self._info.main, *self._info.deps) if module and module.path]
        modules.sort(key=lambda module: len(module.path), reverse=True)
        standard = []
        for name in wanted:
            path = self._info.path if name == "main" else name
            module = next((one for one in modules if path == one.path or path.startswith(one.path + "/")), None)
            if module is not None:
                self._from_cache(name, path, module)
            elif "." in path.partition("/")[0]:
                self.not_known[name] = message("comparison.no-module", package=path)
            else:
                standard.append(name)
        if standard:
            self._ask(standard, ["-find", "--", *standard], Path("/"))

    def _from_cache(self, name: str, path: str, module: Module) -> None:
        actual = module.replace or module
        folder = Path(self._go.module_cache, f"{_escaped(actual.path)}@{_escaped(actual.version)}")
        if not actual.version or actual.version == "(devel)" or not folder.is_dir():
            reason = message("comparison.no-source", module=actual.path, version=actual.version or "(devel)")
            self.not_known[name] = reason
            return
        inside = path.removeprefix(module.path).lstrip("/")
        self._ask([name], ["-find", "--", f"./{inside}"], folder)

    def _ask(self, names: list[str], arguments: list[str], folder: Path) -> None:
        listed = self._list(arguments, folder)
        if isinstance(listed, Unknown):
            reason = message("comparison.not-listed", source=folder, why=listed.unknown)
            self.not_known |= dict.fromkeys(names, reason)
            return
        for name, package in zip(names, listed, strict=False):
            if package.Error:
                why = package.Error.Err.splitlines()[0] if package.Error.Err else "an error"
                self.not_known[name] = message("comparison.not-listed", source=folder, why=why)
            else:
                self._take(name, package)

    def _take(self, name: str, package: _Package) -> None:
        where = package.Dir
        if where.startswith(self._go.root + "/") and self._info.version != self._go.version:
            where += f" ({self._go.version}; the binary is of {self._info.version})"
        libraries: dict[str, None] = {}
        for file in package.GoFiles:
            for symbol, library in _imports(Path(package.Dir, file)):
                self.imports.setdefault(symbol, library)
                libraries[library] = None
        told = (
            (DirectiveKind.LDFLAGS, package.CgoLDFLAGS),
            (DirectiveKind.PKG_CONFIG, package.CgoPkgConfig),
            (DirectiveKind.IMPORT, tuple(libraries)),
        )
        self.found += [Directive(kind, name, words, where) for kind, words in told if words]

    def _list(self, arguments: list[str], folder: Path) -> tuple[_Package, ...] | Unknown:
        words = ["list", "-e", f"-json={_FIELDS}", *self._flags, *arguments]
        outcome = self._go.run(words, self._environment, _TIME_LIMIT, folder)
        if not outcome.ok and not outcome.stdout.strip():
            said = outcome.stderr.strip().splitlines()
            return Unknown(said[0] if said else outcome.ending)
        try:
            texts = [text + "\n}" for text in outcome.stdout.split("\n}\n") if text.strip()]
            return tuple(msgspec.json.decode(text, type=ready(_Package)) for text in texts)
        except msgspec.MsgspecError as error:
            return Unknown(f"go list said something else than packages: {error}")


def _imports(file: Path) -> list[tuple[str, str]]:
    """Symbol and library of the lines of //go:cgo_import_dynamic that name one."""
    try:
        return _IMPORT.findall(file.read_text("utf-8", "replace"))
    except OSError:
        return []


def _escaped(path: str) -> str:
    """As the module cache writes it: an upper-case letter as "!" and the lower-case one (go help goproxy)."""
    return "".join(f"!{letter.lower()}" if letter.isupper() else letter for letter in path)


def named_libraries(directive: Directive) -> tuple[str, ...]:
    """The libraries that a directive names, for `names_library`."""
    if directive.kind is DirectiveKind.PKG_CONFIG:
        return ()
    if directive.kind is DirectiveKind.IMPORT:
        return tuple(f":{library}" for library in directive.words)
    return _named(directive.words)


def _named(words: Iterable[str]) -> tuple[str, ...]:
    """The libraries that words of a linker's command line name: `m` of `-lm`, `framework Metal`, a file's name."""
    named = []
    rest = iter(
        word for joined in words for word in (joined[4:].split(",") if joined.startswith("-Wl,") else (joined,))
    )
    for word in rest:
        if word in ("-framework", "-weak_framework", "-l"):
            name = next(rest, "")
            named.append(name if word == "-l" else f"framework {name}")
        elif word.startswith("-l"):
            named.append(word[2:])
        elif word.startswith(("-weak-l", "-needed-l")):
            named.append(word.partition("-l")[2])
        elif not word.startswith("-") and PurePosixPath(word).suffix.lower() in (".so", ".dylib", ".dll", ".lib", ".a"):
            named.append(f":{PurePosixPath(word).name}")
    return tuple(named)


def word_for(named: str) -> str:
    """The word of a command line that gives this."""
    if named.startswith("framework "):
        return f"-{named}"
    return named[1:] if named.startswith(":") else f"-l{named}"


def names_library(named: str, library: str) -> bool:
    """Whether what `named_libraries` gave is this library, as the binary names it."""
    file = PurePosixPath(library).name
    if named == f":{library}":
        return True
    if named.startswith("framework "):
        return f"/{named.removeprefix('framework ')}.framework/" in f"/{library}"
    if named.startswith(":"):
        wanted = named[1:].lower()
        return file.lower() == wanted or file.lower().startswith(f"{wanted}.")
    if file.lower().endswith(".dll"):
        return file.lower().removesuffix(".dll") in (named.lower(), f"lib{named.lower()}")
    if file.endswith(".dylib"):
        stem = file.removesuffix(".dylib").removeprefix("lib")
        return stem == named or stem.startswith(f"{named}.")
    return file.startswith((f"lib{named}.so", f"lib{named}-")) and ".so" in file

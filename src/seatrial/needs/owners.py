"""Who a function belongs to: its package by its name, the module by the build information."""

import msgspec

from seatrial.model.binary import BinaryFacts, GoBuildInfo, Module
from seatrial.model.needs import Owner
from seatrial.tables.c_functions import origin_of

__all__ = ["Owners", "Place"]

_STD = "std"

_OF_FILES = "command-line-arguments"
"""The path of a program that was built from files: it is in no module (cmd/go/internal/load, GoFilesPackage)."""


class Place(msgspec.Struct, frozen=True):
    """A place in the code, as the reader tells of it."""

    pc: int
    function: str
    package: str = ""
    file: str = ""
    line: int = 0
    c: bool = False


class Owners:
    """Finds the owner of a place in one binary."""

    def __init__(self, facts: BinaryFacts) -> None:
        self._go = facts.go if isinstance(facts.go, GoBuildInfo) else None
        found: dict[str, Module] = {}
        if self._go:
            modules = (self._go.main, *self._go.deps)
            found = {module.path: module for module in modules if module and module.path}
        # The longest path that fits is the module's: a module may hold another in a folder.
        self._modules = sorted(found.items(), key=lambda item: len(item[0]), reverse=True)
        self._of_package: dict[str, tuple[str, str]] = {}

    def owner(self, place: Place) -> Owner:
        """The place with its module and version; "" where they are not known."""
        package = place.package or (origin_of(place.function) if place.c else "")
        module, version = self.module(package)
        return Owner(place.function, package, module, version, place.file, place.line, place.pc)

    def module(self, package: str) -> tuple[str, str]:
        """Path and version of the module of a package; `std` with Go's release for the standard library."""
        if package not in self._of_package:
            self._of_package[package] = self._module(package)
        return self._of_package[package]

    def _module(self, package: str) -> tuple[str, str]:
        go = self._go
        if not package or go is None:
            return "", ""
        if package == "main":
            package = go.path
        plain = package.removesuffix("_test")
        for path, module in self._modules:
            if plain == path or plain.startswith(path + "/"):
                stands_in = module.replace or module
                return stands_in.path if module.replace else path, stands_in.version
        # No module path of the outside world begins with a word without a dot (Go modules reference, "Module paths").
        first = package.partition("/")[0]
        if "." not in first and " " not in first and plain != _OF_FILES:
            return _STD, go.version
        return "", ""

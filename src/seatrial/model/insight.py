"""What the code and the Go metadata of a binary tell, beyond its containers. Made by `seatrial.formats.deep`."""

from typing import TypeVar

import msgspec

from seatrial.model.absence import Unknown

__all__ = ["Deep", "FunctionFacts", "GoFunction", "PackageFunctions"]

T = TypeVar("T")


class Deep(msgspec.Struct, frozen=True):
    """The parts of a reader's answer by the want's name, still as JSON."""

    parts: dict[str, msgspec.Raw] | Unknown

    def part(self, name: str, kind: type[T]) -> T | Unknown:
        """The answer to one want. Raises KeyError for a want that was not asked, ValidationError for another kind."""
        if isinstance(self.parts, Unknown):
            return self.parts
        raw = self.parts[name]
        return Unknown(reason) if (reason := _reason(raw)) else msgspec.json.decode(raw, type=kind)


class _Unknown(msgspec.Struct):
    unknown: str = ""


def _reason(raw: msgspec.Raw) -> str:
    """Why a part is unknown; "" for facts."""
    return msgspec.json.decode(raw, type=_Unknown).unknown if bytes(memoryview(raw)[:12]).startswith(b'{"unknown":') else ""


class PackageFunctions(msgspec.Struct, frozen=True):
    """What a package has in the binary."""

    functions: int
    assembly: int
    """Those of them that are written in assembly language."""
    bytes: int


class GoFunction(msgspec.Struct, frozen=True):
    """A function as pclntab tells of it, stripped or not."""

    name: str
    package: str
    """Import path; "" for what the linker made."""
    file: str
    line: int
    """Where it starts; 0 for not known."""
    entry: int
    end: int
    assembly: bool = False


class FunctionFacts(msgspec.Struct, frozen=True):
    """The answer to the want `functions`."""

    count: int
    packages: dict[str, PackageFunctions]
    outside: int
    """Functions of C and of the linker, outside Go's text."""
    all: tuple[GoFunction, ...] = ()

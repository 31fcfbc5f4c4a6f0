"""What a binary asks of the CPU by its instructions: which function, and whether the CPU is asked before."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec

from seatrial.errors import UsageError
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, GoBuildInfo
from seatrial.model.finding import Evidence
from seatrial.model.go_target import VARIANT_AXES
from seatrial.model.insight import Deep
from seatrial.model.message import Message
from seatrial.model.needs import NOT_READ, Cause, FeatureUse, Owner, Reason, Standing
from seatrial.model.states import Confidence
from seatrial.needs.libc import some_names
from seatrial.needs.owners import Owners, Place
from seatrial.tables.dispatch import base_features, followed_architectures, guarded_functions
from seatrial.tables.instruction_sets import levels, required_features
from seatrial.tables.messages import message

__all__ = ["feature_uses", "instruction_reasons", "instruction_set_wants"]

_ISA = "isa"


class _Way(msgspec.Struct, frozen=True):
    function: str
    package: str


class _Use(msgspec.Struct, frozen=True):
    feature: str
    function: str
    package: str
    file: str
    line: int
    c: bool
    count: int
    first: int
    standing: str
    why: str
    guard: str
    way: tuple[_Way, ...]


class _Answer(msgspec.Struct, frozen=True):
    uses: tuple[_Use, ...]


_STANDINGS = {
    "guarded": Standing.GUARDED,
    "chosen": Standing.CHOSEN,
    "perhaps": Standing.PERHAPS,
    "unguarded": Standing.UNGUARDED,
}


def instruction_set_wants(facts: BinaryFacts) -> dict[str, Any]:
    """The want to ask the reader for, with what it must know; empty for an architecture whose code is not followed."""
    if not isinstance(facts.goarch, str) or facts.goarch not in followed_architectures():
        return {}
    everything = isinstance(facts.go, GoBuildInfo) and "simd" in facts.go.settings.get("GOEXPERIMENT", "").split(",")
    base = sorted(_base(facts, facts.goarch))
    return {_ISA: {"base": base, "everything": everything, "known": guarded_functions(facts.goarch)}}


def _base(facts: BinaryFacts, goarch: str) -> frozenset[str]:
    """What the compiler was allowed to use anyhow: that reason is told from the build setting."""
    told = levels(goarch)
    features = base_features(goarch) | (told[0].features if told else frozenset())
    axis = VARIANT_AXES.get(goarch, "")
    if isinstance(facts.go, GoBuildInfo) and axis in facts.go.settings:
        with suppress(UsageError):  # a value that is not known is told as such elsewhere
            features |= required_features(goarch, facts.go.settings[axis])
    return features


def feature_uses(facts: BinaryFacts, deep: Deep) -> tuple[FeatureUse, ...] | Unknown:
    """Every function with instructions beyond the base of the port, once for each feature."""
    if isinstance(deep.parts, Unknown):
        return deep.parts
    if _ISA not in deep.parts:
        return NOT_READ
    answer = deep.part(_ISA, _Answer)
    if isinstance(answer, Unknown):
        return answer
    owners = Owners(facts)
    return tuple(_feature_use(use, owners) for use in answer.uses)


def _feature_use(use: _Use, owners: Owners) -> FeatureUse:
    place = Place(use.first, use.function, use.package, use.file, use.line, use.c)
    return FeatureUse(
        use.feature,
        owners.owner(place),
        use.c,
        use.count,
        _STANDINGS[use.standing],
        message(f"needs.{use.standing}-{use.why}", guard=use.guard or "-"),
        tuple(owners.owner(Place(0, way.function, way.package)) for way in use.way),
    )


def instruction_reasons(uses: tuple[FeatureUse, ...] | Unknown) -> Iterator[Reason | Message]:
    """One reason for each package with unguarded instructions, and one for each whose guards are not understood.

    The first is `likely`: the place is in the program, and whether it is reached is not known. The second `possible`.
    """
    if isinstance(uses, Unknown):
        if uses != NOT_READ:
            yield message("needs.unread-instructions", why=uses.unknown)
        return
    for standing, confidence in ((Standing.UNGUARDED, Confidence.LIKELY), (Standing.PERHAPS, Confidence.POSSIBLE)):
        packages: defaultdict[str, list[FeatureUse]] = defaultdict(list)
        for use in uses:
            if use.standing is standing:
                packages[use.owner.package].append(use)
        for package, found in packages.items():
            yield _reason(package, found, confidence)


def _reason(package: str, uses: list[FeatureUse], confidence: Confidence) -> Reason:
    owners = tuple(dict.fromkeys(_without_address(use.owner) for use in uses))
    features = sorted({use.feature for use in uses})
    functions = some_names([owner.function for owner in owners])
    id_ = "needs.unguarded" if confidence is Confidence.LIKELY else "needs.perhaps"
    return Reason(
        Cause.INSTRUCTIONS,
        " ".join(features),
        package or functions,
        message(id_, features=", ".join(features), functions=functions),
        confidence,
        "the program's own instructions",
        title=", ".join(features),
        evidence=tuple(
            Evidence(use.feature, _told(use), f"{use.owner.function} at {use.owner.address:#x}") for use in uses
        ),
        owners=owners,
    )


def _without_address(owner: Owner) -> Owner:
    """The function itself: its uses of several features begin at several instructions."""
    return msgspec.structs.replace(owner, address=0)


def _told(use: FeatureUse) -> str:
    way = " <- ".join(owner.function for owner in use.way)
    return f"{use.count} instructions, {use.standing.value}" + (f": called by {way}" if way else "")

"""`seatrial inspect`: C objects in a binary, and relocations that ask something of the loader, with their owners."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from seatrial.cli.inspect_owners import SHOWN, Lines, near, owner_words, way_lines
from seatrial.errors import CouldNotCheck, UsageError
from seatrial.model.absence import Unknown
from seatrial.model.needs import NOT_READ, CObject, Needs, Owner, RelocationKind, RelocationNeed
from seatrial.needs import asking

__all__ = ["OBJECT", "RELOCATION", "embedded_rows", "why_object", "why_relocation"]

OBJECT, RELOCATION = "object:", "relocation:"
_NAMES = 6
_GROUPS = 4


def why_relocation(needs: Needs, asked: str) -> Lines:
    """Who depends on the relocations of a kind, or on those of a symbol.

    Raises UsageError for what the file does not have; CouldNotCheck where they could not be read.
    """
    if isinstance(needs.relocations, Unknown):
        raise CouldNotCheck(f"The relocations could not be read: {needs.relocations.unknown.removesuffix('.')}.")
    found = [one for one in needs.relocations if asked in (one.kind, one.symbol)]
    if not found:
        kinds = list(dict.fromkeys(str(one.kind) for one in needs.relocations))
        raise UsageError(
            f"The file has no relocations {asked!r} of the kinds that are told apart.",
            f"It has: {', '.join(RELOCATION + kind for kind in kinds)}."
            if kinds
            else f"The kinds are {', '.join(RelocationKind)}.",
        )
    for one in found:
        yield 0, _headline(one)
        yield 1, one.message.text
        for user in one.users[:SHOWN]:
            yield 1, f"{owner_words(user.owner)}{' (C)' if user.is_c else ''}"
            yield from ((depth + 1, line) for depth, line in way_lines(user.ways, user.owner.function))
        if len(one.users) > SHOWN:
            yield 1, f"and {len(one.users) - SHOWN} more functions"
        if one.in_data:
            yield 1, f"no function was seen to use {_places(one.in_data)}"


def _headline(one: RelocationNeed) -> str:
    name = f"{one.kind} {one.symbol}".rstrip()
    where = f" in {', '.join(one.sections)}" if one.sections else ""
    return f"{name}: {_places(one.places)}{where}" if one.places else name


def _places(count: int) -> str:
    return f"{count:,} place{'s' if count != 1 else ''}"


def why_object(needs: Needs, asked: str) -> Lines:
    """Whose a C object is, and which Go functions lead to it. `asked` is its source file, with or without a folder.

    Raises UsageError for what the file does not have; CouldNotCheck where it could not be read.
    """
    if isinstance(needs.c_objects, Unknown):
        raise CouldNotCheck(f"The C objects could not be read: {needs.c_objects.unknown.removesuffix('.')}.")
    objects = needs.c_objects.objects
    found = [one for one in objects if asked in (one.name, _file(one), f"{one.folder}/{one.name}")]
    if not found:
        names = list(dict.fromkeys(map(_file, objects)))
        raise UsageError(
            f"The file names no C object {asked!r}.",
            near(asked, names, OBJECT)
            or (f"It names {len(names)}; --json lists them." if names else "It names none: see the page of it."),
        )
    for one in found:
        yield 0, f"{_file(one)}: {_count(one.functions, 'function')}, {one.size:,} bytes"
        yield 1, f"of {_belongs(one.owner)}" if one.owner.package else "of no Go package that could be told"
        if one.folder:
            yield 1, f"compiled in {one.folder}"
        if one.producer:
            yield 1, f"by {one.producer}"
        yield 1, f"told by the {one.source}"
        yield from way_lines(one.ways)
        if not one.ways:
            yield 1, "no Go function was seen to lead there"


def _file(one: CObject) -> str:
    return one.name.replace("\\", "/").rpartition("/")[2]


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"


def _belongs(owner: Owner) -> str:
    module = " ".join(part for part in (owner.module, owner.version) if part)
    return f"{owner.package} ({module})" if module and owner.module != owner.package else owner.package


def embedded_rows(needs: Needs) -> Iterator[tuple[str, str]]:
    """Rows of label and value: the C objects by package, who compiled them, and the relocations of interest."""
    told = needs.c_objects
    if isinstance(told, Unknown):
        yield "objects", "" if told == NOT_READ else f"unknown: {told.unknown}"
    else:
        for index, (owner, names) in enumerate(_by_owner(told.objects)):
            yield "objects" if index == 0 else "", f"{owner}: {_some(names)}"
        if told.unnamed:
            yield "not named", f"{_count(told.unnamed, 'function')} of C in use, of no object that the file names"
        yield "compiled by", _some(list(told.compilers)) if told.objects or told.unnamed else ""
    relocations = () if isinstance(needs.relocations, Unknown) else needs.relocations
    by_kind: defaultdict[RelocationKind, list[RelocationNeed]] = defaultdict(list)
    for relocation in relocations:
        by_kind[relocation.kind].append(relocation)
    for index, (kind, found) in enumerate(by_kind.items()):
        yield "relocations" if index == 0 else "", _relocations(kind, found)


def _by_owner(objects: tuple[CObject, ...]) -> Iterator[tuple[str, list[str]]]:
    """The files by package; those of none by who uses them, or all together where they have many users."""
    owned: defaultdict[str, dict[str, None]] = defaultdict(dict)
    others: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for one in objects:
        if one.owner.package:
            owned[_belongs(one.owner)][_file(one)] = None
        else:
            others[_packages(way.owner for way in one.ways)][_file(one)] = None
    for owner, names in sorted(owned.items()):
        yield owner, list(names)
    if len(others) > _GROUPS:
        others = defaultdict(dict, {"": {name: None for names in others.values() for name in names}})
    for users, names in sorted(others.items()):
        yield "of no Go package" + (f", used by {users}" if users else ""), list(names)


def _relocations(kind: RelocationKind, found: list[RelocationNeed]) -> str:
    symbols = _some([one.symbol for one in found if one.symbol])
    places = sum(one.places for one in found)
    users = _packages(owner for one in found for owner in asking(one.users))
    words = [f"{kind}: {_places(places)}" if places else str(kind), symbols, f"used by {users}" if users else ""]
    return "; ".join(word for word in words if word)


def _packages(owners: Iterable[Owner]) -> str:
    """The packages; the functions where none of them has one."""
    found = list(owners)
    return _some(
        list(dict.fromkeys([owner.package for owner in found if owner.package] or [one.function for one in found]))
    )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more

"""`seatrial inspect`: C objects in a binary, and relocations that ask something of the loader, with their owners."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from seatrial.cli.inspect_owners import SHOWN, Lines, near, owner_words, way_lines
from seatrial.cli.inspect_words import Words
from seatrial.errors import CouldNotCheck, UsageError
from seatrial.model.absence import Unknown
from seatrial.model.needs import NOT_READ, CObject, Needs, Owner, RelocationKind, RelocationNeed
from seatrial.needs import asking

__all__ = ["OBJECT", "RELOCATION", "embedded_rows", "why_object", "why_relocation"]

OBJECT, RELOCATION = "object:", "relocation:"
_NAMES = 6
_GROUPS = 4


def why_relocation(needs: Needs, asked: str, words: Words) -> Lines:
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
        yield 0, _headline(one, words)
        yield 1, words.message(one.message)
        for user in one.users[:SHOWN]:
            function = owner_words(user.owner)
            yield 1, words("is-c", function=function) if user.is_c else function
            yield from ((depth + 1, line) for depth, line in way_lines(user.ways, words, user.owner.function))
        if len(one.users) > SHOWN:
            yield 1, words.counted("more-functions", len(one.users) - SHOWN)
        if one.in_data:
            yield 1, words("not-used", places=words.counted("place", one.in_data))


def _headline(one: RelocationNeed, words: Words) -> str:
    name = f"{one.kind} {one.symbol}".rstrip()
    if not one.places:
        return name
    places = words.counted("place", one.places)
    if one.sections:
        places = words("in-sections", places=places, sections=", ".join(one.sections))
    return words("value", what=name, value=places)


def why_object(needs: Needs, asked: str, words: Words) -> Lines:
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
        functions = words.counted("function", one.functions)
        yield 0, words("object", file=_file(one), functions=functions, size=f"{one.size:,}")
        owner = _belongs(one.owner)
        yield 1, words("of", package=owner) if owner else words("of-no-package-known")
        if one.folder:
            yield 1, words("compiled-in", folder=one.folder)
        if one.producer:
            yield 1, words("by", compiler=one.producer)
        yield 1, words("told-by-symbols" if one.source == "symbol table" else "told-by-debug")
        yield from way_lines(one.ways, words)
        if not one.ways:
            yield 1, words("no-go-leads")


def _file(one: CObject) -> str:
    return one.name.replace("\\", "/").rpartition("/")[2]


def _belongs(owner: Owner) -> str:
    module = " ".join(part for part in (owner.module, owner.version) if part)
    return f"{owner.package} ({module})" if module and owner.module != owner.package else owner.package


def embedded_rows(needs: Needs, words: Words) -> Iterator[tuple[str, str]]:
    """Rows of label and value: the C objects by package, who compiled them, and the relocations of interest."""
    told = needs.c_objects
    if isinstance(told, Unknown):
        yield words("objects"), "" if told == NOT_READ else words("unknown-why", why=told.unknown)
    else:
        for index, (owner, names) in enumerate(_by_owner(told.objects, words)):
            yield words("objects") if index == 0 else "", words("value", what=owner, value=words.some(names, _NAMES))
        if told.unnamed:
            functions = words.counted("function", told.unnamed)
            yield words("not-named"), words("not-named-told", functions=functions)
        yield words("compiled-by"), words.some(told.compilers, _NAMES) if told.objects or told.unnamed else ""
    relocations = () if isinstance(needs.relocations, Unknown) else needs.relocations
    by_kind: defaultdict[RelocationKind, list[RelocationNeed]] = defaultdict(list)
    for relocation in relocations:
        by_kind[relocation.kind].append(relocation)
    for index, (kind, found) in enumerate(by_kind.items()):
        yield words("relocations") if index == 0 else "", _relocations(kind, found, words)


def _by_owner(objects: tuple[CObject, ...], words: Words) -> Iterator[tuple[str, list[str]]]:
    """The files by package; those of none by who uses them, or all together where they have many users."""
    owned: defaultdict[str, dict[str, None]] = defaultdict(dict)
    others: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for one in objects:
        if one.owner.package:
            owned[_belongs(one.owner)][_file(one)] = None
        else:
            others[_packages((way.owner for way in one.ways), words)][_file(one)] = None
    for owner, names in sorted(owned.items()):
        yield owner, list(names)
    if len(others) > _GROUPS:
        others = defaultdict(dict, {"": {name: None for names in others.values() for name in names}})
    for users, names in sorted(others.items()):
        yield words("of-no-package-used", users=users) if users else words("of-no-package"), list(names)


def _relocations(kind: RelocationKind, found: list[RelocationNeed], words: Words) -> str:
    symbols = words.some([one.symbol for one in found if one.symbol], _NAMES)
    places = sum(one.places for one in found)
    users = _packages((owner for one in found for owner in asking(one.users)), words)
    counted = words("value", what=kind, value=words.counted("place", places)) if places else str(kind)
    return "; ".join(part for part in (counted, symbols, words("used-by", users=users) if users else "") if part)


def _packages(owners: Iterable[Owner], words: Words) -> str:
    """The packages; the functions where none of them has one."""
    found = list(owners)
    names = [owner.package for owner in found if owner.package] or [one.function for one in found]
    return words.some(list(dict.fromkeys(names)), _NAMES)

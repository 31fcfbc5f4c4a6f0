"""Reasons with those who ask: symbol versions and imports with the packages whose code uses the symbols."""

from collections.abc import Iterable

import msgspec

from seatrial.model.absence import Unknown
from seatrial.model.needs import Cause, Floor, Owner, Reason, SymbolNeed, User

__all__ = ["asking", "attributed", "used_by"]

_SHOWN = 4
"""Packages named behind a symbol; the owners of the reason are all of them."""


def attributed(floors: tuple[Floor, ...], symbols: tuple[SymbolNeed, ...] | Unknown) -> tuple[Floor, ...]:
    """The floors, their reasons that rest on imported symbols with the functions that use those."""
    if isinstance(symbols, Unknown):
        return floors
    by_name = {(symbol.name, symbol.version): symbol for symbol in symbols}
    return tuple(
        msgspec.structs.replace(floor, reasons=tuple(_reason(reason, by_name) for reason in floor.reasons))
        for floor in floors
    )


def asking(found: Iterable[User]) -> tuple[Owner, ...]:
    """Who uses something: the Go functions that lead to its users, and those users that none is seen to lead to."""
    owners: dict[Owner, None] = {}
    for user in found:
        owners |= dict.fromkeys((way.owner for way in user.ways) if user.ways else (user.owner,))
    return tuple(owners)


def _reason(reason: Reason, by_name: dict[tuple[str, str], SymbolNeed]) -> Reason:
    if reason.cause not in (Cause.SYMBOL, Cause.PRIVATE, Cause.IMPORT):
        return reason
    owners: dict[Owner, None] = {}
    evidence = []
    for one in reason.evidence:
        name, _, version = one.value.removesuffix(" (weak)").rpartition("!")[2].partition("@")
        symbol = by_name.get((name, version))
        users = asking(symbol.users) if symbol else ()
        owners |= dict.fromkeys(users)
        evidence.append(msgspec.structs.replace(one, where=used_by(one.where, users)))
    return msgspec.structs.replace(reason, evidence=tuple(evidence), owners=tuple(owners))


def used_by(where: str, users: Iterable[Owner]) -> str:
    """The place of evidence, and the packages that ask, by name."""
    packages = list(dict.fromkeys(owner.package or owner.function for owner in users))
    more = f" and {len(packages) - _SHOWN} more" if len(packages) > _SHOWN else ""
    by = f"used by {', '.join(packages[:_SHOWN])}{more}" if packages else ""
    return "; ".join(part for part in (where, by) if part)

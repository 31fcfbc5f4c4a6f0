"""What a binary asks of the C library: its family, symbol versions, relocations that only newer loaders know."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, Linkage, NeededSymbol
from seatrial.model.finding import Evidence
from seatrial.model.message import Message
from seatrial.model.needs import Cause, Reason
from seatrial.model.platform import Certainty
from seatrial.model.states import Confidence
from seatrial.tables.libc_features import missing_in_musl, relr_since
from seatrial.tables.messages import message

__all__ = ["asked_libc", "glibc_reasons", "musl_reasons", "some_names", "unread"]

_GLIBC_VERSION = re.compile(r"GLIBC_(\d{1,4}(?:\.\d{1,4}){1,3})$")
_PRIVATE = "GLIBC_PRIVATE"
_SHOWN = 4
"""Symbols named in the sentence itself; all of them are in the evidence."""


def asked_libc(facts: BinaryFacts) -> str:
    """The family of C library that must be on the system: `glibc`, `musl`, or "" (static, or none can be told)."""
    if facts.linkage is not Linkage.DYNAMIC:
        return ""
    name = PurePosixPath(facts.interpreter).name
    if name.startswith("ld-musl-"):
        return "musl"
    if name.startswith(("ld-linux", "ld64.so", "ld.so")):
        return "glibc"
    return facts.libc


def some_names(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = f", +{len(names) - _SHOWN}" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def unread(facts: BinaryFacts) -> Iterator[Message]:
    """What of a dynamic binary could not be read, so that its C library floor may be higher."""
    if isinstance(facts.imports, Unknown):
        yield message("needs.unread-imports", why=facts.imports.unknown)
    if isinstance(facts.relocations, Unknown):
        yield message("needs.unread-relocations", why=facts.relocations.unknown)


def glibc_reasons(facts: BinaryFacts) -> Iterator[Reason]:
    """One reason for each version of GLIBC_x that is imported, one for private symbols, and one for DT_RELR.

    A weak version, of weak symbols only, is `possible`: the program loads without it. For any other the loader looks
    before the program starts, also where all symbols of it are weak (glibc elf/dl-version.c, match_symbol).
    """
    by_version: dict[str, list[NeededSymbol]] = defaultdict(list)
    imports = () if isinstance(facts.imports, Unknown) else facts.imports
    for symbol in imports:
        version = _GLIBC_VERSION.match(symbol.version)
        if version:
            by_version[version[1]].append(symbol)
    for version_number, symbols in by_version.items():
        yield _version_reason(version_number, sorted(symbols, key=lambda symbol: symbol.name))
    private = [symbol for symbol in imports if symbol.version == _PRIVATE]
    if private:
        yield _private_reason(private)
    yield from _relr(facts, "glibc")


def _version_reason(version: str, symbols: list[NeededSymbol]) -> Reason:
    libraries = ", ".join(sorted({symbol.library for symbol in symbols if symbol.library})) or "libc.so.6"
    weak = all(symbol.weak and symbol.weak_version for symbol in symbols)
    return Reason(
        Cause.SYMBOL,
        version,
        f"GLIBC_{version}",
        message(
            "needs.symbols-weak" if weak else "needs.symbols",
            symbols=some_names([symbol.name for symbol in symbols]),
            libraries=libraries,
            version=f"GLIBC_{version}",
        ),
        Confidence.POSSIBLE if weak else Confidence.CERTAIN,
        ".gnu.version_r",
        evidence=tuple(
            Evidence("symbol", f"{symbol.name}@{symbol.version}{' (weak)' if symbol.weak else ''}", symbol.library)
            for symbol in symbols
        ),
    )


def _private_reason(symbols: list[NeededSymbol]) -> Reason:
    names = ", ".join(sorted(symbol.name for symbol in symbols))
    return Reason(
        Cause.PRIVATE,
        "",
        names,
        message("needs.private-symbols", symbols=names),
        Confidence.CERTAIN,
        ".gnu.version_r",
        evidence=tuple(Evidence("symbol", f"{symbol.name}@{_PRIVATE}", symbol.library) for symbol in symbols),
    )


def musl_reasons(facts: BinaryFacts) -> Iterator[Reason]:
    """Symbols that musl lacks or got with a later release, and DT_RELR. musl has no symbol versions to say more."""
    for symbol in () if isinstance(facts.imports, Unknown) else facts.imports:
        gap = missing_in_musl(symbol.name)
        if gap is not None and not symbol.weak:
            id_ = "needs.musl-symbol" if gap.since else "needs.musl-lacks"
            yield Reason(
                Cause.SYMBOL,
                gap.since,
                symbol.name,
                message(id_, symbol=symbol.name, since=gap.since, why=gap.why),
                Confidence.CERTAIN,
                gap.source,
                Certainty.DOCUMENTED,
                evidence=(Evidence("symbol", symbol.name, ".dynsym"),),
                never=not gap.since,
            )
    yield from _relr(facts, "musl")


def _relr(facts: BinaryFacts, family: str) -> Iterator[Reason]:
    since = relr_since(family)
    if since and not isinstance(facts.relocations, Unknown) and facts.relocations.relr:
        yield Reason(
            Cause.RELOCATIONS,
            since,
            "DT_RELR",
            message("needs.relr", family=family, since=since),
            Confidence.CERTAIN,
            "release notes of the C library",
            evidence=(Evidence("dynamic tag", "DT_RELR", ".dynamic"),),
        )

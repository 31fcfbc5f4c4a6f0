"""Imported and exported symbols, collected within bounds."""

from typing import NamedTuple

from seatrial.formats.window import Malformed
from seatrial.model.binary import NeededSymbol

__all__ = ["SYMBOL_LIMIT", "Collected", "Symbols"]

SYMBOL_LIMIT = 1_000_000
"""Entries of one symbol table that are looked at."""

_KEPT_LIMIT = 250_000
"""Symbols that are kept; the largest libraries known export some 100,000."""


class Symbols(NamedTuple):
    imports: tuple[NeededSymbol, ...] = ()
    exports: tuple[str, ...] = ()


class Collected:
    """Symbols in the order in which they are met, each once."""

    def __init__(self) -> None:
        self._imports: dict[NeededSymbol, None] = {}
        self._exports: dict[str, None] = {}

    def add_import(self, symbol: NeededSymbol) -> None:
        """Keep an import. Raises Malformed where there are too many."""
        self._imports[symbol] = None
        self._check()

    def add_export(self, name: str) -> None:
        """Keep an export. Raises Malformed where there are too many."""
        self._exports[name] = None
        self._check()

    def _check(self) -> None:
        if len(self._imports) + len(self._exports) > _KEPT_LIMIT:
            raise Malformed(f"there are more than the {_KEPT_LIMIT} imported and exported symbols that are kept")

    @property
    def symbols(self) -> Symbols:
        return Symbols(tuple(self._imports), tuple(self._exports))

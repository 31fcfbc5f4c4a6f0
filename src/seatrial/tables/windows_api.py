"""DLLs and functions that came with a release of Windows newer than the oldest that Go supports."""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready

__all__ = ["ApiSince", "api_since"]


class ApiSince(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dll: str
    """Lower case."""
    function: str
    """"" when the whole DLL is new."""
    since: str
    """NT version, "10.0.17763"."""
    source: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    since: tuple[ApiSince, ...]


@cache
def _rows() -> dict[tuple[str, str], ApiSince]:
    table = msgspec.toml.decode(Path(__file__).with_name("windows_api.toml").read_bytes(), type=ready(_Table))
    return {(row.dll, row.function): row for row in table.since}


def api_since(dll: str, function: str = "") -> ApiSince | None:
    """The row of a function, or of a whole DLL; None for what every supported Windows has, or is not in the table."""
    return _rows().get((dll.lower(), function))

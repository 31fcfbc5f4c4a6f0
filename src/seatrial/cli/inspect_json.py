"""The JSON that `seatrial inspect` writes: a schema, the tool, and what was found."""

from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from seatrial import __version__
from seatrial.store import write_atomically

__all__ = ["written"]


def written(schema: str, found: Mapping[str, object], json_to: str | None) -> bool:
    """Write it where it was asked for, `-` for stdout; whether nothing else is to be printed."""
    if json_to is None:
        return False
    document = {"schema": schema, "tool": {"version": __version__}, **found}
    data = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    if json_to == "-":
        click.echo(data, nl=False)
        return True
    write_atomically(Path(json_to), data)
    return False

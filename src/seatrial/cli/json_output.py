"""The JSON that a verb writes where `--json` asks for it."""

import errno
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from seatrial import __version__
from seatrial.errors import CouldNotCheck, UsageError
from seatrial.store import write_atomically

__all__ = ["write_json", "written"]


def write_json(where: str, document: object) -> None:
    """Write a document to a file, `-` for stdout.

    Raises UsageError for a file that cannot be written, CouldNotCheck for a full disk.
    """
    data = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    if where == "-":
        click.echo(data, nl=False)
        return
    try:
        write_atomically(Path(where), data)
    except CouldNotCheck as error:
        cause = error.__cause__
        if not isinstance(cause, OSError) or cause.errno in (errno.ENOSPC, errno.EDQUOT):
            raise CouldNotCheck(error.message, "Free some space, or name another place.") from error
        why = cause.strerror or cause
        raise UsageError(f"{where} cannot be written: {why}.", "Name a file that can be written, or -.") from error


def written(schema: str, found: Mapping[str, object], where: str | None) -> bool:
    """Write what was found with its schema and the tool, where it was asked for; whether stdout has it now."""
    if where is None:
        return False
    write_json(where, {"schema": schema, "tool": {"version": __version__}, **found})
    return where == "-"

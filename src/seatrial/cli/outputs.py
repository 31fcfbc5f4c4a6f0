"""The reports that a verb is to write: looked at before the work that they shall tell of, each written after it."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from seatrial.errors import CouldNotCheck, UsageError

__all__ = ["check_outputs", "tell_lost", "write_outputs"]


def check_outputs(paths: Mapping[str, str]) -> None:
    """Raise UsageError for what cannot be written. `paths`: by the option's name without dashes; `-` is stdout."""
    for name, path in paths.items():
        if path == "-":
            continue
        try:
            _check(f"--{name} {path}", Path(path))
        except OSError as error:
            raise UsageError(f"--{name} {path}: {error.strerror}.", "Name another place.") from error
    if list(paths.values()).count("-") > 1:
        raise UsageError("Only one report can go to stdout.", "Give the others a file name.")


def _check(what: str, path: Path) -> None:
    if path.is_dir():
        raise UsageError(f"{what}: this is a directory.", "Name a file.")
    if path.exists() and not path.is_file():
        return  # /dev/null, a pipe: written to where it is
    folder = Path(os.path.realpath(path)).parent
    while not os.path.lexists(folder):
        folder = folder.parent
    if not folder.is_dir():
        raise UsageError(f"{what}: {folder} is no directory.", "Name another place.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"{what}: {folder} cannot be written to.", "Name another place.")


def write_outputs(
    paths: Mapping[str, str], render: Callable[[str], bytes], remedy: str = ""
) -> tuple[list[Path], list[CouldNotCheck]]:
    """Write what `render` makes of each option's name, files before stdout. Returns the files, and what was lost.

    A report that cannot be written stops no other; `remedy` goes on from "Name another place for --html".
    """
    from seatrial.store import write_atomically

    written: list[Path] = []
    lost: list[CouldNotCheck] = []
    for name, path in sorted(paths.items(), key=lambda item: item[1] == "-"):
        if path == "-":
            try:
                sys.stdout.buffer.write(render(name))
                sys.stdout.buffer.flush()
            except OSError:
                tell_lost(lost, 3)
                raise
            continue
        try:
            write_atomically(Path(path), render(name))
        except CouldNotCheck as error:
            lost.append(CouldNotCheck(error.message, f"Name another place for --{name}{remedy}."))
        else:
            written.append(Path(path))
    return written, lost


def tell_lost(lost: list[CouldNotCheck], code: int) -> int:
    """Tell which reports were lost. Returns the exit code, of which the result's own was `code`: 1 beats 3."""
    for error in lost:
        click.echo(f"seatrial: {error}", err=True)
    return 3 if lost and code != 1 else code

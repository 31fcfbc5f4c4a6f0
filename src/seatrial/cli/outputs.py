"""The files that a verb is to write, looked at before the work that they shall tell of."""

import os
from collections.abc import Mapping
from pathlib import Path

from seatrial.errors import UsageError

__all__ = ["check_outputs"]


def check_outputs(paths: Mapping[str, str]) -> None:
    """Raise UsageError for what cannot be written. `paths`: by the option's name without dashes; `-` is stdout."""
    for name, path in paths.items():
        if path == "-":
            continue
        if Path(path).is_dir():
            raise UsageError(f"--{name} {path}: this is a directory.", "Name a file.")
        folder = Path(path).absolute().parent
        while not os.path.lexists(folder):
            folder = folder.parent
        if not folder.is_dir():
            raise UsageError(f"--{name} {path}: {folder} is no directory.", "Name another place.")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UsageError(f"--{name} {path}: {folder} cannot be written to.", "Name another place.")
    if list(paths.values()).count("-") > 1:
        raise UsageError("Only one report can go to stdout.", "Give the others a file name.")

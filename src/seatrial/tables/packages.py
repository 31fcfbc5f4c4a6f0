"""Which distribution package gives what (`packages.toml`)."""

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready

__all__ = ["PackageRow", "packages"]


class PackageRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One package of a Debian suite."""

    title: str
    """What it is to us, for people."""
    package: str
    suite: str
    source: str
    newer: str = ""
    """Another suite, with a newer release of it; "" where none is wanted."""
    version: str = ""
    """The upstream version in `suite`, where the choice between the two hangs on it."""
    architecture: str = "host"
    """Debian's name of the architecture; `host` for this machine's own, and for packages that are for all."""
    follow: tuple[str, ...] = ()
    """From `package` to what is meant, dependency by dependency (`fnmatch`): kernels have a version in their name."""
    also: tuple[str, ...] = ()
    """More packages of the suite, unpacked into the same directory. One with a `*` is found beside the last of
    `follow`, among what the same package depends on."""
    keep: tuple[str, ...] = ("*",)
    """Patterns of the files that are wanted (`fnmatch`, without a leading slash)."""
    drop: tuple[str, ...] = ()
    """Patterns of those among them that are not."""


@cache
def packages() -> dict[str, PackageRow]:
    """The rows by their name."""
    data = tomllib.loads((Path(__file__).parent / "packages.toml").read_text())
    return msgspec.convert(data, ready(dict[str, PackageRow]))

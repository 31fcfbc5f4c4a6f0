"""Small shell scripts that start a program in namespaces of its own, and then become that program.

A launcher gives a program a private binfmt_misc (so that programs that start themselves, or others of their kind, get
the same emulator) and private layers over the host's directories (so that a loader or a library is where the program
looks for it). Nothing is registered or mounted for the rest of the machine. Every step is an exec: the process that
the caller started is the program in the end, so signals, standard streams and the exit status are its own.

Documents: user_namespaces(7), binfmt_misc.rst (private instances since Linux 6.7), overlayfs.rst (since 5.11).
"""

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from seatrial.processes import writing_executable
from seatrial.store import Store, digest

__all__ = ["Launcher", "Layer", "Registration", "Scratch", "environment", "limits", "write_emulator", "write_launcher"]


class Registration(msgspec.Struct, frozen=True):
    """Programs whose header has this magic under this mask are given to an interpreter."""

    name: str
    magic: bytes
    mask: bytes
    interpreter: str
    """A path; it gets the program's path, its argv[0] and its arguments (flag P)."""

    def line(self) -> str:
        """What is written to `register`. Flag F opens the interpreter at once, P keeps argv[0]."""
        magic, mask = ("".join(f"\\x{byte:02x}" for byte in data) for data in (self.magic, self.mask))
        return f"|{self.name}|M|0|{magic}|{mask}|{self.interpreter}|PF"


class Layer(msgspec.Struct, frozen=True):
    """Directories whose files appear in one of the host's too. What several have comes from the host, then in order."""

    over: str
    """The host's directory, not a symbolic link."""
    directories: tuple[str, ...]
    first: bool = False
    """The directories' files stand before the host's own; otherwise they only add what the host lacks."""

    @property
    def lower(self) -> tuple[str, ...]:
        """The overlay's directories; the first that has a file gives it."""
        return (*self.directories, self.over) if self.first else (self.over, *self.directories)


class Scratch(msgspec.Struct, frozen=True):
    """A copy of a directory that a program may write to; gone when its last process has ended."""

    template: str
    variable: str
    """The environment variable that tells the program where the copy is."""


def environment() -> dict[str, str]:
    """What a trial of a launcher needs of our environment."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def write_emulator(store: Store, emulator: str, options: Sequence[str]) -> Path:
    """A script in the order of words of binfmt_misc: path of the program, argv[0], arguments."""
    text = (
        "#!/bin/sh\n# Made by seatrial; called by the kernel (binfmt_misc) and by its launcher.\n"
        f'program=$1 name=$2\nshift 2\nexec {shlex.join([emulator, *options])} -0 "$name" "$program" "$@"\n'
    )
    return _write(store, "emulator", text)


class Launcher(msgspec.Struct, frozen=True):
    """A launcher's scripts."""

    path: Path
    """Put it before a command."""
    namespaces: tuple[str, ...]
    """Words that run a command in the same namespaces, but not through the launcher's emulator."""


def write_launcher(
    store: Store,
    emulator: Path | None = None,
    registrations: Sequence[Registration] = (),
    layers: Sequence[Layer] = (),
    scratch: Scratch | None = None,
    settings: Mapping[str, str] | None = None,
) -> Launcher:
    """A script that runs the command given to it with these registrations and layers, as the caller's own user.

    With `emulator` (of `write_emulator`) the command is given to that. `settings` are added to the environment.
    Raises CouldNotCheck if the store cannot be written.
    """
    unshare = _tool("unshare")
    inside = ["#!/bin/sh", "# Made by seatrial: inside the new namespaces.", "set -e"]
    inside += [_overlay(layer.over, lowerdir=":".join(layer.lower)) for layer in layers]
    if scratch:
        place = store.make("runners", digest("scratch"), lambda _: None)
        upper, work, merged = (str(place / name) for name in ("upper", "work", "merged"))
        inside.append(shlex.join([_tool("mount"), "-t", "tmpfs", "tmpfs", str(place)]))
        inside.append(shlex.join([_tool("mkdir"), upper, work, merged]))
        inside.append(_overlay(merged, lowerdir=scratch.template, upperdir=upper, workdir=work))
        inside.append(f"export {scratch.variable}={shlex.quote(merged)}")
    if registrations:
        mount_point = store.make("runners", digest("binfmt_misc"), lambda _: None)
        register = shlex.quote(str(mount_point / "register"))
        inside.append(shlex.join([_tool("mount"), "-t", "binfmt_misc", "binfmt_misc", str(mount_point)]))
        inside += [f"printf %s {shlex.quote(entry.line())} > {register}" for entry in registrations]
    last = 'exec "$@"'
    if os.getuid() != 0:  # root in the namespace was needed for mounting only
        last = f'exec {unshare} --user --map-user={os.getuid()} --map-group={os.getgid()} -- "$@"'
    inner = _write(store, "inside", "\n".join([*inside, last]) + "\n")
    words = (unshare, "--user", "--map-root-user", "--mount", "--", str(inner))
    command = f'{shlex.quote(str(emulator))} "$1" "$@"' if emulator else '"$@"'
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted((settings or {}).items()))
    outer = f"#!/bin/sh\n# Made by seatrial.\n{exports}exec {shlex.join(words)} {command}\n"
    return Launcher(_write(store, "run", outer), words)


def limits() -> tuple[str, ...]:
    """What a launcher takes away from a program."""
    if os.getuid() != 0:
        return ()
    return ("other user ids and ports below 1024: the program runs in a user namespace of its own",)


def _tool(name: str) -> str:
    """The path, since the program's own PATH may be another one; the bare name fails with a message when it is run."""
    return shutil.which(name) or name


def _overlay(over: str, **options: str) -> str:
    words = ",".join(f"{name}={value}" for name, value in options.items())
    return shlex.join([_tool("mount"), "-t", "overlay", "-o", words, "overlay", over])


def _write(store: Store, name: str, text: str) -> Path:
    def fill(directory: Path) -> None:
        path = directory / name
        with writing_executable():
            path.write_text(text)
        path.chmod(0o755)

    return store.make("runners", digest(name, text), fill) / name

"""A kernel's modules: which ones must be loaded for what is wanted, in order, uncompressed.

Packages have no modules.dep (it is made when they are installed), so dependencies are read from the modules
themselves. Documents: Linux kernel/module/main.c, Documentation/kbuild/modules.rst, kbuild.rst (modules.builtin).
"""

import re
from collections.abc import Iterable
from pathlib import Path

from seatrial.errors import CouldNotCheck
from seatrial.packages import Packages
from seatrial.packages.kernel_image import compression, unpack

__all__ = ["MissingModule", "Tree"]


class MissingModule(Exception):
    """A module that is neither built in nor there; its name is the only argument."""


def _name(file: str) -> str:
    """The kernel's name of a module file: "virtio_rng" of "virtio-rng.ko.xz"."""
    return file.rpartition("/")[2].partition(".ko")[0].replace("-", "_")


class Tree:
    """The modules below some `lib/modules/<version>` directories, taken together."""

    def __init__(self, packages: Packages, directories: Iterable[Path], scratch: Path) -> None:
        """`scratch` is a directory for what an outside program needs to decompress them."""
        self._packages = packages
        self._scratch = scratch
        self._files: dict[str, Path] = {}
        self.builtin: set[str] = set()
        """What the kernel has without a module, as far as its list says."""
        for directory in directories:
            self._files |= {_name(path.name): path for path in directory.rglob("*.ko*")}
            listed = directory / "modules.builtin"
            if listed.is_file():
                self.builtin |= {_name(line) for line in listed.read_text(errors="replace").split()}

    def closure(self, wanted: Iterable[str]) -> dict[str, bytes]:
        """The wanted modules and what they depend on, in the order in which they must be loaded; content by name.

        What is built in is left out. Raises MissingModule, and CouldNotCheck for a file that is no module.
        """
        found: dict[str, bytes] = {}
        for name in wanted:
            self._add(_name(name), found, ())
        return found

    def _add(self, name: str, found: dict[str, bytes], above: tuple[str, ...]) -> None:
        if name in found or name in self.builtin or name in above:
            return
        path = self._files.get(name)
        if path is None:
            raise MissingModule(name)
        data = self._read(path)
        depends = re.search(rb"\0depends=([^\0]*)\0", data)  # a string of the section .modinfo
        if depends is None:
            raise CouldNotCheck(f"{path} is no kernel module.", "Take the modules of the kernel's own package.")
        for other in filter(None, depends[1].decode("ascii", "replace").split(",")):
            self._add(_name(other), found, (*above, name))
        found[name] = data

    def _read(self, path: Path) -> bytes:
        data = path.read_bytes()
        return unpack(self._packages, data, self._scratch) if compression(data) else data

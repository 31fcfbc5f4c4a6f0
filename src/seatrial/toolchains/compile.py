"""Compile a program of our own (probe, canary) for a target: pure Go, with the flags of users' builds.

The flags are the same so that the standard library, compiled once for a target, serves both from GOCACHE.
"""

from pathlib import Path

from seatrial.errors import CouldNotCheck
from seatrial.model.go_target import GoTarget
from seatrial.processes import shell_line
from seatrial.store import Store, digest, file_digest
from seatrial.toolchains.go import GoToolchain

__all__ = ["REPRODUCIBLE_FLAGS", "compile_probe"]

REPRODUCIBLE_FLAGS = ("-trimpath", "-buildvcs=false")
"""Two builds of one source in different directories, by different users, give the same bytes."""

_TIME_LIMIT = 600.0


def compile_probe(go: GoToolchain, source: Path, target: GoTarget, store: Store) -> Path:
    """The executable made from the main package in `source` (a module without dependencies), built once.

    Raises CouldNotCheck with the compiler's last line when it cannot be built.
    """
    try:
        files = sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        content = [[str(path.relative_to(source)), file_digest(path)] for path in files]
    except OSError as error:
        raise CouldNotCheck(f"Cannot read the source of the probe {source.name}: {error}.") from error
    name = source.name + (".exe" if target.goos == "windows" else "")
    key = digest("probe", go.digest, target, content)

    def fill(place: Path) -> None:
        env = target.environment() | {"CGO_ENABLED": "0", "GOWORK": "off"}
        arguments = ("build", *REPRODUCIBLE_FLAGS, "-o", str(place / name), ".")
        outcome = go.run(arguments, env, _TIME_LIMIT, source)
        if not outcome.ok:
            said = (outcome.stderr or outcome.stdout).strip().splitlines()
            raise CouldNotCheck(
                f"Our own program {source.name} cannot be built for {target.name} ({outcome.ending})"
                f"{': ' + said[-1] if said else ''}.",
                f"Try: {shell_line((go.binary, *arguments[:-2], '/dev/null', '.'), env, source)}",
            )

    return store.make("probes", key, fill) / name

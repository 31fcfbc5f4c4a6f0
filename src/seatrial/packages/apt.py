"""A private apt tree for one suite and architecture: own sources, state and cache below the store, no root needed.

Nothing of the host's package system is changed. The mirror, its keyring and how it is reached are the host's own.
Documents: apt.conf(5), apt-get(8).
"""

import fnmatch
import os
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck
from seatrial.packages import sources
from seatrial.processes import Outcome, run

__all__ = ["Candidate", "Tree", "host_mirror"]

_UPDATE_SECONDS = 180.0
_DOWNLOAD_SECONDS = 900.0
_DAY = 24 * 3600.0


class Candidate(msgspec.Struct, frozen=True):
    """The package that a suite has now, as its signed index describes it."""

    name: str
    version: str
    size: int
    """Bytes of the package file."""
    sha256: str


def _environment(config: Path | None = None) -> dict[str, str]:
    kept = ("PATH", "HOME", "TMPDIR", "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy")
    env = {name: value for name, value in os.environ.items() if name in kept or name.lower() in kept}
    env |= {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    return env | ({"APT_CONFIG": str(config)} if config else {})


def host_mirror(etc: Path, codename: str) -> sources.Source:
    """The archive that this host's release is installed from. Raises CouldNotCheck where apt knows none."""
    found: list[sources.Source] = []
    parts = etc / "sources.list.d"
    for path in sorted(parts.glob("*.sources")):
        found += sources.read_deb822(_text(path))
    for path in [etc / "sources.list", *sorted(parts.glob("*.list"))]:
        found += sources.read_one_line(_text(path))
    mirror = sources.mirror(found, codename)
    if mirror is None:
        raise CouldNotCheck(
            f"The package sources in {etc} name no archive for this host's release ({codename or 'unknown'}).",
            "Packages can be fetched on Debian only; install what is missing by hand elsewhere.",
        )
    return mirror


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _last_line(outcome: Outcome) -> str:
    lines = [line for line in outcome.stderr.splitlines() if line.startswith("E:")]
    return (lines or [outcome.error or outcome.ending])[-1].removeprefix("E: ")


class Tree:
    """apt for one suite and one architecture."""

    def __init__(self, root: Path, mirror: sources.Source, suite: str, architecture: str) -> None:
        self._root = root
        self._mirror = mirror
        self._suite = suite
        self._architecture = architecture
        self._config = root / "apt.conf"

    @property
    def updated(self) -> bool:
        """True when the index is there and less than a day old."""
        try:
            return time.time() - (self._root / "updated").stat().st_mtime < _DAY
        except OSError:
            return False

    def _write(self) -> None:
        apt_config = shutil.which("apt-config")
        dump = run([apt_config, "dump", "Acquire"], _environment(), 30.0).stdout if apt_config else ""
        for part in ("state/lists/partial", "cache/archives/partial", "empty"):
            (self._root / part).mkdir(parents=True, exist_ok=True)
        (self._root / "state/status").touch()
        signed = f" signed-by={','.join(self._mirror.signed_by.split())}" if self._mirror.signed_by else ""
        (self._root / "sources.list").write_text(
            f"deb [arch={self._architecture}{signed}] {self._mirror.uri} {self._suite} main\n"
        )
        root = self._root
        self._config.write_text(
            f'Dir::State "{root}/state";\nDir::State::status "{root}/state/status";\n'
            f'Dir::Cache "{root}/cache";\nDir::Cache::srcpkgcache "";\n'
            f'Dir::Etc::sourcelist "{root}/sources.list";\nDir::Etc::sourceparts "{root}/empty";\n'
            f'Dir::Etc::parts "{root}/empty";\nDir::Etc::main "{root}/empty/none";\n'
            f'Dir::Etc::preferences "{root}/empty/none";\nDir::Etc::preferencesparts "{root}/empty";\n'
            f'APT::Architectures {{ "{self._architecture}"; }};\nAPT::Architecture "{self._architecture}";\n'
            'Acquire::Languages "none";\nAcquire::GzipIndexes "true";\nAPT::Sandbox::User "root";\n'
            + sources.acquire_settings(dump)
        )

    def _apt_get(self, *words: str, timeout: float, cwd: Path | None = None) -> Outcome:
        apt_get = shutil.which("apt-get")
        if apt_get is None:
            raise CouldNotCheck(
                "This host has no apt-get, so packages cannot be fetched.",
                "Packages can be fetched on Debian only; install what is missing by hand elsewhere.",
            )
        return run([apt_get, "--quiet", *words], _environment(self._config), timeout, cwd)

    def update(self) -> None:
        """Fetch the index anew. Raises CouldNotCheck without a network or where the mirror has no such suite."""
        try:
            self._write()
        except OSError as error:
            raise CouldNotCheck(f"Cannot write {self._root}: {error.strerror or error}.", "Free some space.") from error
        outcome = self._apt_get("--error-on=any", "update", timeout=_UPDATE_SECONDS)
        if not outcome.ok:
            raise CouldNotCheck(
                f"apt-get could not read the index of {self._suite} for {self._architecture}: {_last_line(outcome)}",
                "Check that this host's own `apt-get update` works, then try again.",
            )
        (self._root / "updated").touch()

    def candidates(self, packages: Sequence[str]) -> list[Candidate]:
        """What the suite has of each name, in their order. Raises CouldNotCheck if it has none of one."""
        outcome = self._apt_get("download", "--print-uris", *packages, timeout=60.0)
        lines = re.findall(r"^'[^']*' (\S+) (\d+) SHA256:([0-9a-f]{64})", outcome.stdout, re.MULTILINE)
        found = {}
        for file, size, sha256 in lines:
            name, version = file.split("_")[:2]
            found[name] = Candidate(name, version.replace("%3a", ":"), int(size), sha256)
        missing = [name for name in packages if name not in found]
        if not outcome.ok or missing:
            raise CouldNotCheck(
                f"{self._suite} has no package {' or '.join(missing)} for {self._architecture}: {_last_line(outcome)}",
                "Check that this host's package mirror is complete.",
            )
        return [found[name] for name in packages]

    def dependency(self, package: str, pattern: str) -> str:
        """The first package that this one depends on and whose name matches (`fnmatch`). Raises CouldNotCheck."""
        apt_cache = shutil.which("apt-cache") or "apt-cache"
        outcome = run([apt_cache, "show", "--no-all-versions", package], _environment(self._config), 60.0)
        depends = re.search(r"^Depends: (.*)$", outcome.stdout, re.MULTILINE)
        names: list[str] = re.findall(r"(?:^|[,|])\s*([^\s,|]+)", depends[1]) if depends else []
        found = fnmatch.filter(names, pattern)
        if not found:
            raise CouldNotCheck(
                f"{self._suite} has no package {package} for {self._architecture} that depends on {pattern}: "
                f"{_last_line(outcome)}",
                "Check that this host's package mirror is complete.",
            )
        return found[0]

    def download(self, candidates: Sequence[Candidate], directory: Path) -> list[Path]:
        """Fetch the package files into a directory, in the order of the candidates. Raises CouldNotCheck.

        apt checks them against the signed index.
        """
        words = [f"{candidate.name}={candidate.version}" for candidate in candidates]
        outcome = self._apt_get("download", *words, timeout=_DOWNLOAD_SECONDS, cwd=directory)
        files = [path for candidate in candidates for path in directory.glob(f"{candidate.name}_*.deb")]
        if not outcome.ok or len(files) != len(candidates):
            names = ", ".join(f"{candidate.name} {candidate.version}" for candidate in candidates)
            raise CouldNotCheck(
                f"apt-get could not fetch {names}: {_last_line(outcome)}",
                "Check that this host's package mirror can be reached, then try again.",
            )
        return files

"""wine: the Windows API on this host. Each run gets a fresh Windows directory, and needs no display."""

import os
import re
import shutil
import sys
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck
from seatrial.host import HostFacts, host
from seatrial.model.platform import Platform
from seatrial.model.report import ToolVersion
from seatrial.model.runner import CannotOffer, Offer, Workload
from seatrial.model.states import Fidelity
from seatrial.packages import Package, Packages, upstream_version
from seatrial.processes import Outcome, run
from seatrial.runners.launcher import Launcher, Layer, Scratch, environment, limits, write_launcher
from seatrial.runners.substitutes import Place, compare
from seatrial.store import Store, digest, file_digest
from seatrial.tables.messages import message

__all__ = ["Wine"]

_PACKAGES = ("wine", "libwine", "wine-zlib", "wine-unwind", "wine-lzma", "wine-gcc", "wine-libc")
_SOUND_MAJOR = 10
"""The first release without the faults that every Go program meets (tables/emulator_faults.toml)."""
_DLLS = "usr/lib/x86_64-linux-gnu/wine/x86_64-windows"
_ZLIB = "/usr/x86_64-w64-mingw32/lib/zlib1.dll"
_SHIM = Path(__file__).parent / "bcryptprimitives.c"
_WITHOUT_TMPDIR = ("env", "-u", "TMPDIR")
"""Debian's wineserver 10.0 frees what getenv gave it, and aborts. Windows programs look at TEMP, which wine sets."""

_TIME_FACTOR = 3.0
_LIMITS = (  # facts/feasibility.md, section 5
    "UDP sockets (WSAIoctl: winapi error 10045)",
    "unix sockets (winapi error 10047)",
    "SIGTERM and os.Interrupt: the program ends without seeing them",
    "texts of errors differ from Windows",
    "administrator's rights: a read-only file can be written",
)


class _Installation(msgspec.Struct, frozen=True):
    """A wine that can be started."""

    command: str
    version: str
    sha256: str
    """Of the command, or of the packages."""
    packages: tuple[Package, ...] = ()
    layers: tuple[Layer, ...] = ()


class Wine:
    """Runs windows/amd64 programs: under the wine that is installed, or a private one where that one is too old."""

    name = "wine"

    def __init__(self, store: Store, packages: Packages, facts: HostFacts | None = None) -> None:
        self._store = store
        self._packages = packages
        self._host = facts or host()
        self._ready: tuple[_Installation, Path] | CouldNotCheck | None = None

    def offers(self, platform: Platform, workload: Workload) -> tuple[Offer | CannotOffer, ...]:
        """One way, or why there is none; nothing at all for programs of another operating system."""
        if workload.goos != "windows":
            return ()
        port = f"{workload.goos}/{workload.goarch}"
        if workload.goarch != "amd64" or self._host.goarch != "amd64":
            reason = message("runners.wine_amd64_only", port=port)
            return (CannotOffer(self.name, reason, "cannot-run", message("runners.needs_machine", what=port)),)
        if self._ready is None:
            self._ready = self._prepare()
        if isinstance(self._ready, CouldNotCheck):
            reason = message("runners.wine_not_usable", why=self._ready.message)
            needs = message("runners.wine_needs", remedy=self._ready.remedy)
            return (CannotOffer(self.name, reason, "no-wine", needs),)
        return (self._offer(platform, *self._ready),)

    def _prepare(self) -> tuple[_Installation, Path] | CouldNotCheck:
        installed = self._installed()
        try:
            if installed is None or int(installed.version.partition(".")[0]) < _SOUND_MAJOR:
                private = self._private()
                return private, self._template(private)
        except CouldNotCheck as error:
            if installed is None:
                return error
        try:
            assert installed is not None
            return installed, self._template(installed)
        except CouldNotCheck as error:
            return error

    def _offer(self, platform: Platform, installation: _Installation, template: Path) -> Offer:
        launcher = write_launcher(
            self._store,
            layers=installation.layers,
            scratch=Scratch(str(template / "prefix"), "WINEPREFIX"),
            settings=_settings(),
        )
        place = Place(
            self._host.cpu_model or self._host.machine,
            f"wine {installation.version} on Linux {self._host.kernel}",
            "",
            self._host.page_size,
            "none",
        )
        substitutes, same = compare(platform, place)
        return Offer(
            runner=self.name,
            implementation=f"wine {installation.version}",
            fidelity=Fidelity.API,
            prefix=(str(launcher.path), *_WITHOUT_TMPDIR, installation.command),
            substitutes=substitutes,
            same=same,
            limits=(*_LIMITS, *limits()),
            time_factor=_TIME_FACTOR,
            tools=(
                ToolVersion("wine", installation.version, installation.sha256, installation.command),
                *(ToolVersion(one.name, one.version, one.sha256, one.root) for one in installation.packages),
            ),
            key=digest(installation.sha256, template.name, self._host.kernel),
        )

    def _installed(self) -> _Installation | None:
        for name in ("wine64", "/usr/lib/wine/wine64", "wine"):
            command = shutil.which(name)
            if command is None:
                continue
            outcome = run([command, "--version"], _environment(), 20.0)
            if outcome.ok and (found := re.match(r"wine-(\d+(?:\.\d+)*)", outcome.stdout)):
                return _Installation(command, found[1], file_digest(Path(command)))
        return None

    def _private(self) -> _Installation:
        """Debian's packages as a layer over /usr: wine finds its parts by paths that were fixed when it was built."""
        packages = tuple(self._packages.fetch(name) for name in _PACKAGES)
        links = self._store.make("runners", digest("wine-links", _DLLS, _ZLIB), _link_zlib)
        directories = (*(str(package.path / "usr") for package in packages), str(links / "usr"))
        return _Installation(
            "/usr/lib/wine/wine64",
            upstream_version(packages[0].version),
            digest([package.sha256 for package in packages]),
            packages,
            (Layer("/usr", directories, first=True),),
        )

    def _template(self, installation: _Installation) -> Path:
        """A Windows directory as wine makes it, with what old wine lacks for Go; made once."""
        shim = _SHIM.read_bytes().hex()
        key = digest(installation.sha256, installation.version, shim, os.getuid())
        return self._store.make("wine-prefixes", key, lambda new: self._fill(installation, new))

    def _fill(self, installation: _Installation, new: Path) -> None:
        prefix = new / "prefix"
        launcher = write_launcher(
            self._store, layers=installation.layers, settings=_settings() | {"WINEPREFIX": str(prefix)}
        )
        self._packages.note("making a Windows directory for wine")
        outcome = self._run(launcher, [installation.command, "wineboot", "-i"])
        system32 = prefix / "drive_c/windows/system32"
        if not (system32 / "kernel32.dll").is_file():
            lines = outcome.stderr.strip().splitlines()
            raise CouldNotCheck(
                f"wine {installation.version} could not make its Windows directory: "
                f"{lines[-1] if lines else outcome.ending}",
                "Private mounts need unprivileged user namespaces; or install wine: apt-get install wine64",
            )
        if not (system32 / "bcryptprimitives.dll").exists():
            compile_shim(system32 / "bcryptprimitives.dll", new)
        # The server writes the registry when its last program has ended.
        self._run(launcher, [str(Path(installation.command).with_name("wineserver")), "-w"])

    def _run(self, launcher: Launcher, command: list[str]) -> Outcome:
        return run([launcher.path, *_WITHOUT_TMPDIR, *command], _environment(), 120.0)


def _environment() -> dict[str, str]:
    return environment() | {"HOME": os.environ.get("HOME", "/")}


def _settings() -> dict[str, str]:
    # Neither of wine's two downloads (mono, gecko) is wanted, nor the dialogs that offer them. Of wine's own words
    # only the loader's are: a DLL that is missing is told nowhere else.
    return {"WINEDEBUG": "-all,err+module", "WINEARCH": "win64", "WINEDLLOVERRIDES": "mscoree,mshtml=", "DISPLAY": ""}


def _link_zlib(directory: Path) -> None:
    place = directory / _DLLS / "zlib1.dll"
    place.parent.mkdir(parents=True)
    place.symlink_to(_ZLIB)


def compile_shim(target: Path, work: Path) -> None:
    """Build the DLL that wine before 9.0 lacks. It needs no C library, so that zig has none to build first."""
    built = work / "shim"
    built.mkdir()
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-windows-gnu", "-O2", "-shared", "-nostdlib"]
    outcome = run([*command, "-o", built / target.name, _SHIM, "-ladvapi32"], _environment(), 300.0, cwd=built)
    if not outcome.ok:
        lines = outcome.stderr.strip().splitlines()
        raise CouldNotCheck(
            f"zig could not build bcryptprimitives.dll for wine: {lines[-1] if lines else outcome.ending}",
            "Reinstall the Python package ziglang.",
        )
    shutil.copyfile(built / target.name, target)
    shutil.rmtree(built)

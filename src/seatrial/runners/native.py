"""The host itself: same architecture, but this host's CPU, kernel and C library."""

import os
from pathlib import Path

from seatrial.host import HostFacts, host
from seatrial.model.platform import Platform
from seatrial.model.report import ToolVersion
from seatrial.model.runner import CannotOffer, Offer, Workload
from seatrial.model.states import Fidelity
from seatrial.packages import Packages
from seatrial.processes import run, writing_executable
from seatrial.runners import elf
from seatrial.runners.launcher import Launcher, Layer, environment, limits, write_launcher
from seatrial.runners.loaders import Loader, ask_version, libc_version, sysroot
from seatrial.runners.substitutes import Place, compare, cpu_is, release_is
from seatrial.store import Store, digest, file_digest
from seatrial.tables.messages import message

__all__ = ["Native"]


class Native:
    """Runs programs of the host's own architecture, and 386 on amd64 where the kernel can."""

    name = "native"

    def __init__(self, store: Store, packages: Packages, facts: HostFacts | None = None) -> None:
        self._store = store
        self._packages = packages
        self._host = facts or host()
        self._runs_386: bool | None = None

    def offers(self, platform: Platform, workload: Workload) -> tuple[Offer | CannotOffer, ...]:
        """One way, or why there is none; nothing at all for programs of another operating system."""
        if workload.goos != "linux":
            return ()
        if not self._runs(workload.goarch):
            here = f"linux/{self._host.goarch or self._host.machine}"
            wanted = f"linux/{workload.goarch}"
            reason = message("runners.other_architecture", here=here, wanted=wanted)
            return (CannotOffer(self.name, reason, "cannot-run", message("runners.needs_machine", what=wanted)),)
        if not workload.interpreter:
            return (self._offer(platform, workload, None, None, ""),)
        if Path(workload.interpreter).exists():
            libc = ask_version(self._store, (), Path(workload.interpreter), workload.libc)
            # A loader that does not tell its version is used all the same: it is the host's own.
            loader = Loader(workload.interpreter, libc or workload.libc)
            return (self._offer(platform, workload, loader, None, _digest(Path(workload.interpreter))),)
        return (self._with_own_loader(platform, workload),)

    def _runs(self, goarch: str) -> bool:
        if goarch == self._host.goarch:
            return True
        return goarch == "386" and self._host.goarch == "amd64" and self._try_386()

    def _try_386(self) -> bool:
        if self._runs_386 is None:
            key = digest("exit-386", elf.EXIT_386.hex())

            def fill(directory: Path) -> None:
                with writing_executable():
                    (directory / "exit").write_bytes(elf.EXIT_386)
                (directory / "exit").chmod(0o755)

            program = self._store.make("runners", key, fill) / "exit"
            self._runs_386 = run([program], environment(), 10.0).ok
        return self._runs_386

    def _with_own_loader(self, platform: Platform, workload: Workload) -> Offer | CannotOffer:
        """For a loader that the host does not have: its directory is laid over the host's, for the program alone."""
        made = sysroot(self._store, self._packages, self.name, libc_version(platform), workload)
        if isinstance(made, CannotOffer):
            return made
        layers = {}
        for name in ("lib", "lib64"):
            if (made.path / name).is_dir() and Path("/", name).is_dir():
                over, directory = os.path.realpath(f"/{name}"), os.path.realpath(made.path / name)
                layers[over, directory] = Layer(over, (directory,))
        launcher = write_launcher(self._store, layers=tuple(layers.values()))
        libc = ask_version(self._store, (str(launcher.path),), Path(workload.interpreter), workload.libc, made.key)
        if not libc:
            what = f"{workload.libc} for {workload.goarch}"
            reason = message("runners.no_namespaces", what=what)
            return CannotOffer(self.name, reason, "no-sysroot", message("runners.needs_namespaces"))
        return self._offer(platform, workload, Loader(workload.interpreter, libc), launcher, made.key)

    def _offer(
        self, platform: Platform, workload: Workload, loader: Loader | None, launcher: Launcher | None, loader_key: str
    ) -> Offer:
        facts = self._host
        proved = cpu_is(facts, platform) and release_is(facts, platform) and launcher is None
        place = Place(
            facts.cpu_model or facts.machine,
            facts.kernel,
            loader.libc if loader else "",
            facts.page_size,
            facts.cgroup,
            cpu_is(facts, platform),
        )
        substitutes, same = compare(platform, place)
        lacks = tuple(sorted(set(platform.features.value or ()) - facts.cpu_features)) if facts.cpu_features else ()
        return Offer(
            runner=self.name,
            implementation=f"Linux {facts.kernel}",
            fidelity=Fidelity.HARDWARE if proved else Fidelity.HOST,
            prefix=(str(launcher.path),) if launcher else (),
            substitutes=substitutes,
            same=same,
            loader=str(loader) if loader else "",
            libc_version=loader.version if loader else "",
            lacks=lacks if workload.goarch == facts.goarch else (),
            limits=limits() if launcher else (),
            tools=(ToolVersion("Linux", facts.kernel),),
            key=digest(facts.kernel, facts.cpu_model, sorted(facts.cpu_features), str(loader), loader_key),
        )


def _digest(loader: Path) -> str:
    """Of the loader's content: a package's update changes it together with the C library."""
    try:
        return file_digest(loader)
    except OSError:  # not readable, yet it may be executable
        return ""

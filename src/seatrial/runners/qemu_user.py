"""QEMU's user emulation: the instruction set is emulated, the kernel is the host's."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from seatrial.errors import CouldNotCheck
from seatrial.host import HostFacts, host
from seatrial.model.platform import Platform
from seatrial.model.report import ToolVersion
from seatrial.model.runner import CannotOffer, Offer, Workload
from seatrial.model.states import Fidelity
from seatrial.packages import Packages
from seatrial.processes import run
from seatrial.runners import elf
from seatrial.runners.emulators import WANTED_MAJOR, Emulator, Trial, emulators, kernels_name, quiet_model, try_model
from seatrial.runners.launcher import Launcher, Registration, environment, write_emulator, write_launcher
from seatrial.runners.launcher import limits as launcher_limits
from seatrial.runners.loaders import Loader, Sysroot, ask_version, cannot_fetch, libc_version, sysroot
from seatrial.runners.substitutes import Place, compare
from seatrial.store import Store, digest
from seatrial.tables.architectures import Architecture, architectures
from seatrial.tables.messages import message

__all__ = ["QemuUser"]

_TIME_FACTOR = 8.0  # facts/emulation.md, 5.4: others allow 4 to 10 times the native time


class QemuUser:
    """Runs Linux programs of every architecture, on the platform's CPU model where QEMU has it."""

    name = "qemu-user"

    def __init__(self, store: Store, packages: Packages, facts: HostFacts | None = None) -> None:
        self._store = store
        self._packages = packages
        self._host = facts or host()

    def offers(self, platform: Platform, workload: Workload) -> Iterator[Offer | CannotOffer]:
        """QEMU 10 or newer first, the older release second; nothing at all for other operating systems."""
        row = architectures().get(workload.goarch)
        if workload.goos != "linux" or row is None:
            return
        root: Sysroot | None = None
        if workload.interpreter and not self._host_has_loader(workload):
            made = sysroot(self._store, self._packages, self.name, libc_version(platform), workload)
            if isinstance(made, CannotOffer):
                yield made
                return
            root = made
        first = True
        for emulator in self._emulators(row):
            if isinstance(emulator, CouldNotCheck):
                yield cannot_fetch(self.name, f"QEMU for {workload.goarch}", emulator, "no-emulator")
            else:
                one = self._offer(platform, workload, row, emulator, root, first)
                first = first and not isinstance(one, Offer)
                yield one

    def _emulators(self, row: Architecture) -> Iterable[Emulator | CouldNotCheck]:
        return emulators(self._store, self._packages, row)

    def _pages(self, platform: Platform) -> int:
        """The page size that the emulator is asked for; 0 for its own."""
        return 0

    def _host_has_loader(self, workload: Workload) -> bool:
        return workload.goarch == self._host.goarch and Path(workload.interpreter).exists()

    def _sample(self, row: Architecture) -> Path:
        """A file of this architecture that no emulator loads (`elf.unloadable`)."""

        def fill(directory: Path) -> None:
            (directory / "sample").write_bytes(elf.unloadable(row))
            (directory / "sample").chmod(0o755)

        return self._store.make("runners", digest("sample", elf.unloadable(row).hex()), fill) / "sample"

    def _offer(
        self,
        platform: Platform,
        workload: Workload,
        row: Architecture,
        emulator: Emulator,
        root: Sysroot | None,
        first: bool,
    ) -> Offer | CannotOffer:
        sample = self._sample(row)
        wanted = platform.qemu.model if platform.qemu else ""
        limits: list[str] = []
        # A second opinion on another CPU is none: only the first implementation may take a nearby one instead.
        models = [wanted] if wanted and not first else [*([wanted] if wanted else []), "max", ""]
        trials = ((name, try_model(self._store, emulator, sample, name)) for name in models)
        model, trial = next(((name, one) for name, one in trials if one.works), (wanted, None))
        if trial is None:
            asked = "" if first else wanted
            return self._refused(emulator, asked, try_model(self._store, emulator, sample, asked))
        if wanted and model != wanted:
            limits.append(
                f"CPU model {wanted}: {emulator.name} does not have it, {model or 'its default'} stands for it"
            )
        exact = quiet_model(self._store, emulator, sample, model, trial) if trial.unsupported else model
        options = (["-cpu", exact] if exact else []) + (["-L", str(root.path)] if root else [])
        pages = self._pages(platform)
        options += ["-p", str(pages)] if pages else []
        loader: Loader | None = None
        if workload.interpreter:
            path = root.path / workload.interpreter.lstrip("/") if root else Path(workload.interpreter)
            libc = ask_version(self._store, (emulator.path, *options), path, workload.libc, emulator.sha256)
            if not libc:
                reason = message("runners.loader_dies", emulator=emulator.name, interpreter=workload.interpreter)
                return CannotOffer(self.name, reason, "no-sysroot", message("runners.needs_emulator"))
            loader = Loader(workload.interpreter, libc)
        prefix, limit = self._prefix(emulator, row, workload.goarch, options, sample)
        limits += limit
        place = Place(
            f"QEMU {emulator.version} {model or 'default model'}",
            self._host.kernel,
            loader.libc if loader else "",
            pages or (row.old_qemu_page_size if emulator.major < WANTED_MAJOR else 0) or self._host.page_size,
            self._host.cgroup,
        )
        substitutes, same = compare(platform, place)
        return Offer(
            runner=self.name,
            implementation=emulator.name,
            fidelity=Fidelity.USER_EMULATION,
            prefix=prefix,
            substitutes=substitutes,
            same=same,
            loader=str(loader) if loader else "",
            libc_version=loader.version if loader else "",
            lacks=_lacks(platform, trial),
            limits=tuple(limits),
            time_factor=_TIME_FACTOR,
            tools=(
                ToolVersion(f"qemu-{row.qemu}", emulator.version, emulator.sha256, emulator.path),
                *(ToolVersion(one.name, one.version, one.sha256, one.root) for one in (root.packages if root else ())),
            ),
            key=digest(emulator.sha256, model, root.key if root else "", self._host.kernel, limits, pages),
        )

    def _refused(self, emulator: Emulator, model: str, trial: Trial) -> CannotOffer:
        if model and re.search(r"CPU model|Property|global", trial.said):
            reason = message("runners.model_unknown", emulator=emulator.name, model=model, why=trial.said)
            return CannotOffer(self.name, reason, "cannot-run", message("runners.needs_model", model=model))
        reason = message("runners.emulator_broken", emulator=emulator.name, why=trial.said)
        return CannotOffer(self.name, reason, "no-emulator", message("runners.needs_emulator"))

    def _prefix(
        self, emulator: Emulator, row: Architecture, goarch: str, options: Sequence[str], sample: Path
    ) -> tuple[tuple[str, ...], list[str]]:
        """The words before a command, and what does not work with them.

        With a private binfmt_misc where this host allows it, tried out; else the emulator alone.
        """
        script = write_emulator(self._store, emulator.path, options)
        magic, mask = elf.magic_and_mask(row, only_fixed_address=goarch == self._host.goarch)
        entry = Registration(f"seatrial-{row.qemu}", magic, mask, str(script))
        launcher = write_launcher(self._store, script, [entry])
        if said := self._try_binfmt(launcher, sample):
            return (emulator.path, *options), [f"programs that start themselves or others of {goarch}: {said}"]
        native = ["position-independent programs that a program starts run natively"]
        return (str(launcher.path),), [*(native if goarch == self._host.goarch else []), *launcher_limits()]

    def _try_binfmt(self, launcher: Launcher, sample: Path) -> str:
        """ "" when the kernel gives a program to the emulator in there (remembered), else what was said."""
        # The same kernel gives another answer in a container (its user namespace) or under another policy.
        policy = [os.uname().release, os.getuid(), str(Path("/proc/self/ns/user").readlink())]
        for name in ("kernel/unprivileged_userns_clone", "kernel/apparmor_restrict_unprivileged_userns"):
            switch = Path("/proc/sys") / name
            policy.append(switch.read_text().strip() if switch.exists() else "")
        key = digest(str(launcher.path), policy)
        if self._store.get("binfmt-trials", key, bool):
            return ""
        outcome = run([*launcher.namespaces, str(sample)], environment(), 20.0)
        if "Invalid ELF image" in outcome.stderr:
            self._store.put("binfmt-trials", key, True)
            return ""
        lines = outcome.stderr.strip().splitlines()
        return f"no private binfmt_misc ({lines[-1] if lines else outcome.ending})"


def _lacks(platform: Platform, trial: Trial) -> tuple[str, ...]:
    """Features that the platform's CPU has and this emulator's model has not."""
    known = platform.features.value or ()
    model = platform.qemu.lacks if platform.qemu else ()
    return tuple(sorted({*model, *(name for name in map(kernels_name, trial.unsupported) if name in known)}))

"""From the start of QEMU to the first case that our init reports, under TCG, cold and from a snapshot.

Goals, on an otherwise idle machine: amd64 and arm64 1.4 s, riscv64 and loong64 1.6 s; 0.4 s from a snapshot.
Beside it virtme-ng, until a command of its guest reports, with the same kernel of amd64 in the same run.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from seatrial.machines import boot, init_program
from seatrial.model.machine import MachineSpec, SystemEmulator
from seatrial.packages import Packages
from seatrial.packages.kernels import fetch
from seatrial.packages.system_emulators import system_emulator
from seatrial.store import Store, default_root
from seatrial.toolchains import find_go
from stopwatch import in_turns
from virtme import CannotRun, Virtme

_COLD = {
    "amd64": ("debian-12", 1.4),
    "arm64": ("debian-12", 1.4),
    "riscv64": ("debian-13", 1.6),
    "loong64": ("debian-sid", 1.6),
}
_RESTORED = 0.4
_CPUS = {"amd64": "Haswell", "arm64": "cortex-a72"}
"""A model with a name, as machines of platforms have; the table's default elsewhere."""


def _seconds(spec: MachineSpec, emulator: SystemEmulator, init: Path, store: Store, restored: bool) -> float:
    machine = boot(spec, emulator, init, store, print, snapshots=restored)
    machine.close()
    if machine.restored is not restored:
        raise SystemExit(f"{spec.goarch}: the machine was {'not ' if restored else ''}restored from a snapshot")
    return machine.boot_seconds


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--goarch", nargs="+", choices=list(_COLD), default=list(_COLD))
    arguments.add_argument("--no-virtme", action="store_true", help="leave virtme-ng out")
    options = arguments.parse_args()
    store = Store(default_root())
    packages = Packages(store, print)
    with tempfile.TemporaryDirectory(prefix="seatrial-bench-") as folder:
        scratch = Store(Path(folder) / "store")
        tasks: dict[str, Callable[[], float]] = {}
        goals: dict[str, float] = {}
        for goarch in options.goarch:
            name, goal = _COLD[goarch]
            kernel = fetch(store, packages, name, goarch)
            emulator = system_emulator(store, packages, goarch)
            init = init_program(find_go(), goarch, store)
            spec = MachineSpec(goarch, kernel, cpu=_CPUS.get(goarch, ""), accelerator="tcg")
            boot(spec, emulator, init, scratch, print).close()  # makes the snapshot
            tasks[f"{goarch} cold"] = partial(_seconds, spec, emulator, init, scratch, False)
            goals |= {f"{goarch} cold": goal, f"{goarch} from a snapshot": _RESTORED}
            tasks[f"{goarch} from a snapshot"] = partial(_seconds, spec, emulator, init, scratch, True)
            if goarch == "amd64" and not options.no_virtme:
                try:
                    virtme = Virtme(packages, kernel, emulator, Path(folder))
                    virtme.seconds()
                    tasks["amd64 virtme-ng"] = virtme.seconds
                except CannotRun as error:
                    print(f"virtme-ng could not be run: {error}")
        before = os.getloadavg()[0]
        seconds = in_turns(tasks, options.rounds)
    print(f"Seconds to the first report of a guest's init ({options.rounds} rounds; load {before:.1f} at the start)")
    print(f"  {'':<28}{'median':>9}{'fastest':>9}{'slowest':>9}   goal")
    for name, values in seconds.items():
        median = statistics.median(values)
        verdict = f"{goals[name]:.1f} {'met' if median <= goals[name] else 'NOT met'}" if name in goals else ""
        print(f"  {name:<28}{median:>9.2f}{min(values):>9.2f}{max(values):>9.2f}   {verdict}".rstrip())


if __name__ == "__main__":
    main()

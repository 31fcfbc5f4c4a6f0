"""Proves a runner before anything else runs in it: the canary, the calibration, and what a guest saw of its machine."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.model.finding import Evidence
from seatrial.model.machine import Proof
from seatrial.model.platform import Platform
from seatrial.model.runner import Offer
from seatrial.model.trial import Calibration, CanaryResult
from seatrial.processes import run
from seatrial.tables.calibration import instructions
from seatrial.trials.calibration import CALIBRATION_SOURCE, Differences, calibrate, differences
from seatrial.trials.canary import CANARY_SOURCE, run_canary

__all__ = ["Proved", "prove"]

_SEEN_SECONDS = 300.0
"""A boot, and a second attempt, on a busy machine."""


class Proved(msgspec.Struct, frozen=True):
    """What an offer showed with things whose answers are known."""

    canary: CanaryResult
    calibration: Calibration | None = None
    """None where the calibration program has no port, or the canary did not pass."""
    machine: tuple[Evidence, ...] = ()
    """How the guest of a virtual machine saw it."""
    where: str = ""

    def against(self, platform: Platform) -> CanaryResult:
        """The canary's result, with how the runner differs from the CPU of this platform."""
        if self.calibration is None:
            return msgspec.structs.replace(self.canary, evidence=self.canary.evidence + self.machine)
        differ = differences(self.calibration, platform.goarch, platform.features.value)
        told = tuple(_calibration(self.calibration, differ, self.where))
        evidence = self.canary.evidence + told + self.machine
        return msgspec.structs.replace(self.canary, evidence=evidence, lacks=differ.lacks)


def prove(offer: Offer, goos: str, goarch: str, build: Callable[[Path], Path]) -> Proved:
    """Run the canary, and where it passed the calibration. `build` compiles a probe of ours for the port.

    Raises CouldNotCheck when a probe cannot be built.
    """
    canary = run_canary(offer, build(CANARY_SOURCE))
    if not canary.passed:
        return Proved(canary)
    calibration = None
    if goos == "linux" and instructions(goarch):
        calibration = calibrate(offer, build(CALIBRATION_SOURCE), goarch)
    return Proved(canary, calibration, _machine(offer) if offer.door else (), offer.implementation)


def _calibration(found: Calibration, differ: Differences, where: str) -> Iterator[Evidence]:
    if found.trouble:
        yield Evidence("calibration", f"did not come to its end: {found.trouble}", where)
        return
    tried = len(found.executed) + len(found.trapped) + len(found.odd)
    words = [f"{len(found.executed)} of {tried} instructions executed, {len(found.trapped)} trapped", *found.odd]
    if differ.lacks:
        words.append(f"the platform's CPU has these, and they trap here: {', '.join(differ.lacks)}")
    yield Evidence("calibration", "; ".join(words), where)
    if differ.adds:
        text = f"uses of {', '.join(differ.adds)}: executed here, and the platform's CPU is not known to have them"
        yield Evidence("not shown", text, where)


def _machine(offer: Offer) -> tuple[Evidence, ...]:
    """What the guest saw, asked of the machine that the canary has just run in."""
    command = [*offer.prefix[:-1], "--seen", "--"]
    outcome = run(command, {"PATH": os.environ.get("PATH", os.defpath)}, _SEEN_SECONDS)
    try:
        proof = msgspec.json.decode(outcome.stdout, type=ready(Proof))
    except msgspec.MsgspecError:
        return (Evidence("machine", f"does not tell what its guest saw: {outcome.ending}", offer.implementation),)
    seen = proof.seen
    how = f"{proof.accelerator}, restored" if proof.restored else proof.accelerator
    facts = {
        "emulator": f"{proof.emulator} -cpu {proof.cpu or '(default)'}, {how}, ready after {proof.boot_seconds:.1f} s",
        "not KVM": proof.accelerator_reason,
        "features that QEMU cannot give": ", ".join(proof.unsupported),
        "kernel": f"{seen.kernel}, taint {seen.taint}",
        "CPU": f"{seen.cpu_model}, {seen.cpus} CPUs, NUMA nodes with CPUs {' and '.join(seen.numa_nodes)}",
        "CPU features": " ".join(seen.features),
        "memory": f"{seen.memory >> 20} MiB in pages of {seen.page_size} bytes",
        "cgroup": f"{seen.cgroup}: {' '.join(seen.controllers)}",
        "clock source": seen.clock_source,
        "command line": seen.command_line,
    }
    return tuple(Evidence("machine", value, name) for name, value in facts.items() if value)

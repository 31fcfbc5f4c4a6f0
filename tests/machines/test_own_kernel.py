"""A user's own kernel boots: Debian's bzImage as it lies in an unpacked package, with the modules beside it."""

from pathlib import Path

import msgspec
import pytest

from seatrial.packages import Packages
from seatrial.packages.kernels import own
from seatrial.store import Store, default_root
from support.machines import boot_machine, machine_spec


@pytest.mark.vm
@pytest.mark.go
def test_a_users_own_kernel_boots_with_the_modules_beside_it(tmp_path: Path) -> None:
    spec = machine_spec("amd64", "debian-12")
    assert spec.kernel.package is not None
    vmlinuz = Path(spec.kernel.package.path, "boot", f"vmlinuz-{spec.kernel.version}")
    store = Store(default_root())
    kernel = own(Store(tmp_path / "store"), Packages(store, print), vmlinuz)
    assert kernel.version == spec.kernel.version
    machine = boot_machine(msgspec.structs.replace(spec, kernel=kernel), store, snapshots=False)
    try:
        assert machine.seen.kernel == kernel.version
    finally:
        machine.close()

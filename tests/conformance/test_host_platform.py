"""The machine itself as a platform."""

import msgspec

from seatrial.conformance import host_platform
from seatrial.host import host
from seatrial.model.runner import Offer, Workload
from seatrial.model.states import Fidelity
from seatrial.packages import Packages
from seatrial.runners.native import Native
from seatrial.store import Store, default_root


def test_a_native_run_there_is_one_on_the_platform() -> None:
    store = Store(default_root())
    platform = host_platform()
    runner = Native(store, Packages(store, lambda _: None))
    (offer,) = runner.offers(platform, Workload("linux", platform.goarch))
    assert isinstance(offer, Offer)
    assert offer.fidelity is Fidelity.HARDWARE
    assert offer.substitutes == ()


def test_a_machine_that_tells_little() -> None:
    quiet = msgspec.structs.replace(host(), libc="", cpu_model="", os_release={}, goarch="riscv64", machine="riscv64")
    platform = host_platform(quiet)
    assert platform.title == "Linux on riscv64"
    assert platform.libc.value is None

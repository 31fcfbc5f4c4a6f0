"""What the micro-VM runner offers, and why not; what a machine is told to be for a platform."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from seatrial.errors import CouldNotCheck
from seatrial.host import host
from seatrial.model.machine import CgroupMode, Kernel
from seatrial.model.platform import Platform
from seatrial.model.runner import CannotOffer, Offer, Workload
from seatrial.model.states import Fidelity
from seatrial.packages import Package, Packages
from seatrial.processes import run
from seatrial.runners.micro_vm import MicroVm, machine_for
from seatrial.store import Store, default_root
from seatrial.tables.packages import PackageRow
from seatrial.trials.execution import compose
from support.machines import init, machine_spec

Make = Callable[..., Platform]
KERNEL = Kernel("debian-13", "amd64", "6.12.1", "/image", "0" * 64, 4096, (CgroupMode.V2,))
OLD = Kernel("debian-12", "amd64", "6.1.1", "/image", "0" * 64, 4096, tuple(CgroupMode))


def test_the_machine_is_told_to_be_the_platforms(platform: Make) -> None:
    spec = machine_for(platform(model="Dhyana", cgroup="v1"), OLD, host())
    assert (spec.goarch, spec.cpu, spec.cgroup) == ("amd64", "Dhyana", CgroupMode.V1)
    assert machine_for(platform(cgroup="v1"), KERNEL, host()).cgroup is CgroupMode.V2  # this kernel has no other
    assert machine_for(platform(cgroup="none"), OLD, host()).cgroup is CgroupMode.V2


def test_kvm_only_where_the_hosts_cpu_executes_no_more_than_the_platforms(platform: Make) -> None:
    here = msgspec.structs.replace(host(), goarch="amd64", cpu_features=frozenset({"avx2", "fma"}))
    assert machine_for(platform(features=("avx2", "fma")), OLD, here).accelerator == "auto"
    assert machine_for(platform(features=("avx2",)), OLD, here).accelerator == "tcg"
    assert machine_for(platform("arm64", features=("fp",)), OLD, here).accelerator == "auto"


def test_other_systems_and_architectures(tmp_path: Path, platform: Make) -> None:
    runner = MicroVm(Store(tmp_path), Packages(Store(tmp_path), print), init=lambda _: tmp_path)
    assert list(runner.offers(platform(goos="windows"), Workload("windows", "amd64"))) == []
    (refusal,) = runner.offers(platform("mips"), Workload("linux", "mips"))
    assert isinstance(refusal, CannotOffer)
    assert (refusal.reason_code, refusal.reason.text) == ("cannot-run", "No virtual machine for linux/mips is known.")


def test_what_cannot_be_fetched_is_a_reason(tmp_path: Path, platform: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    class Nothing(Packages):
        def obtain(self, row: PackageRow) -> Package:
            raise CouldNotCheck("No network.", "Get one.")

    monkeypatch.setenv("PATH", str(tmp_path))
    store = Store(tmp_path / "store")
    runner = MicroVm(store, Nothing(store, print), init=lambda _: tmp_path)
    (refusal,) = runner.offers(platform(), Workload("linux", "amd64"))
    assert isinstance(refusal, CannotOffer)
    assert refusal.reason_code == "no-emulator" and "No network." in refusal.reason.text


@pytest.fixture(scope="module")
def runner() -> Iterator[MicroVm]:
    machine_spec("amd64")  # skips where its kernel cannot be had
    store = Store(default_root())
    made = MicroVm(store, Packages(store, print), init)
    yield made
    made.close()


def _offer(runner: MicroVm, platform: Platform, workload: Workload) -> Offer:
    (found,) = runner.offers(platform, workload)
    assert isinstance(found, Offer), found
    return found


@pytest.mark.go
@pytest.mark.vm
def test_an_offer_tells_what_stands_for_what(
    runner: MicroVm, platform: Make, build: Callable[..., Path], tmp_path: Path
) -> None:
    wanted = platform(model="Dhyana", kernel="6.1.38", features=("sse2", "aes"), libc="glibc 2.36")
    offer = _offer(runner, wanted, Workload("linux", "amd64"))
    assert (offer.runner, offer.fidelity) == ("micro-vm", Fidelity.SYSTEM_EMULATION)
    assert offer.implementation.startswith("micro-vm 1")
    assert {one.fact: one.platform for one in offer.substitutes} == {"cpu": "Some CPU", "kernel": "6.1.38"}
    assert set(offer.same) == {"page size", "cgroup"}
    assert offer.lacks == ("aes",)
    names = [tool.name for tool in offer.tools]
    assert any(name.startswith("qemu-system") for name in names) and any(
        name.startswith("linux-image") for name in names
    )
    done = run(compose(offer, [build("amd64")], tmp_path).argv, {"HOME": str(tmp_path)}, 200.0, tmp_path)
    assert done.stdout == "hello from amd64 page 4096 uid 0\n", done.stderr
    again = _offer(runner, wanted, Workload("linux", "amd64"))
    assert (again.key, again.words, again.prefix) == (offer.key, offer.words, offer.prefix)


@pytest.mark.go
@pytest.mark.vm
def test_a_dynamic_program_gets_a_loader_of_its_own(runner: MicroVm, platform: Make, tmp_path: Path) -> None:
    wanted = platform(model="Dhyana", kernel="6.1.38", libc="glibc 2.28")
    offer = _offer(runner, wanted, Workload("linux", "amd64", "/lib64/ld-linux-x86-64.so.2", "glibc"))
    assert offer.loader.startswith("/lib64/ld-linux-x86-64.so.2, glibc 2.")
    assert "libc" in {one.fact for one in offer.substitutes}
    cat = Path("/bin/cat")
    if not cat.exists():
        pytest.skip("a dynamic program, /bin/cat, was missing")
    command = compose(offer, [cat, "/proc/version"], tmp_path)
    done = run(command.argv, command.env, 200.0, tmp_path)
    assert done.stdout.startswith("Linux version 6.1."), done.stderr


@pytest.mark.go
@pytest.mark.vm
def test_a_model_that_qemu_does_not_have_is_a_limit(runner: MicroVm, platform: Make) -> None:
    offer = _offer(runner, platform(model="no-such-cpu", kernel="6.1.38"), Workload("linux", "amd64"))
    assert any("no-such-cpu" in limit and "stands for it" in limit for limit in offer.limits)

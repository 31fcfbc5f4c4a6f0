"""Machines of every architecture, what they are told to be, snapshots of them, and those that do not come up."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from seatrial.errors import CouldNotCheck, UsageError
from seatrial.machines import Machine, acceleration, boot, booting, command_line
from seatrial.machines.emulation import Emulation
from seatrial.model.machine import BootStage, CgroupMode, Limits, MachineSpec, Seen, VmLost, WrongMachine
from seatrial.store import Store
from support.machines import GUEST, KERNELS, boot_machine, emulator, init, machine_spec, with_guest

pytestmark = [pytest.mark.go, pytest.mark.vm]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def spec() -> MachineSpec:
    return machine_spec("amd64")


def _booted(spec: MachineSpec, store: Store) -> Iterator[Machine]:
    machine = boot_machine(spec, store, snapshots=False)
    yield machine
    machine.close()


@pytest.mark.parametrize("goarch", KERNELS)
def test_every_architecture_boots_and_runs_a_program(goarch: str, store: Store) -> None:
    for machine in _booted(machine_spec(goarch), store):
        ended = with_guest(machine).run([GUEST, "say", "hello"], {"WORD": "w"}, seconds=60.0)
        assert (ended.exit_code, ended.stdout) == (0, b"hello w / seatrial\n")
        assert machine.seen.goarch == goarch
        assert machine.seen.cpu_model or goarch == "riscv64"  # whose kernel names none for QEMU's own CPU
        assert machine.seen.features or goarch == "ppc64le"  # whose /proc/cpuinfo has none
        assert "memory" in machine.seen.controllers
        assert machine.restored is False


@pytest.mark.parametrize("mode", [CgroupMode.V1, CgroupMode.HYBRID])
def test_older_control_groups(mode: CgroupMode, spec: MachineSpec, store: Store) -> None:
    for machine in _booted(msgspec.structs.replace(spec, cgroup=mode, clock_source="acpi_pm"), store):
        assert machine.seen.cgroup == mode
        assert machine.seen.clock_source == "acpi_pm"
        with_guest(machine)
        ended = machine.run([GUEST, "eat", "100"], {}, seconds=60.0, limits=Limits(memory_max=50 << 20))
        assert (ended.signal, ended.oom_killed) == (9, True)
        ended = machine.run([GUEST, "processors"], {}, seconds=60.0, limits=Limits(cpuset="1"))
        assert ended.stdout == b"1 1\n"
        ended = machine.run([GUEST, "fork"], {}, seconds=60.0, limits=Limits(pids_max=20))
        assert 0 < int(ended.stdout) < 20
        groups = machine.run([GUEST, "groups"], {}, seconds=60.0).stdout.decode()
        assert ":memory:/command-4" in groups
        assert ("\n0::/" in groups) == (mode is CgroupMode.HYBRID)
        with pytest.raises(UsageError, match=r"memory\.high exists in cgroup v2 only"):
            machine.run([GUEST, "exit", "0"], {}, limits=Limits(memory_high=1 << 20))


def test_a_kernel_without_the_older_control_groups_is_refused(store: Store) -> None:
    spec = machine_spec("amd64", "debian-13")
    with pytest.raises(CouldNotCheck, match="has no memory and cpuset controllers of cgroup v1"):
        boot_machine(msgspec.structs.replace(spec, cgroup=CgroupMode.V1), store)


def test_a_snapshot_is_made_and_restored_with_another_entropy_and_the_time_of_now(
    spec: MachineSpec, store: Store
) -> None:
    numbers = set()
    for restored in (False, True, True):
        machine = with_guest(boot_machine(spec, store))
        assert machine.restored is restored
        numbers.add(machine.run([GUEST, "random"], {}, seconds=60.0).stdout)
        behind = time.time() - int(machine.run([GUEST, "clock"], {}, seconds=60.0).stdout) / 1e9
        assert behind < 4.0
        assert machine.run([GUEST, "listen"], {}, seconds=60.0).stdout == b"hello"
        machine.close()
        if not restored:
            time.sleep(5.0)  # by which the clock in the snapshot is behind
    assert len(numbers) == 3


@pytest.mark.parametrize("goarch", ["amd64", "riscv64", "loong64"])
def test_the_timers_of_a_restored_machine_go_on_though_their_time_has_passed(
    goarch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, store = machine_spec(goarch), Store(tmp_path)
    boot_machine(spec, store).close()
    begin = booting._begin

    def late(emulation: Emulation) -> Seen:
        time.sleep(2.0)
        return begin(emulation)

    monkeypatch.setattr(booting, "_begin", late)
    machine = with_guest(boot_machine(spec, store))
    assert machine.restored is True
    for processor in "01":
        assert machine.run([GUEST, "nap"], {}, seconds=20.0, limits=Limits(cpuset=processor)).stdout == b"awake\n"
    machine.close()


def test_a_machine_with_one_processor_is_restored_where_qemu_starts_its_timers(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for goarch, restored in {"amd64": True, "riscv64": False}.items():
        spec = msgspec.structs.replace(machine_spec(goarch), cpus=1)
        boot_machine(spec, store).close()
        machine = boot_machine(spec, store)
        machine.close()
        assert machine.restored is restored


def test_a_damaged_snapshot_is_deleted_and_the_machine_booted(spec: MachineSpec, store: Store) -> None:
    boot_machine(spec, store).close()
    (state,) = (store.root / "snapshots").glob("*.state")
    os.truncate(state, state.stat().st_size // 2)
    machine = boot_machine(spec, store)
    machine.close()
    assert machine.restored is False
    machine = boot_machine(spec, store)
    machine.close()
    assert machine.restored is True


def test_snapshots_are_bounded(store: Store, spec: MachineSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    boot_machine(spec, store).close()
    (state,) = (store.root / "snapshots").glob("*.state")
    monkeypatch.setattr("seatrial.machines.snapshots._BOUND", state.stat().st_size * 3 // 2)
    os.utime(state, (1, 1))
    boot_machine(msgspec.structs.replace(spec, hostname="other"), store).close()
    (left,) = (store.root / "snapshots").glob("*.state")
    assert left != state


def test_another_machine_than_it_was_told_to_be(spec: MachineSpec, store: Store) -> None:
    wrong = msgspec.structs.replace(spec, kernel=msgspec.structs.replace(spec.kernel, page_size=65536))
    with pytest.raises(WrongMachine, match="page size 65536; its guest saw 4096"):
        boot_machine(wrong, store)
    with pytest.raises(WrongMachine, match="clock source sundial"):
        boot_machine(msgspec.structs.replace(spec, clock_source="sundial"), store, snapshots=False)


def test_an_init_that_is_none_is_lost_at_the_kernel(spec: MachineSpec, store: Store, tmp_path: Path) -> None:
    (tmp_path / "init").write_text("not a program")
    with pytest.raises(VmLost) as lost:
        boot(spec, emulator("amd64"), tmp_path / "init", store)
    assert lost.value.stage is BootStage.KERNEL
    assert "No working init found" in lost.value.why


def test_a_module_that_is_none_is_lost_in_init(spec: MachineSpec, store: Store, tmp_path: Path) -> None:
    (tmp_path / "bad.ko").write_text("not a module")
    kernel = msgspec.structs.replace(spec.kernel, modules=(str(tmp_path / "bad.ko"),))
    said: list[str] = []
    with pytest.raises(VmLost) as lost:
        boot(msgspec.structs.replace(spec, kernel=kernel), emulator("amd64"), init("amd64"), store, said.append)
    assert lost.value.stage is BootStage.INIT
    assert "loading modules: 000-bad.ko: exec format error" in lost.value.why
    assert len(said) == 1  # it was tried twice


def test_what_qemu_refuses_is_lost_before_the_kernel(spec: MachineSpec, store: Store) -> None:
    with pytest.raises(VmLost) as lost:
        boot_machine(msgspec.structs.replace(spec, cpu="Sunway"), store)
    assert lost.value.stage is BootStage.EMULATOR
    assert "unable to find CPU model 'Sunway'" in lost.value.why
    missing = msgspec.structs.replace(emulator("amd64"), path="/nonexistent/qemu")
    with pytest.raises(VmLost, match="No such file"):
        boot(spec, missing, init("amd64"), store)


def test_a_kernel_that_says_nothing_is_lost_in_time(
    spec: MachineSpec, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booting, "_BOOT_SECONDS", 0.2)
    with pytest.raises(VmLost, match=r"stage kernel: our init has not reported") as lost:
        boot_machine(spec, store, snapshots=False)
    assert lost.value.stage is BootStage.KERNEL


def test_kvm_is_used_only_where_a_machine_has_booted_under_it(
    spec: MachineSpec, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = tmp_path / "qemu"
    hanging.write_text(
        f'#!/bin/sh\ncase "$*" in *"-accel kvm"*) exec sleep 60;; esac\nexec {emulator("amd64").path} "$@"\n'
    )
    hanging.chmod(0o755)
    pretended = msgspec.structs.replace(emulator("amd64"), path=str(hanging), sha256="0" * 64)
    asked = msgspec.structs.replace(spec, accelerator="auto")
    monkeypatch.setattr(booting, "CANARY_SECONDS", 0.5)
    monkeypatch.setattr(acceleration, "_DEVICE", Path("/dev/null"))
    for _ in range(2):
        machine = boot(asked, pretended, init("amd64"), store)
        machine.close()
        assert machine.accelerator == "tcg"
        assert "not reported within 0 s" in machine.accelerator_reason or "0.5" in machine.accelerator_reason
        monkeypatch.setattr(booting, "CANARY_SECONDS", 600.0)  # remembered: nothing is tried again
    with pytest.raises(CouldNotCheck, match="No machine can be booted under KVM here"):
        boot(msgspec.structs.replace(spec, accelerator="kvm"), pretended, init("amd64"), store)


def test_kvm_is_not_tried_where_it_cannot_be(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    row = command_line.check(machine_spec("amd64"))
    monkeypatch.setattr(acceleration, "_DEVICE", Path("/nonexistent/kvm"))
    assert "No such file" in acceleration.unfit(machine_spec("amd64"), row)
    foreign = machine_spec("arm64")
    assert "runs amd64 only" in acceleration.unfit(foreign, command_line.check(foreign))

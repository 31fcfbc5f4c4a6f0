"""The machine that QEMU makes for the guests of each GOARCH (`guest_machines.toml`)."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from seatrial.decoding import ready

__all__ = ["DeviceTree", "GuestMachine", "guest_machines"]


class DeviceTree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is changed in the device tree that QEMU makes (`seatrial.machines.device_tree`)."""

    address: int
    """Physical, where QEMU puts it."""
    names: dict[str, str]
    """`compatible` names, and what stands in their place."""


class GuestMachine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One GOARCH."""

    machine: str
    """The argument of `-machine`."""
    cpu: str
    """The argument of `-cpu` where nothing else is asked for."""
    serial: str
    """The virtio-serial device of its bus."""
    console: str
    """The console device as the kernel names it."""
    most_cpus: int
    numa: bool
    """Whether its kernels show more than one node."""
    source: str
    firmware: str = ""
    """The argument of `-bios`; "" for QEMU's choice."""
    console_device: tuple[str, ...] = ("-serial", "chardev:console")
    arguments: tuple[str, ...] = ()
    """Of the kernel command line."""
    device_tree: DeviceTree | None = None
    restarts_timers: bool = True
    """Whether QEMU starts the timers of a restored machine; else our init does, where it has a second processor."""
    kvm: Literal["", "host", "models"] = ""
    """What CPUs it can have under KVM: none, the host's, or those with a name too."""


@cache
def guest_machines() -> dict[str, GuestMachine]:
    """The rows by GOARCH."""
    data = tomllib.loads((Path(__file__).parent / "guest_machines.toml").read_text())
    return msgspec.convert(data, ready(dict[str, GuestMachine]))

"""Virtual machines: real kernels in QEMU with our own init, one boot for many commands."""

from seatrial.machines.booting import boot, init_program
from seatrial.machines.machine import Machine

__all__ = ["Machine", "boot", "init_program"]

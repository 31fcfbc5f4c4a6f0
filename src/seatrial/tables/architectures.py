"""What the runners must know of each GOARCH (`architectures.toml`)."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from seatrial.decoding import ready

__all__ = ["Architecture", "architectures", "goarch_of_machine"]


class Architecture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One GOARCH of Linux."""

    qemu: str
    """QEMU's name of it: the emulator is `qemu-<name>`."""
    machines: tuple[str, ...]
    """What `uname -m` prints on it; none where several GOARCHs share a name."""
    elf_machine: int
    bits: Literal[32, 64]
    order: Literal["little", "big"]
    triple: str
    """Debian's cross packages lie below `/usr/<triple>`."""
    glibc: tuple[str, ...] = ()
    """Rows of `packages.toml` with its glibc and gcc's libraries; none where there is none."""
    musl: tuple[str, ...] = ()
    """The same for musl."""
    larger_pages: bool = False
    """Whether its kernels can be built for pages of more than 4 KiB."""
    old_qemu_page_size: int = 0
    """Bytes that QEMU's user emulation before 10 gives as page size; 0 where that is the host's, as it is since."""


@cache
def architectures() -> dict[str, Architecture]:
    """The rows by GOARCH."""
    data = tomllib.loads((Path(__file__).parent / "architectures.toml").read_text())
    return msgspec.convert(data, ready(dict[str, Architecture]))


def goarch_of_machine(machine: str) -> str:
    """GOARCH for what `uname -m` prints; "" for one that Go has no port for, or that says too little."""
    return next((goarch for goarch, row in architectures().items() if machine in row.machines), "")

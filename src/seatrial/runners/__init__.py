"""Runners: the places where something can be executed here, one module each (`seatrial.model.runner`)."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from seatrial.model.runner import Runner
from seatrial.packages import Packages
from seatrial.runners.micro_vm import MicroVm
from seatrial.runners.native import Native
from seatrial.runners.old_kernel import OldKernel
from seatrial.runners.page_size import PageSize
from seatrial.runners.qemu_user import QemuUser
from seatrial.runners.ways import Ways, ways
from seatrial.runners.wine import Wine
from seatrial.store import Store

__all__ = ["Ways", "all_runners", "ended_afterwards", "ways"]


def all_runners(
    store: Store,
    note: Callable[[str], None],
    init: Callable[[str], Path],
    old_kernel: Callable[[str], Path],
    wanted: str = "",
) -> tuple[Runner, ...]:
    """Every runner. Nothing is tried or fetched before its `offers` is called.

    `note` is told what takes time; `init` gives the init of a virtual machine's guest for a GOARCH, `old_kernel` the
    launcher behind which the host's kernel is an older one. The runners that stand for one fact of a platform alone are
    among them only where they are `wanted`.
    """
    packages = Packages(store, note)
    runners = (
        Native(store, packages),
        QemuUser(store, packages),
        Wine(store, packages),
        MicroVm(store, packages, init),
    )
    on_request = (OldKernel(store, packages, old_kernel), PageSize(store, packages))
    return (*runners, *(one for one in on_request if one.name == wanted))


@contextlib.contextmanager
def ended_afterwards(runners: Iterable[Runner]) -> Iterator[None]:
    """The virtual machines that these runners have booted are ended in the end."""
    try:
        yield
    finally:
        for runner in runners:
            if isinstance(runner, MicroVm):
                runner.close()

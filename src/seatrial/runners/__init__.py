"""Runners: the places where something can be executed here, one module each (`seatrial.model.runner`)."""

from collections.abc import Callable

from seatrial.model.runner import Runner
from seatrial.packages import Packages
from seatrial.runners.native import Native
from seatrial.runners.qemu_user import QemuUser
from seatrial.runners.ways import Ways, ways
from seatrial.runners.wine import Wine
from seatrial.store import Store

__all__ = ["Ways", "all_runners", "ways"]


def all_runners(store: Store, note: Callable[[str], None]) -> tuple[Runner, ...]:
    """Every runner. Nothing is tried or fetched before its `offers` is called; `note` is told what takes time."""
    packages = Packages(store, note)
    return (Native(store, packages), QemuUser(store, packages), Wine(store, packages))

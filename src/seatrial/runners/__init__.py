"""Runners: the places where something can be executed here, one module each (`seatrial.model.runner`)."""

from collections.abc import Callable, Iterable

from seatrial.model.platform import Platform
from seatrial.model.runner import CannotOffer, Offer, Runner, Workload
from seatrial.packages import Packages
from seatrial.runners.native import Native
from seatrial.runners.qemu_user import QemuUser
from seatrial.runners.wine import Wine
from seatrial.store import Store
from seatrial.tables.messages import message

__all__ = ["all_runners", "ways"]


def all_runners(store: Store, note: Callable[[str], None]) -> tuple[Runner, ...]:
    """Every runner. Nothing is tried or fetched before its `offers` is called; `note` is told what takes time."""
    packages = Packages(store, note)
    return (Native(store, packages), QemuUser(store, packages), Wine(store, packages))


def ways(
    runners: Iterable[Runner], platform: Platform, workload: Workload
) -> tuple[tuple[Offer, ...], tuple[CannotOffer, ...]]:
    """The ways to run such programs of this platform, best first, and why there are no others.

    Natively first where the CPU is nothing but a level of its architecture. A named CPU is better stood for by an
    emulator that has its model: that one traps an instruction which the CPU does not have. With no way at all there is
    at least one reason.
    """
    if platform.cannot_run:
        reason = message("runners.platform_cannot_run", why="; ".join(platform.cannot_run))
        return (), (CannotOffer("", reason, "cannot-run", message("runners.platform_cannot_run_needs")),)
    found = [one for runner in runners for one in runner.offers(platform, workload)]
    offers = [one for one in found if isinstance(one, Offer)]
    if platform.qemu is not None and workload.goarch == "amd64" and not platform.cpu.startswith("x86-64-"):
        offers.sort(key=lambda offer: offer.runner == "native" and offer.fidelity != "hardware")
    refusals = [one for one in found if isinstance(one, CannotOffer)]
    if not found:
        port = f"{workload.goos}/{workload.goarch}"
        needs = message("runners.needs_machine", what=port)
        refusals.append(CannotOffer("", message("runners.nobody", port=port), "no-runner", needs))
    return tuple(offers), tuple(refusals)

"""The ways to run a program of a platform, best first; each is looked for only when somebody asks for it.

To look may fetch an emulator or boot a machine: what is not needed is not paid for.
"""

from collections.abc import Iterable, Iterator

from seatrial.model.platform import Platform
from seatrial.model.runner import CannotOffer, Offer, Runner, Workload
from seatrial.tables.messages import message

__all__ = ["Ways", "ways"]


class Ways:
    """The offers that were found so far, and why others cannot be made. For one thread at a time."""

    def __init__(self, found: Iterable[Offer | CannotOffer]) -> None:
        self._rest = iter(found)
        self.offers: tuple[Offer, ...] = ()
        self.refusals: tuple[CannotOffer, ...] = ()
        self.looked = 0
        """How often `another` was asked, the time included when there was none: what a result rests on."""
        self.more = True
        """False: everybody was asked."""

    def another(self) -> bool:
        """Look for one more offer; False when there is none."""
        if not self.more:
            return False
        self.looked += 1
        for one in self._rest:
            if isinstance(one, Offer):
                self.offers += (one,)
                return True
            self.refusals += (one,)
        self.more = False
        return False

    def look(self, times: int) -> None:
        """Ask for `another` until that was done so often, or all were found."""
        while self.looked < times and self.more:
            self.another()


def ways(runners: Iterable[Runner], platform: Platform, workload: Workload) -> Ways:
    """The ways to run such programs of this platform, best first.

    Natively first where the CPU is nothing but a level of its architecture. A named CPU is better stood for by an
    emulator that has its model: that one traps an instruction which the CPU does not have. With no way at all there is
    at least one reason.
    """
    return Ways(_search(runners, platform, workload))


def _search(runners: Iterable[Runner], platform: Platform, workload: Workload) -> Iterator[Offer | CannotOffer]:
    if platform.cannot_run:
        reason = message("runners.platform_cannot_run", why="; ".join(platform.cannot_run))
        yield CannotOffer("", reason, "cannot-run", message("runners.platform_cannot_run_needs"))
        return
    model_first = platform.qemu is not None and workload.goarch == "amd64" and not platform.cpu.startswith("x86-64-")
    put_off: list[Offer] = []
    nobody = True
    for runner in runners:
        offered = False
        for one in runner.offers(platform, workload):
            nobody = False
            if model_first and isinstance(one, Offer) and one.runner == "native" and one.fidelity != "hardware":
                put_off.append(one)
            else:
                offered = offered or isinstance(one, Offer)
                yield one
        if offered:
            yield from put_off
            put_off.clear()
    yield from put_off
    if nobody:
        port = f"{workload.goos}/{workload.goarch}"
        needs = message("runners.needs_machine", what=port)
        yield CannotOffer("", message("runners.nobody", port=port), "no-runner", needs)

"""The platform's page size by QEMU's older user emulation: the one way to 64K pages of arm64 without a kernel of them.

Its option `-p` makes the page size that programs and the loader are told; later releases ignore it. Only on request:
the emulator has more faults than the newer one. The canary reads the page size, so that an emulator which does not give
it is found.
"""

from collections.abc import Iterable, Iterator

import msgspec

from seatrial.errors import CouldNotCheck
from seatrial.model.platform import Platform
from seatrial.model.runner import CannotOffer, Offer, Workload
from seatrial.runners.emulators import Emulator, older_emulator
from seatrial.runners.qemu_user import QemuUser
from seatrial.tables.architectures import Architecture
from seatrial.tables.messages import message

__all__ = ["LIMIT", "PageSize"]

LIMIT = "programs and the loader are told of the page size; memory is mapped and protected in pages of 4096 bytes"


class PageSize(QemuUser):
    """Runs Linux programs of other page sizes than this host's."""

    name = "page-size"

    def offers(self, platform: Platform, workload: Workload) -> Iterator[Offer | CannotOffer]:
        """One way, or why there is none; nothing at all for other operating systems."""
        if workload.goos == "linux" and self._pages(platform) in (0, self._host.page_size):
            id_ = "page_size_is_hosts" if self._pages(platform) else "page_size_unknown"
            words = {"platform": platform.name, "size": str(self._pages(platform))}
            needs = message(f"runners.{id_}_needs", **words)
            yield CannotOffer(self.name, message(f"runners.{id_}", **words), "cannot-run", needs)
            return
        for one in super().offers(platform, workload):
            if isinstance(one, Offer):
                implementation = f"{one.implementation} with pages of {self._pages(platform)}"
                yield msgspec.structs.replace(one, implementation=implementation, limits=(*one.limits, LIMIT))
            else:
                yield one

    def _emulators(self, row: Architecture) -> Iterable[Emulator | CouldNotCheck]:
        return (older_emulator(self._store, self._packages, row),)

    def _pages(self, platform: Platform) -> int:
        return platform.page_size.value or 0

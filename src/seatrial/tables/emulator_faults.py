"""Known faults of emulators (`emulator_faults.toml`), by what runs where and by signature: both must match."""

import re
from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.tables.version_ranges import check_range, holds

__all__ = ["EmulatorFault", "Place", "all_faults", "known_faults"]


class Place(msgspec.Struct, frozen=True):
    """Where a program ran, as far as the table asks. Versions that are not known are ""."""

    guest: str
    """GOARCH of the program, or `windows` for wine."""
    host: str
    """GOARCH of the machine."""
    emulator: str
    emulator_version: str
    go_version: str
    host_kernel: str


class EmulatorFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row."""

    id: str
    guest: tuple[str, ...] = ()
    """Empty: any."""
    host: tuple[str, ...] = ()
    emulator: str
    emulator_versions: str = ""
    go_versions: str = ""
    host_kernels: str = ""
    signature: str
    """Python `re`, MULTILINE, over the way of failing and the output."""
    decides: bool
    """False: the signature is so general that other causes have it too. It is told as a hint and decides nothing."""
    summary: str
    mitigation: str
    issues: tuple[str, ...]
    sample: str

    def fits(self, place: Place) -> bool:
        """Whether such a fault can be met there."""
        return (
            self.emulator == place.emulator
            and (not self.guest or place.guest in self.guest)
            and (not self.host or place.host in self.host)
            and holds(self.emulator_versions, place.emulator_version)
            and holds(self.go_versions, place.go_version)
            and holds(self.host_kernels, place.host_kernel)
        )

    def signed(self, text: str) -> bool:
        """Whether the text bears the fault's signature."""
        return re.search(self.signature, text, re.MULTILINE) is not None


@cache
def all_faults() -> tuple[EmulatorFault, ...]:
    """Every row. Raises ValueError for one that cannot be used."""
    data = Path(__file__).with_name("emulator_faults.toml").read_bytes()
    rows = msgspec.toml.decode(data, type=ready(dict[str, tuple[EmulatorFault, ...]]))["fault"]
    for row in rows:
        for text in (row.emulator_versions, row.go_versions, row.host_kernels):
            check_range(text)
        re.compile(row.signature)
        if not row.issues:
            raise ValueError(f"emulator_faults.toml: {row.id} names no issue")
    return rows


def known_faults(place: Place, text: str) -> tuple[EmulatorFault, ...]:
    """The rows that match place and signature, those that decide first."""
    found = [row for row in all_faults() if row.fits(place) and row.signed(text)]
    return tuple(sorted(found, key=lambda row: not row.decides))

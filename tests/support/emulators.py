"""QEMU's user emulator for a test."""

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.packages import Packages
from seatrial.runners.emulators import Emulator, emulators
from seatrial.store import Store, default_root
from seatrial.tables.architectures import architectures

__all__ = ["qemu"]


def qemu(goarch: str) -> Emulator:
    """The newer of the two emulators of an architecture; without it the test is skipped, with the reason."""
    store = Store(default_root())
    found = next(emulators(store, Packages(store, lambda _: None), architectures()[goarch]))
    if isinstance(found, CouldNotCheck):
        pytest.skip(f"QEMU for {goarch} was missing: {found}")
    return found

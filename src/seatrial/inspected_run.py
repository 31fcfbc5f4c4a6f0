"""A run of an inspected program, for the system calls that it really makes."""

from collections.abc import Callable, Sequence
from pathlib import Path

from seatrial.errors import CouldNotCheck, UsageError
from seatrial.model.binary import BinaryFacts, Kind
from seatrial.packages import Packages
from seatrial.runners.emulators import emulators
from seatrial.store import Store
from seatrial.tables.architectures import architectures
from seatrial.trials.called import CalledCalls, calls_of_run

__all__ = ["calls_in_run"]


def calls_in_run(
    path: Path, facts: BinaryFacts, words: Sequence[str], store: Store, note: Callable[[str], None]
) -> CalledCalls:
    """The system calls of one run with these arguments, under QEMU. `note` is told what takes time.

    Raises UsageError for what is no Linux program, CouldNotCheck where it cannot be run.
    """
    row = architectures().get(facts.goarch) if isinstance(facts.goarch, str) else None
    if facts.goos != "linux" or row is None or facts.kind not in (Kind.EXECUTABLE, Kind.PIE):
        raise UsageError(f"{facts.path} is no Linux program that can be run here.", "--run takes ELF programs.")
    emulator = next(emulators(store, Packages(store, note), row))
    if isinstance(emulator, CouldNotCheck):
        raise emulator
    assert isinstance(facts.goarch, str)
    return calls_of_run(emulator, facts.goarch, path, words)

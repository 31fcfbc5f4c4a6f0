"""Instruction coverage: what a program executed of the instructions that need more than its CPU's base.

Read by our reader from the log of QEMU's user emulation (`seatrial.trials.coverage`).
"""

import msgspec

__all__ = ["Coverage", "CoveredExtension", "CoveredFunction", "CoveredWork"]


class CoveredFunction(msgspec.Struct, frozen=True):
    """A function that holds instructions of an extension, as far as a run came to them."""

    name: str
    package: str
    """Import path; "" for C and what the linker made."""
    executed: int
    """Instructions of the extension that were executed."""
    translated: int
    """Those that the emulator translated and that nothing shows to have been executed: they stand in a block that may
    have been left before, by a fault or a signal."""
    first: int = 0
    """Address of the first of them."""


class CoveredExtension(msgspec.Struct, frozen=True):
    """What a run came to of one CPU feature's instructions."""

    feature: str
    """The kernel's name: `avx2`, `atomics`."""
    functions: tuple[CoveredFunction, ...]

    @property
    def executed(self) -> int:
        return sum(one.executed for one in self.functions)


class CoveredWork(msgspec.Struct, frozen=True, rename={"work": "class"}):
    """Counts of a program's instructions of one feature and one kind of work."""

    feature: str
    """"" for instructions that every CPU of the architecture has."""
    work: str
    """`integer`, `float`, `vector`, `atomic` or `crypto`."""
    present: int
    """In the program's code."""
    executed: int
    translated: int


class Coverage(msgspec.Struct, frozen=True):
    """What the runs of one stage executed, summed over its programs."""

    traces: int
    """Blocks of code that were begun, as far as they were logged."""
    outside: int
    """Blocks outside the program: its libraries, the loader, code made at run time."""
    odd: int
    """Lines of the log that could not be understood."""
    undecoded: int
    """Blocks with an instruction that our decoder does not know."""
    extensions: tuple[CoveredExtension, ...]
    classes: tuple[CoveredWork, ...]
    programs: int = 1
    """How many programs were watched: one for the smoke trial, one for each test binary."""
    unwatched: tuple[str, ...] = ()
    """Programs of which nothing can be told, each with the reason."""

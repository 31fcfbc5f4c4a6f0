"""How the Go runtime of a port works, as read from the code of a binary: what is common to all programs of the port."""

import msgspec

__all__ = ["AtomicOperation", "Conventions", "Ordering"]


class AtomicOperation(msgspec.Struct, frozen=True):
    """A function of internal/runtime/atomic that the binary has, with what in it orders memory."""

    function: str
    kind: str
    """`load`, `store` or `exchange`."""
    barriers: tuple[str, ...]
    """Names of instructions or groups of them, as `reader/conventions/barriers.json` has them."""
    needs: tuple[str, ...]
    """One of these makes it sequentially consistent; none: the architecture needs nothing."""
    sufficient: bool


class Ordering(msgspec.Struct, frozen=True):
    """What a port does for one kind of operation of sync/atomic."""

    needs: tuple[str, ...]
    found: tuple[str, ...]
    """Those of them that the code has."""
    sufficient: bool


class Conventions(msgspec.Struct, frozen=True):
    """The answer of the reader to the want `conventions`."""

    g: str
    """Where the pointer to the goroutine lives: "R14", or "TLS FS:-0x8"."""
    guard: int
    """Offset of the stack guard in g, bytes."""
    checked: int
    """Functions whose prologue compares the stack pointer with the guard."""
    unchecked: int
    """Functions without: leaves with small frames, and nosplit ones."""
    other_forms: int
    """Prologues that find the guard in another way than most."""
    prologue: str
    """The most frequent bytes up to the guard, in hexadecimal."""
    operations: tuple[AtomicOperation, ...]
    emitted: dict[str, int]
    """Instructions that order memory in compiled functions of the runtime, counted."""
    kinds: dict[str, Ordering]
    """By `load`, `store`, `exchange`."""

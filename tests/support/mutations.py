"""Damages binaries, the same way each time: cuts, flipped bits, extreme numbers, holes, shuffled blocks."""

import random
from collections.abc import Iterator

EXTREMES = (
    0,
    1,
    7,
    0x7F,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    1 << 40,
    (1 << 63) - 1,
    (1 << 64) - 1,
)


def mutants(made: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Damaged copies; most of the damage is in the first 4 KiB, where the tables are."""
    chance = random.Random(seed)
    kinds = (_cut, _flip, _extreme, _extreme, _extremes, _hole, _shuffle, _noise)
    for index in range(count):
        yield kinds[index % len(kinds)](made, chance)


def _place(made: bytes, chance: random.Random) -> int:
    near = chance.random() < 0.7
    return chance.randrange(4, max(5, min(4096, len(made)) if near else len(made)))


def _cut(made: bytes, chance: random.Random) -> bytes:
    return made[: chance.randrange(1, len(made))]


def _flip(made: bytes, chance: random.Random) -> bytes:
    raw = bytearray(made)
    for _ in range(chance.choice((1, 4, 64))):
        raw[_place(made, chance)] ^= 1 << chance.randrange(8)
    return bytes(raw)


def _extreme(made: bytes, chance: random.Random) -> bytes:
    size = chance.choice((1, 2, 4, 8))
    at = _place(made, chance) // size * size
    value = chance.choice((*EXTREMES, len(made), len(made) - 1, at)) & ((1 << 8 * size) - 1)
    return made[:at] + value.to_bytes(size, chance.choice(("little", "big"))) + made[at + size :]


def _extremes(made: bytes, chance: random.Random) -> bytes:
    for _ in range(8):
        made = _extreme(made, chance)
    return made


def _hole(made: bytes, chance: random.Random) -> bytes:
    at, size = _place(made, chance), chance.choice((4, 16, 64, 1024))
    return made[:at] + chance.choice((b"\0", b"\xff")) * size + made[at + size :]


def _shuffle(made: bytes, chance: random.Random) -> bytes:
    one, two, size = _place(made, chance), _place(made, chance), chance.choice((4, 8, 16, 64))
    return made[:one] + made[two : two + size] + made[one + size :]


def _noise(made: bytes, chance: random.Random) -> bytes:
    at = _place(made, chance)
    return made[:at] + chance.randbytes(min(512, len(made) - at)) + made[at + 512 :]

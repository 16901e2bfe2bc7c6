"""Values of slots, made some hundreds at a time as they are asked for, so that a fan-out of a million holds few of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

SIZE: Final = 1024
"""Slots of a block."""

BITS: Final = SIZE.bit_length() - 1
_KEPT: Final = 32


def by_block(make: Callable[[int, int], list[T]]) -> Callable[[int, int], T]:
    """What gives the value of a turn and a slot; `make(turn, block)` gives those of a block, which starts at slot
    `block * SIZE`.

    The last few blocks are kept. A block that is asked for again is made again: it must come out the same.

    >>> value = by_block(lambda turn, block: list(range(SIZE)))
    >>> value(0, 1025)
    1
    """
    block_of = kept_blocks(make)
    here, values = (-1, -1), list[T]()

    def value(turn: int, slot: int) -> T:
        nonlocal here, values
        if (turn, slot >> BITS) != here:
            here = turn, slot >> BITS
            values = block_of(*here)
        return values[slot & (SIZE - 1)]

    return value


def kept_blocks(make: Callable[[int, int], list[T]]) -> Callable[[int, int], list[T]]:
    """What gives the block of a turn and a number, of which the last few are kept."""
    kept: dict[tuple[int, int], list[T]] = {}

    def block_of(turn: int, number: int) -> list[T]:
        if (block := kept.get((turn, number))) is None:
            while len(kept) >= _KEPT:
                del kept[next(iter(kept))]
            block = kept[turn, number] = make(turn, number)
        return block

    return block_of


def slots_of(block: int, slots: int) -> range:
    """The slots of a block, of so many in all."""
    return range(block * SIZE, min((block + 1) * SIZE, slots))

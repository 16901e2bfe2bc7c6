"""How fast the machine is at a moment: what a fixed piece of work takes.

A core may share its units with another one, a clock may be lowered: for a tenth of a second or for several everything takes
longer, by up to twice. What was measured then is compared by how this work, done in the same moments, was slowed down.
"""

from __future__ import annotations

from typing import Any, Final

from attune_sim.probes.clock import Clock

_OBJECTS: Final = 100
_TRIES: Final = 3


class _Piece:
    __slots__ = ("index", "item", "place")

    def __init__(self, item: Any, index: int, place: int) -> None:
        self.item, self.index, self.place = item, index, place


def pace_us(clock: Clock) -> float:
    """Microseconds of making a hundred small objects and filing them by number: the shortest of three times, since what was
    done just before may have left the caches cold."""
    return min(_took(clock) for _ in range(_TRIES)) * 1e6


def _took(clock: Clock) -> float:
    began = clock()
    filed: dict[int, _Piece] = {}
    for number in range(_OBJECTS):
        piece = _Piece(None, number, number + 1)
        filed[piece.place] = piece
    return clock() - began

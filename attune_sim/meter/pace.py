"""How fast the machine is at a moment, by a piece of work of the meter's own.

The other half of a core, or a clock that was lowered, makes all work up to twice as slow, for some hundredth of a second or for a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attune_sim.collector import collector_at_rest

_OBJECTS: Final = 200
_LOTS: Final = 5


class _Piece:
    __slots__ = ("number", "place")

    def __init__(self, number: int, place: int) -> None:
        self.number, self.place = number, place


def pace_ns(clock: Callable[[], int]) -> int:
    """Nanoseconds of making a thousand small objects, in lots of 200, after one lot that finds cold caches. Making objects slows down as
    forks do, to within a tenth; writing numbers as texts slowed down half as much. It takes about as long as a batch of forks: there are
    moments at full speed that a shorter piece finds and a batch does not. The collector rests, and all are let go again, so that no
    collection of the run happens here or comes nearer."""
    with collector_at_rest():
        _lot()
        began = clock()
        for _ in range(_LOTS):
            _lot()
        return clock() - began


def _lot() -> None:
    kept: list[Any] = [None] * _OBJECTS
    for number in range(_OBJECTS):
        kept[number] = _Piece(number, number)

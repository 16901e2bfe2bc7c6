"""How fast the machine is at a moment, by a piece of work of the meter's own.

The other half of a core, or a clock that was lowered, makes all work up to twice as slow, for some hundredth of a second or for a minute.
"""

from __future__ import annotations

from collections.abc import Callable

_NUMBERS = 200


def pace_ns(clock: Callable[[], int]) -> int:
    """Nanoseconds of writing some numbers as texts: the shortest of three times, since the first finds cold caches. Nothing that
    it makes is known to the collector, so that no collection of the run happens here."""
    return min(_took(clock), _took(clock), _took(clock))


def _took(clock: Callable[[], int]) -> int:
    letters, began = 0, clock()
    for number in range(_NUMBERS):
        letters += len(str(number))
    return clock() - began

"""The pauses of Python's garbage collector while a run goes on: when each began, and how long it took."""

from __future__ import annotations

import gc
from array import array
from collections.abc import Iterator
from typing import Any

from attune_sim.probes.clock import Clock


class Pauses:
    """Hears of every collection between `begin` and `end`; eight bytes and two readings of the clock each, twice.

    >>> from time import perf_counter
    >>> pauses = Pauses(perf_counter); pauses.begin(); _ = gc.collect(); pauses.end()
    >>> len(pauses) >= 1, all(took > 0 for _, took in pauses)
    (True, True)
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began, self._took = array("d"), array("d")
        self._since = 0.0

    @property
    def nbytes(self) -> int:
        """Bytes that the list itself holds."""
        return self._began.itemsize * (len(self._began) + len(self._took))

    def begin(self) -> None:
        gc.callbacks.append(self._note)

    def end(self) -> None:
        """Hear no more. A second time does nothing."""
        if self._note in gc.callbacks:
            gc.callbacks.remove(self._note)

    def _note(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._since = self._clock()
        else:
            self._began.append(self._since)
            self._took.append(self._clock() - self._since)

    def __len__(self) -> int:
        return len(self._took)

    def __iter__(self) -> Iterator[tuple[float, float]]:
        """What the clock read when each began, and the seconds that it took, in order."""
        return zip(self._began, self._took, strict=True)

    def __repr__(self) -> str:
        return f"<Pauses: {len(self)}, {sum(self._took):.3g} s>"

"""How long the cells that are missing will take, told from those that have ended. An estimate, and no more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from attune_sim.experiment.spec import CellSpec

SET_UP_S: Final = 30.0
"""What a cell that meets its time limit may take besides, at the most that is expected."""


class Remaining:
    """Told what began and what ended, it says what is left.

    A cell takes what other cells of its strategy took, in proportion to items times context beyond what the shortest cell of
    all took: that is its process. So large cells of a cheap strategy are expected later than they come, never earlier.
    """

    def __init__(self, time_limit_s: float, workers: int = 1, clock: Callable[[], float] = time.monotonic):
        self._most, self._workers, self._clock = time_limit_s + SET_UP_S, workers, clock
        self._took: dict[str, dict[float, float]] = {}
        self._began: dict[str, float] = {}
        self._over: float | None = None

    def began(self, cell: CellSpec) -> None:
        """Its time begins."""
        self._began[cell.key.id] = self._clock()

    def ended(self, cell: CellSpec, left: Iterable[CellSpec]) -> None:
        """Its time is over, if it ever began: one that was known already tells nothing. `left` are the cells that are missing."""
        since = self._began.pop(cell.key.id, None)
        if since is not None:
            self._took.setdefault(cell.key.strategy, {})[_work(cell)] = self._clock() - since
        if self._took:
            seconds = sum(self._expected(one) for one in left) / self._workers
            self._over = self._clock() + seconds

    @property
    def seconds(self) -> float | None:
        """What is left; None as long as no cell has ended."""
        return None if self._over is None else max(0.0, self._over - self._clock())

    def _expected(self, cell: CellSpec) -> float:
        work, least = _work(cell), min(min(known.values()) for known in self._took.values())
        known = self._took.get(cell.key.strategy) or next(iter(self._took.values()))
        near = min(known, key=lambda one: abs(one - work))
        return min(least + (known[near] - least) * work / near, self._most)


def _work(cell: CellSpec) -> float:
    return float(max(cell.key.items, 1) * max(cell.key.context_bytes, 1))

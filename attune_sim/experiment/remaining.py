"""How long the cells that are missing will take, told from those that have ended. An estimate, and no more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import Final

from attune_sim.experiment.spec import CellSpec

SET_UP_S: Final = 30.0
"""What a cell that meets its time limit may take besides, at the most that is expected."""


class Remaining:
    """Told what began and what ended, it says what is left.

    A cell takes what other cells of its strategy took, in proportion to items times context beyond what the shortest cell of
    all took: that is its process. So large cells of a cheap strategy are expected later than they come, never earlier. Of a
    strategy that nobody has heard of yet, the median of the others is expected; where one alone is known, which may be the most
    expensive of all, nothing is said of others.
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
        missing = list(left)
        if len(self._took) > 1 or all(one.key.strategy in self._took for one in missing):
            self._over = self._clock() + sum(self._expected(one) for one in missing) / self._workers

    @property
    def seconds(self) -> float | None:
        """What is left; None as long as that cannot be told."""
        return None if self._over is None else max(0.0, self._over - self._clock())

    def _expected(self, cell: CellSpec) -> float:
        known = self._took.get(cell.key.strategy)
        if known is not None:
            return self._expected_of(known, cell)
        return median(self._expected_of(other, cell) for other in self._took.values())

    def _expected_of(self, known: Mapping[float, float], cell: CellSpec) -> float:
        work, least = _work(cell), min(min(took.values()) for took in self._took.values())
        near = min(known, key=lambda one: abs(one - work))
        return min(least + (known[near] - least) * work / near, self._most)


def _work(cell: CellSpec) -> float:
    return float(max(cell.key.items, 1) * max(cell.key.context_bytes, 1))

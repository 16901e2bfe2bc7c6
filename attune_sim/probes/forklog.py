"""Every fork of a run as it is made: how many, how long each took, and the most that were alive at once.

A run that dies while it forks leaves this behind; its events would come too late.
"""

from __future__ import annotations

from array import array
from statistics import median
from typing import Any, Final

from attune_sim.engine.events import ActionEnded

_LOOKED_AT: Final = 10_000  # the median of so many is sharp


class ForkLog:
    """An observer. `forks` counts every fork of an item, those for retries included; `most_alive` is the largest number
    of forks whose attempt had not ended; `total_us` is the time that all of them took."""

    def __init__(self) -> None:
        self.forks = self.most_alive = 0
        self.total_us = 0.0
        self._ended = 0
        self._largest = 0
        self._task = ""
        self._each = array("f")

    @property
    def nbytes(self) -> int:
        """Bytes that the log itself holds."""
        return self._each.itemsize * len(self._each)

    @property
    def typical_us(self) -> float | None:
        """The median over the largest fan-out, one reading of the clock inside; None if nothing was forked."""
        step = max(1, len(self._each) // _LOOKED_AT)
        return median(self._each[::step]) if self._each else None

    def task_started(self, task: str, visit: int, items: int | None) -> None:
        if items is not None and items > self._largest:
            self._task, self._largest = task, items
            self._each = array("f")

    def forked(self, task: str, index: int | None, fork: Any, fork_us: float) -> None:
        if index is None:
            return
        self.forks += 1
        self.total_us += fork_us
        self.most_alive = max(self.most_alive, self.forks - self._ended)
        if task == self._task:
            self._each.append(fork_us)

    def action_ended(self, event: ActionEnded) -> None:
        self._ended += event.index is not None

    def __repr__(self) -> str:
        return f"<ForkLog: {self.forks} forks, at most {self.most_alive} alive>"

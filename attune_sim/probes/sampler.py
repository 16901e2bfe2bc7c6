"""Memory over the course of a run: a reading now and then, handed on at once so that a killed run leaves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attune_sim.probes.clock import Clock
from attune_sim.probes.memory import LIVE_HEAP, MemoryProbe

Growth = tuple[int, str, float]
"""Forks so far, metric, growth of it since the run began."""

Emit = Callable[[float, list[Growth]], None]
"""Called with seconds since the start and what was read."""


_PARTS: Final = 25
"""A fan-out whose size is known only as it begins is read at no more than about so many places."""


class Sampler:
    """An observer that reads memory at forks 1, 2, 4, 8 ... of each fan-out, then every `every` forks (rarer in one of
    more than 25 times as many), at its last fork, at its end, and whenever `seconds` have passed; `peaks` keeps the
    largest growth of each metric.

    Values are growth since `begin`; what measuring itself holds (`overhead()`, in bytes) is taken off the live heap.
    `item_index` of a sample counts forks: items done plus those that are under way. `spent_s` is the time that
    sampling took, to be taken off the time of the run.
    """

    def __init__(
        self,
        memory: MemoryProbe,
        clock: Clock,
        emit: Emit,
        *,
        every: int,
        seconds: float = 0.5,
        overhead: Callable[[], int] = lambda: 0,
    ) -> None:
        if every < 1:
            raise ValueError("every counts from 1")
        self._memory, self._clock, self._emit = memory, clock, emit
        self._least, self._every, self._seconds, self._overhead = every, every, seconds, overhead
        self.forks = 0
        self.spent_s = 0.0
        self.peaks: dict[str, float] = {}
        self._base: dict[str, float] = {}
        self._started = self._due = clock()
        self._first = self._next = self._last = 0

    def begin(self) -> None:
        """Read what is there before the run; everything is told as growth since now."""
        self._base = self._memory.read()
        self._base[LIVE_HEAP] -= self._overhead()
        self._started = self._clock()
        self._due = self._started + self._seconds

    def task_started(self, task: str, visit: int, items: int | None) -> None:
        if items:
            self._first = self._next = self.forks + 1
            self._last = self.forks + items
            self._every = max(self._least, items // _PARTS)

    def forked(self, task: str, index: int | None, fork: Any, fork_us: float) -> None:
        if index is None:
            return
        self.forks += 1
        if self.forks >= self._next:
            self._plan_next()
            self.sample()

    def item_ended(
        self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str | None
    ) -> None:
        if self._clock() >= self._due:
            self.sample()

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        if self._last:
            self.sample()

    def sample(self) -> None:
        """Read now, hand it on, and remember the peaks."""
        began = self._clock()
        elapsed = began - self._started - self.spent_s
        values = self._memory.read()
        values[LIVE_HEAP] -= self._overhead()
        growth = {metric: value - self._base[metric] for metric, value in values.items()}
        for metric, value in growth.items():
            self.peaks[metric] = max(value, self.peaks.get(metric, value))
        self._emit(elapsed, [(self.forks, *grown) for grown in growth.items()])
        ended = self._clock()
        self.spent_s += ended - began
        self._due = ended + self._seconds

    def _plan_next(self) -> None:
        """Close together at the start, where a run may end early, and always the last fork."""
        done = self.forks - self._first + 1
        self._next = self.forks + min(done, self._every)
        if self.forks < self._last < self._next:
            self._next = self._last

"""Instruments with a script, for tests of whatever reads instruments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attune_sim.probes.cachegrind import Work
from attune_sim.probes.memory import LIVE_HEAP


class FakeClock:
    """A clock that goes on by `step` seconds with every reading, and by what `advance` is told.

    >>> clock = FakeClock(step=0.5)
    >>> clock(), clock()
    (0.5, 1.0)
    """

    def __init__(self, step: float = 0.0) -> None:
        self.now, self._step = 0.0, step

    def __call__(self) -> float:
        self.now += self._step
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class FakeMemory:
    """A memory probe that gives a list of live-heap values, one after the other; the last one stays.

    >>> memory = FakeMemory([100, 250])
    >>> memory.read(), memory.heap(), memory.heap()
    ({'live_heap_bytes': 100}, 250, 250)
    """

    heap_source = "fake"

    def __init__(self, heap: Iterable[int], labels: Mapping[str, str] | None = None) -> None:
        self._heap = list(heap)
        self.labels: Mapping[str, str] = labels or {}

    def heap(self) -> int:
        return self._heap.pop(0) if len(self._heap) > 1 else self._heap[0]

    def read(self) -> dict[str, float]:
        return {LIVE_HEAP: self.heap()}


class FakeCounter:
    """A counter of instructions that is told them: works call `spend`. What they are told otherwise is not counted.

    >>> counter = FakeCounter()
    >>> counter.counts([lambda: counter.spend(3), lambda: None])
    [3, 0]
    """

    def __init__(self) -> None:
        self.spent = 0

    def spend(self, instructions: int) -> None:
        self.spent += instructions

    def counts(self, works: Sequence[Work]) -> list[int]:
        return [self._count(work) for work in works]

    def _count(self, work: Work) -> int:
        before = self.spent
        work()
        return self.spent - before

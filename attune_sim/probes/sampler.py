"""Memory over the course of a run: a reading now and then, handed on at once so that a killed run leaves it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Any, Final

from attune_sim.collector import collector_at_rest
from attune_sim.engine.offer import Offer
from attune_sim.probes.clock import Clock
from attune_sim.probes.memory import LIVE_HEAP, MemoryProbe

Growth = tuple[int, str, float]
"""Forks so far, metric, growth of it since the run began."""

Emit = Callable[[float, list[Growth]], None]
"""Called with seconds since the start and what was read."""


_PARTS: Final = 12
"""A fan-out is read at about so many places, and at no more where its size is known only as it begins."""
_APART: Final = 64  # forks at least: reading memory leaves caches cold, and a few items pay for it
_PACE_S: Final = 0.005
"""Where forks are slow, how fast the machine is is read about every so many seconds: it changes within some hundredths of one."""
_SLOW_S: Final = 0.001
"""Of a fork, and what lies between it and the next one. Beside quicker ones such a reading would be seen."""
_PAUSES: Final = 48
"""The pace is read between attempts at about so many places, since the speed changes several times in a run of 10 ms."""
_PAUSES_APART: Final = 16  # attempts at least: the next one finds its caches a little colder
_WIDER: Final = 3  # reading 1 to 2 ms of a large heap at more places would be seen in the time of the run


def apart(items: int) -> int:
    """Forks from one reading to the next, of a run whose number of items is known beforehand.

    >>> apart(100), apart(12_000)
    (64, 1000)
    """
    return max(_APART, items // _PARTS)


class Marks:
    """Readings of the live heap over one fan-out: forks made and items done by then, and bytes, 24 bytes each."""

    __slots__ = ("done", "forks", "heap")

    def __init__(self) -> None:
        self.forks, self.done, self.heap = array("q"), array("q"), array("d")

    @property
    def nbytes(self) -> int:
        """Bytes of the readings themselves."""
        return 3 * self.heap.itemsize * len(self.heap)

    def note(self, forks: int, done: int, heap: float) -> None:
        self.forks.append(forks)
        self.done.append(done)
        self.heap.append(heap)

    def beside_first(self, record_bytes: float | None) -> float | None:
        """The most by which the heap was larger than at the first fork, without records; None if nobody looked, or if items
        ended and nobody knows what they left behind.

        At the first fork all that the engine makes once a fan-out is there, and nothing else is.
        """
        first = next((place for place, forks in enumerate(self.forks) if forks), None)
        if first is None or (record_bytes is None and self.done[-1] > self.done[first]):
            return None
        left, base, done = record_bytes or 0.0, self.heap[first], self.done[first]
        readings = list(zip(self.done, self.heap, strict=True))[first:]
        return max(heap - base - left * (ended - done) for ended, heap in readings)

    def slope_of_forks(self) -> float | None:
        """Bytes by which the heap grew with each fork while no item ended; None with fewer than two readings.

        From the first fork on, so that all of them count.
        """
        made = [
            place
            for place, (forks, done) in enumerate(zip(self.forks, self.done, strict=True))
            if forks and done == self.done[0]
        ]
        if len(made) < 2:
            return None
        first, last = made[0], made[-1]
        grown, forks = self.heap[last] - self.heap[first], self.forks[last] - self.forks[first]
        return grown / forks if forks else None

    def __len__(self) -> int:
        return len(self.heap)

    def __repr__(self) -> str:
        return f"<Marks: {len(self)} readings>"


class Sampler:
    """An observer that reads memory as a fan-out opens, at its forks 1, 4, 16 ..., then every `every` forks (rarer in
    one of more than 12 times as many), at its last fork, when all have ended and when its task has; `peaks` keeps the largest
    growth of each metric, `marks` items done and live heap over the largest fan-out, from its opening until all have ended.

    Where forks are slow it comes sooner, so that about `seconds` pass between readings; where the `room()` that is left
    (bytes; None: unknown) will not last for the next stretch, it comes half-way there, so that the last reading before a
    run dies of memory is a fork or two before its end.

    Values are growth since `begin`; what measuring itself holds (`overhead()`, in bytes) is taken off the live heap.
    `item_index` of a sample counts forks: items done plus those that are under way. `spent_s` is the time that
    sampling took, to be taken off the time of the run; `spans` says when. `paces` are what `pace()` gave at each reading, and where
    forks are slow also between them; `attempt_paces` what it gave between attempts, at about 48 places: these may come long after their
    forks, and a machine changes its speed within a hundredth of a second.
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
        room: Callable[[], float | None] = lambda: None,
        done: Callable[[], int] = lambda: 0,
        pace: Callable[[], float] = lambda: 0.0,
    ) -> None:
        if every < 1:
            raise ValueError("every counts from 1")
        self._memory, self._clock, self._emit = memory, clock, emit
        self._least, self._every, self._seconds = every, every, seconds
        self._overhead, self._room, self._done, self._pace = overhead, room, done, pace
        self.forks = 0
        self.spent_s = 0.0
        self.peaks: dict[str, float] = {}
        self.marks = Marks()
        self._base: dict[str, float] = {}
        self._started = clock()
        self._before = self._items = self._most = 0
        self._marking: Marks | None = None
        self._last: tuple[float, float, int] = (0.0, 0.0, 0)  # elapsed, live heap, forks
        self._due, self._each_s = 0, 0.0
        self._began, self._took = array("d"), array("d")
        self.paces, self.attempt_paces = array("d"), array("d")

    def begin(self) -> None:
        """Read what is there before the run; everything is told as growth since now."""
        self._base = self._memory.read()
        self._base[LIVE_HEAP] -= self._overhead()
        self._started = self._clock()

    def fan_out_opened(self, offer: Offer) -> None:
        if offer.plain:
            return
        self._before, self._items = self.forks, len(offer.items)
        self._every = max(self._least, self._items // _PARTS)
        if self._items > self._most:
            self._most, self.marks = self._items, Marks()
            self._marking = self.marks
        self._due = 0
        self.sample()

    def fork_sampled(self, task: str, index: int, fork: Any) -> int:
        began = self._clock()
        with collector_at_rest():
            if index < self._due:
                self.paces.append(self._pace())
            else:
                self.forks = self._before + index + 1
                before = self._last
                self._read(began)
                self._due = index + self._stride(index + 1, before)
        self._spent(began)
        slow = self._each_s > _SLOW_S
        return min(self._due, index + max(1, round(_PACE_S / self._each_s))) if slow else self._due

    def attempt_sampled(self, task: str, index: int) -> int:
        began = self._clock()
        with collector_at_rest():
            self.attempt_paces.append(self._pace())
        self._spent(began)
        return index + max(_PAUSES_APART, self._items // _PAUSES)

    def fan_out_ended(self, offer: Offer) -> None:
        if not offer.plain:
            self.sample()
            self._marking = None

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        if self._items:
            self.sample()

    def sample(self) -> None:
        """Read now, hand it on, and remember the peaks."""
        began = self._clock()
        with collector_at_rest():
            self._read(began)
        self._spent(began)

    def _spent(self, began: float) -> None:
        """What was done since then is no part of the run."""
        self._began.append(began)
        took = self._clock() - began
        self._took.append(took)
        self.spent_s += took

    def _read(self, began: float) -> None:
        elapsed = began - self._started - self.spent_s
        self.paces.append(self._pace())
        values = self._memory.read()
        values[LIVE_HEAP] -= self._overhead() + self._nbytes
        growth = {metric: value - self._base[metric] for metric, value in values.items()}
        for metric, value in growth.items():
            self.peaks[metric] = max(value, self.peaks.get(metric, value))
        self._last = elapsed, growth[LIVE_HEAP], self.forks
        if self._marking is not None:
            self._marking.note(self.forks - self._before, self._done(), growth[LIVE_HEAP])
        self._emit(elapsed, [(self.forks, *grown) for grown in growth.items()])

    @property
    def _nbytes(self) -> int:
        return self.marks.nbytes + 3 * self._took.itemsize * len(self._took)

    @property
    def spans(self) -> Iterator[tuple[float, float]]:
        """What the clock read when each reading began, and the seconds that it took, in order."""
        return zip(self._began, self._took, strict=True)

    def _stride(self, made: int, before: tuple[float, float, int]) -> int:
        """How many forks further to look next: close together at the start, where a run may end early, and always at
        the last fork."""
        stride = min(_WIDER * made, self._every)
        elapsed, heap, forks = (now - then for now, then in zip(self._last, before, strict=True))
        if forks > 0 and elapsed > 0:
            self._each_s = elapsed / forks
            stride = min(stride, int(self._seconds / self._each_s))
        room = self._room()
        if forks > 0 and heap > 0 and room is not None:
            stride = min(stride, int(room * forks / heap / 2))
        left = self._items - made
        return max(1, min(stride, left) if left > 0 else stride)

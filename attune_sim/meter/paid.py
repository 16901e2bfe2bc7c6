"""What a run pays for its forks and its actions: the run itself, with a watch around each of these calls."""

from __future__ import annotations

import gc
from array import array
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter_ns, thread_time_ns
from typing import Any, Final

from attune_sim.contexts.strategy import Context, ContextStrategy, Fork, Forker
from attune_sim.executors.readied import around
from attune_sim.executors.stoppable import is_async
from attune_sim.meter.pace import pace_ns
from attune_sim.scope import ContextPath

SLOW_NS: Final = 20_000
"""Of a fork, above which asking another clock is no part of what it takes: that leaves caches cold for some tenths of a microsecond."""

_READINGS: Final = 2_001
_PACES: Final = 50
"""Readings of the machine's pace over the forks of a run, at least."""
_PACE_NS: Final = 5_000_000
"""Of slow forks it is read about every so many nanoseconds: it changes within some hundredths of a second."""


def mean_us(nanoseconds: array[int] | None, reading: float) -> float | None:
    """The mean of times that each have one reading of the clock in them, in microseconds."""
    return (sum(nanoseconds) / len(nanoseconds) - reading) / 1e3 if nanoseconds else None


def clock_ns() -> float:
    """What is between two readings of the clock with nothing between them, in nanoseconds: the median of many."""
    return median(-(perf_counter_ns() - perf_counter_ns()) for _ in range(_READINGS))


class WatchedForker:
    """A forker that notes how long each fork took; whatever else it is asked for the one behind it, `bare`, answers."""

    def __init__(self, forker: Forker) -> None:
        self.bare, self._fork = forker, forker.fork
        self.nanoseconds = array("q")

    def fork(self, item: Any, index: int) -> Fork:
        clock = perf_counter_ns
        began = clock()
        fork = self._fork(item, index)
        self.nanoseconds.append(clock() - began)
        return fork

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)


class PacedForker(WatchedForker):
    """One that leaves out what something else had the processor for, and reads how fast the machine was.

    After a slow fork the clock of this thread's own work is read too. It reads more otherwise, and asking it drives quick
    forks out of the caches.

    `paces` are nanoseconds of a fixed piece of work, done now and then between two forks of the largest fan-out.

    `alive` is how many forks there were when as many had been made as the fan-out has items, `last`: the collector is
    asked, so it stays None where it does not know this kind of fork.
    """

    def __init__(self, forker: Forker) -> None:
        super().__init__(forker)
        self.paces = array("q")
        self.last = 0
        self.alive: int | None = None
        self._is_slow = False
        self._to_pace = 0

    def fork(self, item: Any, index: int) -> Fork:
        clock = perf_counter_ns
        before = thread_time_ns() if self._is_slow else 0
        began = clock()
        fork = self._fork(item, index)
        took = clock() - began
        if before:
            took = min(took, thread_time_ns() - before)
        self._is_slow = took > SLOW_NS
        self.nanoseconds.append(took)
        made = len(self.nanoseconds)
        if self._to_pace <= made <= self.last:
            self._to_pace += max(1, min(self.last // _PACES, _PACE_NS // max(took, 1)))
            self.paces.append(pace_ns(thread_time_ns))
        if made == self.last:
            self.alive = alike(fork)
        return fork


def alike(fork: Fork) -> int | None:
    """How many objects of this fork's type the collector knows, this one included; None if it does not know it."""
    kind = type(fork)
    return sum(type(one) is kind for one in gc.get_objects()) or None


class WatchedStrategy:
    """A strategy whose forkers are watched: what it promises, and all else that it does, is that of the one behind it."""

    def __init__(self, strategy: ContextStrategy, watched: Callable[[Forker], WatchedForker]) -> None:
        self._strategy, self._watched = strategy, watched
        self.name, self.guarantees = strategy.name, strategy.guarantees

    def begin(self, namespaces: Mapping[str, Any]) -> Context:
        return self._strategy.begin(namespaces)

    def publish(self, context: Any, values: Mapping[str, Any]) -> Context:
        return self._strategy.publish(context, values)

    def store(self, context: Any, task: str, result: Any) -> Context:
        return self._strategy.store(context, task, result)

    def fan_out(self, context: Any, reads: frozenset[ContextPath] | None) -> WatchedForker:
        return self._watched(self._strategy.fan_out(context, reads))

    def __repr__(self) -> str:
        return f"<watched {self._strategy!r}>"


class WatchedActions(dict[str, Callable[..., Any]]):
    """Actions of attempts that overlap, which note how long they took, by ref; those that are awaited are left as they are."""

    def __init__(self, actions: Mapping[str, Callable[..., Any]]) -> None:
        self.nanoseconds: dict[str, array[int]] = {}
        super().__init__({ref: self._watched(ref, action) for ref, action in actions.items()})

    def _watched(self, ref: str, action: Callable[..., Any]) -> Callable[..., Any]:
        if is_async(action):
            return action
        note = self.nanoseconds.setdefault(ref, array("q")).append
        return around(action, lambda call: _timed(call, note))


def _timed(call: Callable[..., Any], note: Callable[[int], None]) -> Callable[..., Any]:
    clock = perf_counter_ns

    def timed(**input: Any) -> Any:
        began = clock()
        try:
            return call(**input)
        finally:
            note(clock() - began)

    return timed

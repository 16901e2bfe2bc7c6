"""What one more fork costs, measured by itself: its time in batches, and the heap that it keeps alive."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import linear_regression, median
from time import perf_counter_ns
from typing import Any, Final

from attune_sim.collector import collector_at_rest
from attune_sim.contexts.strategy import Fork, Forker
from attune_sim.probes.clock import Clock
from attune_sim.probes.memory import MemoryProbe

FIRST_INDEX: Final = 1_000
"""Integers above 256 are objects of their own, as most indexes of a large fan-out are."""

_READINGS: Final = 4


class Bare:
    """The smallest thing that could be a fork: three slots, filled."""

    __slots__ = ("context", "index", "item")

    def __init__(self, context: Any, item: Any, index: int) -> None:
        self.context = context
        self.item = item
        self.index = index


@dataclass(frozen=True, slots=True)
class ForkTime:
    """Medians over rounds, in microseconds: a fork, and a bare slotted object made in the same rounds."""

    fork_us: float
    floor_us: float
    forks: int


@dataclass(frozen=True, slots=True)
class ForkHeap:
    """`bytes_each`: the slope of the live heap over forks that are all kept; `kept` are those forks."""

    bytes_each: float
    object_bytes: int
    kept: list[Fork]


def time_forks(
    forker: Forker,
    item: Any,
    *,
    batch: int = 500,
    rounds: int = 40,
    seconds: float = 1.0,
    clock_ns: Callable[[], int] = perf_counter_ns,
) -> ForkTime:
    """Time forks in batches, turn by turn with bare objects; each fork is dropped at once.

    The loop around them (some 20 ns a turn) is part of both figures. No round begins after `seconds`.
    """
    indexes = list(range(FIRST_INDEX, FIRST_INDEX + batch))
    forks: list[float] = []
    floors: list[float] = []
    for _ in range(rounds):
        floors.append(_bare_batch(item, indexes, clock_ns))
        forks.append(_fork_batch(forker, item, indexes, clock_ns))
        if sum(forks) > seconds * 1e9:
            break
    return ForkTime(median(forks) / batch / 1e3, median(floors) / batch / 1e3, batch * len(forks))


def bare_floor_us(
    item: Any, *, batch: int = 500, rounds: int = 40, clock_ns: Callable[[], int] = perf_counter_ns
) -> float:
    """The floor alone, where a fork is too slow to stand beside it."""
    indexes = list(range(FIRST_INDEX, FIRST_INDEX + batch))
    return median(_bare_batch(item, indexes, clock_ns) for _ in range(rounds)) / batch / 1e3


def _fork_batch(forker: Forker, item: Any, indexes: list[int], clock_ns: Callable[[], int]) -> int:
    fork = forker.fork
    began = clock_ns()
    for index in indexes:
        fork(item, index)
    return clock_ns() - began


def _bare_batch(item: Any, indexes: list[int], clock_ns: Callable[[], int]) -> int:
    bare, context = Bare, object()
    began = clock_ns()
    for index in indexes:
        bare(context, item, index)
    return clock_ns() - began


def how_many(fork_us: float, bytes_each: float, *, seconds: float, room_bytes: float, most: int) -> int:
    """How many forks fit into a time and into a room, at least 3 and at most `most`.

    >>> how_many(26_000, 3e6, seconds=0.5, room_bytes=1e9, most=2_000)
    19
    """
    by_time = seconds * 1e6 / max(fork_us, 0.01)
    by_room = room_bytes / max(bytes_each, 1.0)
    return max(3, int(min(by_time, by_room, most)))


def fork_heap(
    forker: Forker,
    item: Any,
    memory: MemoryProbe,
    clock: Clock,
    *,
    seconds: float = 0.25,
    room_bytes: float = 256e6,
    most: int = 2_000,
) -> ForkHeap:
    """Keep ever more forks alive and read the live heap: bytes of one more, its index and list slot included.

    The garbage collector rests meanwhile: what it frees of others would be taken off the forks.
    """
    gc.collect()
    with collector_at_rest():
        fork_us, guess = _first_fork(forker, item, memory, clock)
        count = how_many(fork_us, guess, seconds=seconds, room_bytes=room_bytes, most=most)
        return _grown_heap(forker, item, memory, step=max(1, count // (_READINGS - 1)))


def _first_fork(forker: Forker, item: Any, memory: MemoryProbe, clock: Clock) -> tuple[float, float]:
    """Microseconds and bytes of one fork, roughly; it is dropped."""
    before, began = memory.heap(), clock()
    _alive = forker.fork(item, FIRST_INDEX)
    fork_us = (clock() - began) * 1e6
    return fork_us, memory.heap() - before


def _grown_heap(forker: Forker, item: Any, memory: MemoryProbe, *, step: int) -> ForkHeap:
    sizes = range(0, _READINGS * step, step)
    parts, heaps = [], [memory.heap()]
    for size in sizes[:-1]:
        parts.append(_keep(forker, item, FIRST_INDEX + size, step))
        heaps.append(memory.heap())
    kept = [fork for part in parts for fork in part]
    return ForkHeap(linear_regression(sizes, heaps).slope, sys.getsizeof(kept[0]), kept)


def _keep(forker: Forker, item: Any, start: int, count: int) -> list[Fork]:
    """A list of its final length, so that a slot is eight bytes and no list outgrows itself while it is measured."""
    kept: list[Any] = [None] * count
    for place in range(count):
        kept[place] = forker.fork(item, start + place)
    return kept

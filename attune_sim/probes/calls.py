"""What a call takes, and what it keeps alive: any function without arguments, by the instruments that forks are measured with.

The live heap is read while what calls gave is held, and again when it was let go. Times are those of batches, less
what a call of an empty function takes in the same rounds.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from math import isnan, nan
from statistics import fmean
from time import perf_counter
from typing import Any, Final, NamedTuple

from attune_sim.collector import all_frozen, collector_at_rest
from attune_sim.probes.clock import Clock
from attune_sim.probes.memory import BLOCKS, LIVE_HEAP, MemoryProbe

ROOM_BYTES: Final = 256e6
"""What calls may keep alive together, while they are measured."""

MOST_HELD: Final = 20_000
"""Calls whose results are held at once, at the most."""

SETTLED: Final = 0.005
"""Passes that differ by no more agree, or by a tenth of a byte."""

_LEAST: Final = 2
_WARM: Final = 3
_MANY: Final = 1_000
_BATCH_S: Final = 0.002  # of which the quickest fit between what else the machine does
_ROUNDS: Final = 300


@dataclass(frozen=True, slots=True)
class CallCost:
    """What one call takes and keeps alive.

    `bytes` of live heap and `blocks` of Python's allocator stay as long as its result is held, and `left_bytes` of them
    even when it is not: means over the calls of the last passes. `us` are microseconds of one call by the clock on the
    wall, and `floor_us`, which is not in them, those of an empty one. `first_bytes` and `first_us` are of the first call,
    which may fill caches; where `calls` is 1 they are all there is. `blocks` is None where nobody counts them. Passes that
    could be compared agree where it `is_settled`.
    """

    bytes: float
    blocks: float | None
    left_bytes: float
    us: float
    floor_us: float
    first_bytes: float
    first_us: float
    calls: int
    is_settled: bool


def cost_of(
    call: Callable[[], object],
    memory: MemoryProbe,
    *,
    calls: int | None = None,
    seconds: float = 1.0,
    empty: Callable[[], object] = lambda: None,
    clock: Clock = perf_counter,
) -> CallCost:
    """Measure a call: `calls` times, the first one included; None: as often as `seconds` allow, and once if it takes longer.

    What `empty` takes and keeps is taken off: a function of the same make that does nothing. What `call` raises is raised on.
    """
    with collector_at_rest(), all_frozen():
        nothing = _Calling(empty, memory, clock)
        bare = [nothing.held(1) for _ in range(_WARM)][-1]
        floor = _Calling(empty, memory, clock, bare).floor()
        calling = _Calling(call, memory, clock, bare)
        first = calling.held(1)
        if calls is None:
            passes, times = calling.passes(first, seconds / 2), calling.times(first, seconds / 2)
        else:
            passes, times = [calling.held(calls - 1)] if calls > 1 else [], []
        return _cost(first, passes, times, floor, calling.made)


class _Pass(NamedTuple):
    """Of one call, as a mean: what it kept alive, what stayed when that was let go, and how long it took."""

    bytes: float
    blocks: float
    left_bytes: float
    us: float


class _Heap(NamedTuple):
    bytes: float
    blocks: float


class _Calling:
    """Calls, and counts how often. `bare` is what a pass of one empty call read: what reading itself keeps."""

    def __init__(
        self,
        call: Callable[[], object],
        memory: MemoryProbe,
        clock: Clock,
        bare: _Pass = _Pass(0.0, 0.0, 0.0, 0.0),  # noqa: B008 - a tuple
    ) -> None:
        self._call, self._memory, self._clock, self._bare = call, memory, clock, bare
        self.made = 0

    def held(self, calls: int) -> _Pass:
        """So many calls, of which the results are held until the heap was read."""
        kept: list[Any] = [None] * calls  # in its final length: a slot is none of what a call keeps
        before = self._read()
        took = self._fill(kept)
        during = self._read()
        for place in range(calls):
            kept[place] = None
        after, bare = self._read(), self._bare
        grown, left = during.bytes - before.bytes - bare.bytes, after.bytes - before.bytes - bare.left_bytes
        blocks = during.blocks - before.blocks - bare.blocks
        return _Pass(grown / calls, blocks / calls, left / calls, took / calls * 1e6)

    def floor(self) -> _Pass:
        """A pass of many calls, with the time of the quickest; nothing keeps whole objects alive, so bytes are whole."""
        many = self.held(_MANY)
        kept: list[Any] = [None] * _MANY
        return many._replace(
            bytes=round(many.bytes),
            blocks=many.blocks if isnan(many.blocks) else round(many.blocks),
            us=min(self._fill(kept) for _ in range(20)) / _MANY * 1e6,
        )

    def passes(self, first: _Pass, seconds: float) -> list[_Pass]:
        """Passes until two of them agree, or time and room are used up."""
        until = self._clock() + seconds
        size = int(
            min(MOST_HELD, ROOM_BYTES / max(first.bytes, 1.0), seconds * 1e6 / 4 / max(first.us, 0.05))
        )
        found: list[_Pass] = []
        while size >= 1 and not _is_settled(found) and (len(found) < _LEAST or self._clock() < until):
            found.append(self.held(size))
        return found

    def times(self, first: _Pass, seconds: float) -> list[float]:
        """Microseconds of a call, batch by batch; what a batch made is let go of when it is over."""
        one_s = first.us / 1e6
        if one_s > seconds / _LEAST:
            return []
        size = max(1, int(min(_BATCH_S / max(one_s, 1e-8), ROOM_BYTES / max(first.bytes, 1.0), MOST_HELD)))
        kept: list[Any] = [None] * size
        until = self._clock() + seconds
        found: list[float] = []
        while len(found) < _ROUNDS and (len(found) < _LEAST or self._clock() < until):
            found.append(self._fill(kept) / size * 1e6)
            kept[:] = [None] * size
            gc.collect(0)
        return found

    def _fill(self, kept: list[Any]) -> float:
        """Seconds that calls for all of a list take."""
        self.made += len(kept)
        return _filled(kept, self._call, self._clock)

    def _read(self) -> _Heap:
        """After a collection, which lets go of what nobody can reach and empties Python's free lists."""
        gc.collect()
        read = self._memory.read()
        return _Heap(read[LIVE_HEAP], read.get(BLOCKS, nan))


def _filled(kept: list[Any], call: Callable[[], object], clock: Clock) -> float:
    began = clock()
    for place in range(len(kept)):
        kept[place] = call()
    return clock() - began


def _quick(times: list[float]) -> float:
    """The mean of the quickest tenth: whatever else a machine does can only add."""
    return fmean(sorted(times)[: max(1, len(times) // 10)])


def _is_settled(passes: list[_Pass]) -> bool:
    if len(passes) < _LEAST:
        return False
    one, other = (each.bytes for each in passes[-2:])
    return abs(one - other) <= max(SETTLED * max(abs(one), abs(other)), 0.1)


def _cost(first: _Pass, passes: list[_Pass], times: list[float], floor: _Pass, calls: int) -> CallCost:
    last = passes[-2:] or [first]
    blocks = fmean(each.blocks for each in last) - floor.blocks
    us = _quick(times) if times else fmean(each.us for each in last)
    return CallCost(
        bytes=fmean(each.bytes for each in last) - floor.bytes,
        blocks=None if isnan(blocks) else blocks,
        left_bytes=fmean(each.left_bytes for each in last),
        us=max(us - floor.us, 0.0),
        floor_us=floor.us,
        first_bytes=first.bytes - floor.bytes,
        first_us=first.us,
        calls=calls,
        is_settled=len(passes) < _LEAST or _is_settled(passes),
    )

"""What one more fork costs, measured by itself: its time, and the heap that it keeps alive, as means over all items.

Its price is that of making it, with warm caches and the collector at rest; letting go of it is another one. What a run
paid for its forks is in `parts`.
"""

from __future__ import annotations

import gc
import sys
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import chain, pairwise
from statistics import fmean, median
from time import thread_time_ns
from typing import Any, Final, NamedTuple

from attune_sim.collector import collector_at_rest
from attune_sim.contexts.strategy import Fork, Forker
from attune_sim.probes.memory import MemoryProbe
from attune_sim.probes.strata import MOST_LARGE, Strata, strata_of

FIRST_INDEX: Final = 1_000
"""Integers above 256 are objects of their own, as most indexes of a large fan-out are."""
MOST_TIMED: Final = 500
"""Items in the sample whose forks are timed."""
MOST_KEPT: Final = 20_000
"""Forks that are kept alive at the most."""

_AT_ONCE_US: Final = 200.0
"""Microseconds of forks that are kept at once while they are timed: many times what reading the clock takes, and of large ones so few
that none needs a new page. A hundred copies of 0.5 MB took half as long again as one after the other."""
_LONG: Final = 2
"""So often bare objects are made for one reading: together they take about as long as a part."""
_FILLING: Final = 4_000
_FILLING_US: Final = 5_000.0
"""So many forks, or microseconds of them, are kept while others are timed: they fill the holes of the heap, where these would lie apart. Without them
a price differed by 2.6 % from process to process, and by 1.1 % with them."""
_TRIED: Final = 15
_TRIED_NS: Final = 5_000_000
_FEWEST: Final = 3
_SLOT: Final = 8  # of the list that holds it
_PASS: Final = 500
_UNTRUSTED: Final = 4_000
"""So many forks are made first, if there is room: libraries use memory again that the run's own forks left behind, some a
thousand nodes, and until that is used up passes agree on too little."""
_SETTLED: Final = 0.005
"""Passes whose bytes a fork differ by no more than this show that memory of others is not used again any more."""


class Bare:
    """The smallest thing that could be a fork: three slots, filled."""

    __slots__ = ("context", "index", "item")

    def __init__(self, context: Any, item: Any, index: int) -> None:
        self.context = context
        self.item = item
        self.index = index


class _BareForker:
    """Makes bare objects as a forker makes forks."""

    __slots__ = ("_context",)

    def __init__(self) -> None:
        self._context = object()

    def fork(self, item: Any, index: int) -> Bare:
        return Bare(self._context, item, index)


@dataclass(frozen=True, slots=True)
class ForkTime:
    """Microseconds: a fork, and a bare slotted object made in the same rounds; `items` stood for `of` items."""

    fork_us: float
    floor_us: float
    forks: int
    items: int = 1
    of: int = 1


@dataclass(frozen=True, slots=True)
class ForkHeap:
    """`bytes_each`: live heap of one more fork, index and list slot included, as the mean over all items.

    `kept` are forks of the sample in `strata`, so many `forks` it rests on; `items` and `large` are the items of both.
    `is_settled` tells that the last passes agreed.
    """

    bytes_each: float
    object_bytes: int
    kept: list[Fork]
    forks: int
    is_settled: bool
    strata: Strata
    items: list[Any]
    large: list[Any]


# -- time ------------------------------------------------------------------------------------------------------------------


def time_forks(
    forker: Forker,
    items: Sequence[Any],
    *,
    rounds: int = 600,
    seconds: float = 1.0,
    clock_ns: Callable[[], int] = thread_time_ns,
    size_of: Callable[[Any], int] | None = None,
) -> ForkTime:
    """Time forks for a sample of the items, a few at once and then let go: the next ones find their memory, as forks of a window do.
    Pages that are new to the process are in what a run paid. Before each of these parts bare objects are made, so that of a moment in which
    the machine is slow both tell alike.

    By the thread's own clock, which stands still while another process has the processor. The loop around them, timed without
    them, is taken off both. A round begins only while `seconds` last, but two are made; one takes at most some third of that. The quickest tenth
    of the rounds counts, part by part, and of their loops as well: whatever else a machine does, the other half of a core above all, can only add, and may do so for most of the time.
    """
    rounds_made: list[list[_Time]] = []
    with collector_at_rest():
        one_us = _one_us(forker, items, clock_ns)
        filling = min(_FILLING, int(_FILLING_US / one_us))
        _kept = [forker.fork(items[place % len(items)], place) for place in range(filling)]
        most = max(_FEWEST, min(MOST_TIMED, int(seconds * 1e6 / 10 / one_us)))
        at_once = _at_once(one_us)
        strata = strata_of(items, most, size_of=size_of)
        parts = _parts(items, strata.repeated(at_once), at_once)
        large = [_alike(forker, (items[index], index), clock_ns) for index in strata.large]
        each = [*parts, *large]
        (bare,), bare_fork = _parts(items, [0] * MOST_TIMED, MOST_TIMED), _BareForker().fork
        until = clock_ns() + seconds * 1e9
        while len(rounds_made) < rounds and (len(rounds_made) < 2 or clock_ns() <= until):
            beside = (
                (_timed_long(bare, bare_fork, clock_ns), _timed_warm(part, forker.fork, clock_ns))
                for part in each
            )
            rounds_made.append([*chain.from_iterable(beside)])
    quick_ns = _quick(rounds_made)
    floors_ns, made_ns = quick_ns[::2], quick_ns[1::2]
    others_ns = made_ns[: len(parts)]
    large_ns = [made / len(part) for made, part in zip(made_ns[len(parts) :], large, strict=True)]
    forks = sum(map(len, each))
    return ForkTime(
        max(strata.mean(large_ns, sum(others_ns) / sum(map(len, parts))), 0.0) / 1e3,
        fmean(floors_ns) / MOST_TIMED / _LONG / 1e3,
        len(rounds_made) * forks,
        len(strata.sample) + len(large),
        len(items),
    )


class _Time(NamedTuple):
    """Nanoseconds that a part took, and its loop alone."""

    made: int
    loop: int


_Part = Sequence[tuple[Any, int]]
"""Items with their indexes, the forks of which are alive at once."""


def _parts(items: Sequence[Any], indexes: Sequence[int], at_once: int) -> list[_Part]:
    pairs = [(items[index], index) for index in indexes]
    return [pairs[start : start + at_once] for start in range(0, len(pairs), at_once)]


def _at_once(one_us: float) -> int:
    """How many forks of so many microseconds are alive at once."""
    return max(1, min(MOST_TIMED, int(_AT_ONCE_US / one_us)))


def _alike(forker: Forker, pair: tuple[Any, int], clock_ns: Callable[[], int]) -> _Part:
    """A large item for itself: so often that all of them take as long as a part of others does. A single quick fork cannot be told from
    the reading of the clock beside it, and `shared` was told 6 % too much for 16 of them among 700."""
    return [pair] * max(1, _at_once(_one_us(forker, [pair[0]], clock_ns)) // MOST_LARGE)


def _quick(rounds: Sequence[Sequence[_Time]]) -> list[float]:
    """Of each part the time without its loop, both as the mean over the quickest tenth of their rounds."""
    number = max(1, len(rounds) // 10)
    return [
        fmean(nsmallest(number, made)) - fmean(nsmallest(number, loops))
        for made, loops in (zip(*part, strict=True) for part in zip(*rounds, strict=True))
    ]


def _timed(part: _Part, fork: Callable[[Any, int], Any], clock_ns: Callable[[], int]) -> _Time:
    """Of forks, which are let go when all are made, and of the loop alone."""
    return _Time(_made(part, fork, clock_ns), _loop(part, clock_ns))


def _timed_long(part: _Part, fork: Callable[[Any, int], Any], clock_ns: Callable[[], int]) -> _Time:
    """Several times over: there are moments at full speed that a shorter piece of work finds and a part of forks does not."""
    times = [_timed(part, fork, clock_ns) for _ in range(_LONG)]
    return _Time(sum(one.made for one in times), sum(one.loop for one in times))


def _timed_warm(part: _Part, fork: Callable[[Any, int], Any], clock_ns: Callable[[], int]) -> _Time:
    """After they were made for once, if they are quick: bare objects, or the other items, are in the caches till then."""
    if len(part) > 1:
        _made(part, fork, clock_ns)
    return _timed(part, fork, clock_ns)


def _made(part: _Part, fork: Callable[[Any, int], Any], clock_ns: Callable[[], int]) -> int:
    kept: list[Any] = [None] * len(part)
    began = clock_ns()
    for place, (item, index) in enumerate(part):
        kept[place] = fork(item, index)
    return clock_ns() - began


def _loop(part: _Part, clock_ns: Callable[[], int]) -> int:
    kept: list[Any] = [None] * len(part)
    began = clock_ns()
    for place, (item, _index) in enumerate(part):
        kept[place] = item
    return clock_ns() - began


def _one_us(forker: Forker, items: Sequence[Any], clock_ns: Callable[[], int]) -> float:
    """Microseconds of a fork, roughly, at least 0.01: of some items the quickest of three each, the loop taken off, and of
    these the median; fewer where they are slow."""
    quickest, until = [], clock_ns() + _TRIED_NS
    for place in range(_TRIED):
        index = (2 * place + 1) * len(items) // (2 * _TRIED)
        tries = [_timed([(items[index], index)], forker.fork, clock_ns) for _ in range(3)]
        quickest.append(min(one.made for one in tries) - min(one.loop for one in tries))
        if clock_ns() > until:
            break
    return max(median(quickest) / 1e3, 0.01)


# -- memory ----------------------------------------------------------------------------------------------------------------


def fork_heap(
    forker: Forker,
    items: Sequence[Any],
    memory: MemoryProbe,
    *,
    seconds: float = 0.5,
    room_bytes: float = 256e6,
    most: int = MOST_KEPT,
    clock_ns: Callable[[], int] = thread_time_ns,
) -> ForkHeap:
    """Keep ever more forks alive and read the live heap, pass by pass over a sample of the items.

    Passes go on until two of them agree within 0.5 %, or time, room or `most` forks are used up. The collector rests meanwhile: what it frees of
    others would be taken off the forks.
    """
    gc.collect()
    with collector_at_rest():
        one_us = _one_us(forker, items, clock_ns)
        one_bytes = _first_bytes(forker, items[len(items) // 2], memory)
        fits = how_many(one_us, one_bytes, seconds=seconds, room_bytes=room_bytes, most=most)
        most = max(_FEWEST, min(_PASS, fits // 4))
        strata = strata_of(items, most)
        passes = _Passes(forker, items, strata.repeated(most), memory, fits)
        passes.until_settled()
        large = _bytes_of_each(forker, items, strata.large, memory)
        kept, chosen = passes.kept, [items[index] for index in strata.large]
        return ForkHeap(
            strata.mean(large, passes.bytes_each),
            sys.getsizeof(kept[0]),
            kept,
            len(kept) + len(large),
            passes.is_settled,
            strata,
            [*(items[index] for index in strata.sample), *chosen],
            chosen,
        )


class _Passes:
    """Passes over some items; what each of them made is kept."""

    def __init__(
        self, forker: Forker, items: Sequence[Any], indexes: Sequence[int], memory: MemoryProbe, most: int
    ) -> None:
        self._fork, self._memory = forker.fork, memory
        self._items, self._indexes = items, indexes
        self._most = most
        self._parts: list[list[Fork]] = []
        self._bytes: list[float] = []
        self.is_settled = False

    def until_settled(self) -> None:
        size = len(self._indexes)
        while not self.is_settled and (len(self._bytes) < 2 or (len(self._bytes) + 1) * size <= self._most):
            before = self._memory.heap()
            self._parts.append(self._one_pass())
            self._bytes.append((self._memory.heap() - before) / size)
            enough = len(self._bytes) * size > min(_UNTRUSTED, self._most - 2 * size)
            self.is_settled = enough and len(self._bytes) > 1 and _agree(*self._bytes[-2:])

    def _one_pass(self) -> list[Fork]:
        """In a list of its final length: a slot is eight bytes, and no list outgrows itself while it is measured."""
        kept: list[Any] = [None] * len(self._indexes)
        for place, index in enumerate(self._indexes):
            # The sum is an integer of its own, as the indexes of a run are.
            kept[place] = self._fork(self._items[index], index + 0)
        return kept

    @property
    def bytes_each(self) -> float:
        """Of the last two passes."""
        return sum(self._bytes[-2:]) / len(self._bytes[-2:])

    @property
    def kept(self) -> list[Fork]:
        return [fork for part in self._parts for fork in part]


def _agree(one: float, other: float) -> bool:
    return abs(one - other) <= _SETTLED * max(abs(one), abs(other))


def _bytes_of_each(
    forker: Forker, items: Sequence[Any], indexes: Sequence[int], memory: MemoryProbe
) -> list[float]:
    """Of one fork each, all of which stay: what is let go fills Python's free lists (of dicts, say), from which the next one would
    be made without any growth. What keeps them and what is read of them have their places before."""
    forks: list[Any] = [None] * len(indexes)
    readings = array("q", bytes(8 * (len(indexes) + 1)))
    readings[0] = memory.heap()
    for place, index in enumerate(indexes):
        forks[place] = forker.fork(items[index], index + 0)  # an integer of its own, as in a pass
        readings[place + 1] = memory.heap()
    return [float(after - before + _SLOT) for before, after in pairwise(readings)]


def _first_bytes(forker: Forker, item: Any, memory: MemoryProbe) -> float:
    """Bytes of one fork, its index included; it is dropped."""
    before = memory.heap()
    _alive = forker.fork(item, FIRST_INDEX + 1)
    return float(memory.heap() - before)


def how_many(fork_us: float, bytes_each: float, *, seconds: float, room_bytes: float, most: int) -> int:
    """How many forks fit into a time and into a room, at least 6 and at most `most`.

    >>> how_many(26_000, 3e6, seconds=0.5, room_bytes=1e9, most=2_000)
    19
    """
    by_time = seconds * 1e6 / max(fork_us, 0.01)
    by_room = room_bytes / max(bytes_each, 1.0)
    return max(2 * _FEWEST, int(min(by_time, by_room, most)))

"""The price of a call, hot: in tight loops over all items, net of the loop and of the clock, the collector at rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import cycle, islice
from statistics import fmean, median
from time import perf_counter_ns, thread_time_ns
from typing import Any, Final

from attune_sim.collector import collector_at_rest
from attune_sim.contexts.strategy import Forker
from attune_sim.engine.offer import Offer
from attune_sim.meter.kept import shuffled
from attune_sim.meter.pace import pace_ns

Pair = tuple[Any, int]
Clock = Callable[[], int]
Loop = Callable[[Sequence[Pair], list[Any]], None]
"""Puts something for each of its pairs into a list of the same length."""

LEAST_ROUNDS, USUAL_ROUNDS, MOST_ROUNDS = 2, 20, 3_000
"""The usual ones may take all of the time; quick ones are repeated for a third of it, longer than a slow moment lasts."""
_THIRD: Final = 1 / 3
"""Of the time, for the first round: what it does not reach is left out, so that what it reaches is done again."""

_HOLES_NS: Final = 5_000_000
_MOST_IN_HOLES: Final = 6_000

_TRIED: Final = 15
_TRIED_NS: Final = 2_000_000
_BATCH_NS: Final = 200_000  # small enough for a cache, many times what reading the clock takes
_LARGEST_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Timing:
    """What is timed: `loop` over a batch, net of `floor`, which only stores."""

    loop: Loop
    floor: Loop


@dataclass(frozen=True, slots=True)
class Price:
    """Microseconds of one call, and of a fixed piece of work that was done before each batch: both are means over the lower ends of
    the batches, so that moments in which the machine was slow count alike."""

    us: float
    pace_us: float


def hot_fork(offer: Offer, seconds: float) -> Price:
    """The price of one `fork(item, index)`, the mean over all items, or over as many, in an order by chance, as there
    is time for. Letting go of forks is not in it."""
    batches = batches_of(offer)
    _kept = in_holes(offer.forker, batches)
    return priced(batches, forking(offer), seconds)


def in_holes(forker: Forker, batches: Sequence[Sequence[Pair]], clock: Clock = thread_time_ns) -> list[Any]:
    """Forks that lie in the holes of the heap, so that those that are timed lie side by side: of batch after batch, for 5 ms. Of
    large ones that is one, or a few: more might be more than there is memory for, and holes are little to them."""
    forks: list[Any] = []
    until = clock() + _HOLES_NS
    for batch in islice(cycle(batches), _MOST_IN_HOLES // len(batches[0])):
        if clock() > until:
            break
        forks += [forker.fork(item, index) for item, index in batch]
    return forks


def forking(offer: Offer) -> Timing:
    """Forking item after item."""
    fork = offer.forker.fork

    def loop(batch: Sequence[Pair], kept: list[Any]) -> None:
        for place, (item, index) in enumerate(batch):
            kept[place] = fork(item, index)

    def floor(batch: Sequence[Pair], kept: list[Any]) -> None:
        for place, (item, _) in enumerate(batch):
            kept[place] = item

    return Timing(loop, floor)


def batches_of(offer: Offer, clock: Clock = thread_time_ns) -> list[list[Pair]]:
    """All items in an order by chance, in batches of as many as are forked in a fifth of a millisecond.

    Where there are fewer, all of them come several times: the first calls after a reading of the clock are the slow ones, and
    over twenty items they would be a sixth of what is seen.
    """
    order = shuffled(offer)
    fork = forking(offer)
    took = []
    for pair in order[:_TRIED]:
        took.append(max(1.0, _net([_round([pair], fork, clock) for _ in range(3)])))
        if sum(took) > _TRIED_NS:
            break
    size = min(_LARGEST_BATCH, max(1, int(_BATCH_NS / median(took))))
    order *= max(1, size // len(order))
    return [order[start : start + size] for start in range(0, len(order), size)]


def priced(
    batches: Sequence[Sequence[Pair]],
    timing: Timing,
    seconds: float,
    clock: Clock = thread_time_ns,
    wall: Clock = perf_counter_ns,
) -> Price:
    """The price of one call, the mean over the calls of all batches; of each batch the lower end of the rounds: what else
    the machine did meanwhile can only have added.

    `clock` is that of this thread's own work, which stands still while another has the processor; `wall` is what
    `seconds` are counted by.
    """
    began, reached, turn = wall(), len(batches), 0
    rounds: list[list[tuple[int, int]]] = [[] for _ in batches]
    paces: list[list[int]] = [[] for _ in batches]
    with collector_at_rest():
        while turn < LEAST_ROUNDS or (turn < MOST_ROUNDS and wall() - began < seconds * 1e9 * _share(turn)):
            for number in range(reached):
                paces[number].append(pace_ns(clock))
                rounds[number].append(_round(batches[number], timing, clock))
                if turn == 0 and wall() - began > seconds * 1e9 * _THIRD:
                    reached = number + 1
                    break
            turn += 1
    calls = sum(map(len, batches[:reached]))
    pace = fmean(map(_lower_end, paces[:reached]))
    return Price(sum(map(_net, rounds[:reached])) / calls / 1e3, pace / 1e3)


def _net(rounds: Sequence[tuple[int, int]]) -> float:
    """Nanoseconds of the calls over a batch beyond those of its floor, both at their lower end."""
    loops, floors = zip(*rounds, strict=True)
    return _lower_end(loops) - _lower_end(floors)


def _lower_end(times: Sequence[int]) -> float:
    """The mean of the shortest eighth, of one at the least."""
    shortest = nsmallest(max(1, len(times) // 8), times)
    return sum(shortest) / len(shortest)


def _share(turn: int) -> float:
    return 1.0 if turn < USUAL_ROUNDS else _THIRD


def _round(batch: Sequence[Pair], timing: Timing, clock: Clock) -> tuple[int, int]:
    """Nanoseconds of the calls over a batch and of its floor; what the calls made is dropped when all is timed.

    Where there are several, forks of all are made once before, untimed: their items are in the caches then, and not those of
    other batches.
    """
    if len(batch) > 1:
        timing.loop(batch, [None] * len(batch))
    kept: list[Any] = [None] * len(batch)
    stored: list[Any] = [None] * len(batch)
    began = clock()
    timing.loop(batch, kept)
    between = clock()
    timing.floor(batch, stored)
    ended = clock()
    return between - began, ended - between

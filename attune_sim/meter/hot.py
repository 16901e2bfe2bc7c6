"""The price of a call, hot: in tight loops over all items, net of the loop and of the clock, the collector at rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns
from typing import Any, Final

from attune_sim.collector import collector_at_rest
from attune_sim.engine.offer import Offer
from attune_sim.meter.kept import shuffled

Pair = tuple[Any, int]
Loop = Callable[[Sequence[Any], list[Any]], None]
"""Puts something for each of its arguments into a list of the same length."""

ROUNDS: Final = 7
_FIRST_SHARE: Final = 1 / 3
"""Of the time, for the first round: what it does not reach is left out, so that what it reaches is done again."""

_TRIED: Final = 5
_BATCH_NS: Final = 200_000  # small enough for a cache, many times what reading the clock takes
_LARGEST_BATCH: Final = 500
_FEWEST_RENDERED: Final = 100


@dataclass(frozen=True, slots=True)
class Timing:
    """What is timed: `loop` over what `ready` makes of a batch, net of `floor`, which only stores."""

    ready: Callable[[Sequence[Pair]], Sequence[Any]]
    loop: Loop
    floor: Loop


def hot_fork_us(offer: Offer, seconds: float, clock: Callable[[], int] = perf_counter_ns) -> float:
    """Microseconds of one `fork(item, index)`, the mean over all items, or over as many, in an order by chance, as there
    is time for. Letting go of forks is not in it."""
    return mean_us(batches_of(offer, clock), forking(offer), seconds, clock)


def hot_render_us(offer: Offer, seconds: float, clock: Callable[[], int] = perf_counter_ns) -> float:
    """The same of one rendering of the input, each from a fork of its own."""
    return mean_us(batches_of(offer, clock), rendering(offer), seconds, clock)


def forking(offer: Offer) -> Timing:
    """Forking item after item."""
    fork = offer.forker.fork

    def loop(batch: Sequence[Pair], kept: list[Any]) -> None:
        for place, (item, index) in enumerate(batch):
            kept[place] = fork(item, index)

    def floor(batch: Sequence[Pair], kept: list[Any]) -> None:
        for place, (item, _) in enumerate(batch):
            kept[place] = item

    return Timing(lambda batch: batch, loop, floor)


def rendering(offer: Offer) -> Timing:
    """Rendering from fork after fork."""
    fork, render = offer.forker.fork, offer.render

    def loop(forks: Sequence[Any], kept: list[Any]) -> None:
        for place, one in enumerate(forks):
            kept[place] = render(one)

    def floor(forks: Sequence[Any], kept: list[Any]) -> None:
        for place, one in enumerate(forks):
            kept[place] = one

    def ready(batch: Sequence[Pair]) -> Sequence[Any]:
        # A few large forks are rendered from several times: what made them has driven all else out of the caches.
        return [fork(item, index) for item, index in batch] * -(-_FEWEST_RENDERED // len(batch))

    return Timing(ready, loop, floor)


def batches_of(offer: Offer, clock: Callable[[], int]) -> list[list[Pair]]:
    """All items in an order by chance, in batches of as many as are forked in a fifth of a millisecond."""
    order = shuffled(offer)
    took = []
    for item, index in order[:_TRIED]:
        began = clock()
        offer.forker.fork(item, index)
        took.append(clock() - began)
    size = min(_LARGEST_BATCH, max(1, int(_BATCH_NS / max(median(took), 1))))
    return [order[start : start + size] for start in range(0, len(order), size)]


def mean_us(
    batches: Sequence[Sequence[Pair]],
    timing: Timing,
    seconds: float,
    clock: Callable[[], int] = perf_counter_ns,
) -> float:
    """Microseconds of one call, the mean over the calls of all batches; of each batch the median over some rounds, so
    that a moment in which the machine did something else counts for nothing."""
    began, reached = clock(), len(batches)
    nets: list[list[float]] = [[] for _ in batches]
    with collector_at_rest():
        for turn in range(ROUNDS):
            for number in range(reached):
                nets[number].append(_net(batches[number], timing, clock))
                if turn == 0 and clock() - began > seconds * 1e9 * _FIRST_SHARE:
                    reached = number + 1
                    break
            if turn and clock() - began > seconds * 1e9:
                break
    calls = sum(map(len, batches[:reached]))
    return sum(map(median, nets[:reached])) / calls / 1e3


def _net(batch: Sequence[Pair], timing: Timing, clock: Callable[[], int]) -> float:
    """Nanoseconds of the calls over a batch, beyond those of its floor; what they made is dropped when all is timed."""
    given = timing.ready(batch)
    kept: list[Any] = [None] * len(given)
    stored: list[Any] = [None] * len(given)
    began = clock()
    timing.floor(given, stored)
    between = clock()
    timing.loop(given, kept)
    ended = clock()
    return ((ended - between) - (between - began)) * len(batch) / len(given)

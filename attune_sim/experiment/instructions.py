"""From counts of machine instructions to what one fork and one rendering of an item take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Final

from attune_sim.engine.offer import Offer
from attune_sim.experiment.represent import Stand, representatives
from attune_sim.probes.cachegrind import Counter
from attune_sim.record import Reading

INSTRUCTIONS: Final = ("fork_instructions", "render_instructions")
"""The metrics, in the order in which they are told."""

_STANDS: Final = 3
_MOST: Final = 100  # of each stand; by then a fork's share of what happens once is below an instruction
_BUDGET: Final = 50_000_000  # instructions a loop: under valgrind a quarter of a second, and there are twelve

Loop = Callable[[Offer, int, int], None]
"""Does something with one slot of an offer, so many times."""


def instruction_readings(offer: Offer | None, counter: Counter) -> list[Reading]:
    """Instructions of one fork, made and given back, and of rendering one input from it; no offer: rows without value.

    Means over all items: each of the (at most three) items that stand for them is forked and rendered by itself, and
    counts by its share. How often is decided by the counted price of the first, never by a clock, so that the same
    program counts the same every time. A rendering is what forking and rendering take beyond forking, because a strategy
    may leave to the first reading of a fork what another does in forking.

    Raises what `fork` and `render` raise, and ExperimentError if nothing could be counted.
    """
    if offer is None:
        return [unavailable(metric, "nothing fanned out") for metric in INSTRUCTIONS]
    stands = representatives(offer.items, _STANDS)
    each = _how_often(offer, stands, counter)
    counts = iter(
        counter.counts([*_works(_fork, offer, stands, each), *_works(_prepare, offer, stands, each)])
    )
    forked, prepared = (_mean(counts, stands, each) for _ in range(2))
    values = (forked, prepared - forked)
    return [
        Reading(metric, float(value), n=each * len(stands))
        for metric, value in zip(INSTRUCTIONS, values, strict=True)
    ]


def unavailable(metric: str, why: str) -> Reading:
    """A row without value, which says why."""
    return Reading(metric, None, n=0, label=f"unavailable: {why}")


def _how_often(offer: Offer, stands: Sequence[Stand], counter: Counter) -> int:
    """Turns of each loop, at least one. Afterwards everything is warm that a turn finds warm later on."""
    slot = stands[0].slot
    _prepare(offer, slot, 1)  # what is looked up once a fan-out is not part of the price
    [price] = counter.counts([partial(_prepare, offer, slot, 1)])
    each = max(1, min(_MOST, _BUDGET // max(1, price)))
    if each > 1:
        for stand in stands:
            _prepare(offer, stand.slot, each)
            _fork(offer, stand.slot, each)
    return each


def _works(loop: Loop, offer: Offer, stands: Sequence[Stand], each: int) -> Iterator[Callable[[], None]]:
    """The loop without a turn, then the loop of each stand."""
    yield partial(loop, offer, stands[0].slot, 0)
    for stand in stands:
        yield partial(loop, offer, stand.slot, each)


def _mean(counts: Iterator[int], stands: Sequence[Stand], each: int) -> Fraction:
    empty = next(counts)
    return sum((stand.share * Fraction(next(counts) - empty, each) for stand in stands), Fraction())


def _fork(offer: Offer, slot: int, count: int) -> None:
    fork, item = offer.forker.fork, offer.items[slot]
    for _ in range(count):
        fork(item, slot)


def _prepare(offer: Offer, slot: int, count: int) -> None:
    fork, item, render = offer.forker.fork, offer.items[slot], offer.render
    for _ in range(count):
        render(fork(item, slot))

"""Runs in pairs, in which of two neighbouring items one is read by instruments and the other by the meter, and then the other way round."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, sqrt
from statistics import fmean
from time import monotonic
from typing import Final

from attune_sim.actions.registry import actions_of
from attune_sim.executors.drive import Drive
from attune_sim.executors.timeline import RealTimeline
from attune_sim.meter import pages
from attune_sim.meter.opened import Opened
from attune_sim.meter.order import NO_INSTRUMENTS, Order
from attune_sim.meter.paid import clock_ns
from attune_sim.meter.performer import Chosen, MeteringPerformer, Times, read
from attune_sim.meter.speed import PAID
from attune_sim.meter.timed import Figures
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of

_QUICKEST: Final = 0.9
"""Of the times of either side so many count, the shortest: something else has the processor in some of the others, for as long as a thousand of them
take."""
_COINS: Final = 4_096


@dataclass(frozen=True, slots=True)
class Means:
    """Of one figure of one run, in microseconds: the mean of what instruments told of the items that they had, and of what the meter
    took of its own."""

    told: float
    metered: float

    @property
    def is_known(self) -> bool:
        """Whether both are times: less a reading of the clock nothing may be left."""
        return self.told > 0 and self.metered > 0


Read = Mapping[str, Means]
"""By figure, those that both have."""


def crossed(order: Order) -> Figures:
    """`told_` and `metered_` before `paid_fork_us`, `render_us` and `action_us`: what instruments and meter read in the same runs, in
    microseconds, the slowest tenth left out on either side; None where one of them has nothing. `clock_us` is what one reading of
    the clock takes.

    In each run the one has about half of the items, by chance, and the other the rest, so that whatever the machine does happens
    to both, and neither reads what the other costs. In the second run of a pair they change places: the product of both shares is
    free of which items were whose. Pairs are made for about `order.seconds`, one at least; what is given is of the pair whose share is
    the middle one.

    Raises:
        ValueError: the order has no instruments.
    """
    if order.instruments is None:
        raise ValueError(NO_INSTRUMENTS)
    pages.large_blocks_together()
    spec, pairs, until = order.spec, list[tuple[Read, Read]](), monotonic() + order.seconds
    while not pairs or monotonic() < until:
        coins = random.Random(len(pairs)).choices((0, 1), k=_COINS)
        one, other = (_read(order, spec, _of_neighbours(coins, side)) for side in (0, 1))
        pairs.append((one, other))
    return {"clock_us": clock_ns() / 1e3, **dict(_figures(pairs))}


def _figures(pairs: Sequence[tuple[Read, Read]]) -> Iterator[tuple[str, float | None]]:
    for metric in PAID:
        known = [(one[metric], other[metric]) for one, other in pairs if metric in one and metric in other]
        shares = sorted((_both(*pair) for pair in known), key=lambda means: means.told / means.metered)
        middle = shares[(len(shares) - 1) // 2] if shares else None
        yield f"told_{metric}", None if middle is None else middle.told
        yield f"metered_{metric}", None if middle is None else middle.metered


def _both(one: Means, other: Means) -> Means:
    """Of the two runs of a pair: geometric means, in whose share the items that the one had and the other had not cancel."""
    return Means(sqrt(one.told * other.told), sqrt(one.metered * other.metered))


def _of_neighbours(coins: Sequence[int], side: int) -> Chosen:
    """One of two neighbours, as a coin says; with the other `side` the other one."""
    many = len(coins)
    return lambda slot: (coins[(slot >> 1) % many] + slot + side) & 1 == 1


def _read(order: Order, spec: RunSpec, chosen: Chosen) -> Read:
    """One run: what the instruments told of the items that are not chosen, and what the meter took of those that are."""
    assert order.instruments is not None
    timeline, actions, opened = RealTimeline(), actions_of(order.all_actions), Opened()
    instruments = order.instruments(timeline)
    performer = MeteringPerformer(timeline, chosen)
    session = session_of(spec, actions, observers=(opened, *instruments.observers))
    reading = clock_ns() / 1e3
    gc.collect()
    gc.freeze()
    try:
        with actions.closed():
            Drive(session.job, timeline, performer).run()
        times = performer.times(opened.offer)
        return {} if times is None else dict(_means(instruments.item_times(), times, chosen, reading))
    finally:
        instruments.close()
        gc.unfreeze()


def _means(
    told: Mapping[str, Sequence[float]], times: Times, chosen: Chosen, reading: float
) -> Iterator[tuple[str, Means]]:
    for metric, metered in zip(PAID, (times.fork, times.render, times.action), strict=True):
        theirs = [us for slot, us in enumerate(told.get(metric, ())) if not (isnan(us) or chosen(slot))]
        own = [ns / 1e3 - reading for ns in read(metered)]
        if theirs and own and (means := Means(_mean(theirs), _mean(own))).is_known:
            yield metric, means


def _mean(times: list[float]) -> float:
    return fmean(sorted(times)[: max(1, round(_QUICKEST * len(times)))])

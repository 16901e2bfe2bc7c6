"""One run that two read: the instruments that an order brought, and the watch of the meter around the same forks."""

from __future__ import annotations

import gc
from array import array
from collections.abc import Iterator

from attune_sim.actions.registry import actions_of
from attune_sim.engine.offer import Offer
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.meter import pages
from attune_sim.meter.order import NO_INSTRUMENTS, Order
from attune_sim.meter.paid import WatchedForker, WatchedStrategy, clock_ns, mean_us
from attune_sim.meter.timed import Figures
from attune_sim.session import session_of


def beside(order: Order) -> Figures:
    """What a fork of one run took, in microseconds, as the mean over all fan-outs: `told_paid_fork_us` by the instruments,
    `metered_paid_fork_us` by the watch, None where nothing fanned out.

    Raises:
        ValueError: the order has no instruments.
    """
    if order.instruments is None:
        raise ValueError(NO_INSTRUMENTS)
    pages.large_blocks_together()
    timeline, watched, actions = RealTimeline(), WatchedFanOuts(), actions_of(order.all_actions)
    instruments = order.instruments(timeline)
    strategy = WatchedStrategy(order.strategy(), WatchedForker)
    session = session_of(order.spec, actions, observers=(watched, *instruments.observers), strategy=strategy)
    reading = clock_ns()
    gc.collect()
    gc.freeze()
    with actions.closed():
        executor_named(order.executor).run(session.job, timeline)
    return {
        "told_paid_fork_us": instruments.paid_fork_us(),
        "metered_paid_fork_us": mean_us(array("q", watched.nanoseconds()), reading),
    }


class WatchedFanOuts:
    """An observer that keeps what the forks of all fan-outs took, and none of the forkers, which hold contexts."""

    def __init__(self) -> None:
        self._noted: list[array[int]] = []

    def fan_out_opened(self, offer: Offer) -> None:
        if not offer.plain and isinstance(offer.forker, WatchedForker):
            self._noted.append(offer.forker.nanoseconds)

    def nanoseconds(self) -> Iterator[int]:
        """One after the other."""
        for noted in self._noted:
            yield from noted

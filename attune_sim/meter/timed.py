"""The times of one cell: first those of a run, paid as it goes, then those of its forks in loops."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import Final

from attune_sim.actions.registry import actions_of
from attune_sim.executors import Job, executor_named
from attune_sim.executors.drive import Drive
from attune_sim.executors.timeline import RealTimeline
from attune_sim.meter import pages
from attune_sim.meter.hot import hot_fork
from attune_sim.meter.opened import Opened
from attune_sim.meter.order import Order
from attune_sim.meter.paid import PacedForker, WatchedActions, WatchedStrategy, clock_ns, mean_us
from attune_sim.meter.performer import MeteringPerformer, Times, read
from attune_sim.session import session_of

Figures = dict[str, float | None]
"""Name -> figure, None where it cannot be seen."""

NOTHING_FANNED_OUT: Final = "nothing fanned out"


def timed(order: Order) -> Figures:
    """`fork_us`, `paid_fork_us`, `render_us`, `action_us` in microseconds, the counts `forks` and `alive`, and how fast the machine
    was: `floor_us` while forks were priced, `pace_us` while the run made them.

    Raises:
        ValueError: nothing fanned out.
    """
    pages.large_blocks_together()
    opened, actions = Opened(), actions_of(order.all_actions)
    watched = WatchedActions(actions)
    strategy = WatchedStrategy(order.strategy(), PacedForker)
    is_inline = order.executor == "inline"
    session = session_of(
        order.spec, actions if is_inline else watched, observers=(opened,), strategy=strategy
    )
    reading = clock_ns()
    gc.collect()
    gc.freeze()
    with actions.closed():
        times = _run(session.job, order.executor, opened)
    offer = opened.offer
    if offer is None or not isinstance(offer.forker, PacedForker):
        raise ValueError(NOTHING_FANNED_OUT)
    del session
    gc.collect()
    bare = replace(offer, forker=offer.forker.bare)  # as it is without its watch
    price = hot_fork(bare, order.seconds)
    return {
        "paid_fork_us": mean_us(offer.forker.nanoseconds, reading),
        "action_us": mean_us(read(times.action) if times else watched.nanoseconds.get(offer.action), reading),
        "forks": len(offer.forker.nanoseconds),
        "alive": offer.forker.alive,
        "fork_us": price.us,
        "floor_us": price.pace_us,
        "pace_us": mean_us(offer.forker.paces, reading),
        "render_us": mean_us(read(times.render) if times else None, reading),
    }


def _run(job: Job, executor: str, opened: Opened) -> Times | None:
    """Run to the end; what the items of the fan-out took, None where attempts overlap."""
    timeline = RealTimeline()
    if executor != "inline":
        executor_named(executor).run(job, timeline)
        return None
    performer = MeteringPerformer(timeline, lambda slot: True)
    Drive(job, timeline, performer).run()
    return performer.times(opened.offer)

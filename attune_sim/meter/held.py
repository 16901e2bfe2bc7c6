"""The memory of one cell, in pages: of a run while all that it holds is alive, then of ever more of its forks."""

from __future__ import annotations

import gc
from time import perf_counter
from typing import Any

from attune_sim.actions.registry import actions_of
from attune_sim.collector import collector_at_rest
from attune_sim.engine.events import StartAction
from attune_sim.executors import executor_named
from attune_sim.executors.readied import Action, Readied
from attune_sim.executors.timeline import RealTimeline
from attune_sim.meter import pages
from attune_sim.meter.kept import fork_memory
from attune_sim.meter.opened import Opened
from attune_sim.meter.order import Order
from attune_sim.meter.timed import NOTHING_FANNED_OUT, Figures
from attune_sim.session import Session, session_of

_MOST_ROOM = 256e6


class EndOfTasks:
    """An observer that counts pages whenever a task ends: the forks of its fan-out are still alive then."""

    def __init__(self) -> None:
        self.most = 0
        self.spent_s = 0.0

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        began = perf_counter()
        self.most = max(self.most, pages.anonymous())
        self.spent_s += perf_counter() - began

    def __repr__(self) -> str:
        return f"<EndOfTasks: at most {self.most:,} bytes>"


class Unnoted(Readied):
    """An action that is made ready as it is in a run, and of which no times are noted: pages could not tell them from what the
    run holds, nor give back the holes that they leave as they grow."""

    def __init__(self, inner: Readied) -> None:
        super().__init__()
        self._inner = inner
        self.is_async, self.is_known = inner.is_async, inner.is_known

    def call_for(self, command: StartAction) -> Action:
        return self._inner.call_for(command)

    def ready(self, command: StartAction) -> Action:
        return self.call_for(command)

    def __repr__(self) -> str:
        return f"<Unnoted: {self._inner!r}>"


def held(order: Order) -> Figures:
    """`fork_bytes`, `pool_bytes` (what pools waste beside each fork), `passing_bytes` (what a fork passes through), `grown_bytes`
    (the growth of anonymous memory over the run), all in bytes, and `wall_s`, the seconds of the run, which has no recorder.

    Raises:
        ValueError: nothing fanned out.
        OSError: the system does not count pages.
    """
    pages.only_small_pages()
    pages.large_blocks_apart()
    opened, ends, actions = Opened(), EndOfTasks(), actions_of(order.all_actions)
    called = {ref: Unnoted(one) if isinstance(one, Readied) else one for ref, one in actions.items()}
    session = session_of(order.spec, called, observers=(opened, ends))
    with actions.closed():
        grown, wall_s = _grown(order, session, ends)
    del session
    if opened.offer is None:
        raise ValueError(NOTHING_FANNED_OUT)
    gc.collect()
    with collector_at_rest(), pages.filled_holes():
        room = min(_MOST_ROOM, order.memory_limit_bytes / 4)
        fork = fork_memory(opened.offer, seconds=2 * order.seconds, room=room, pages=pages.anonymous)
    return {
        "fork_bytes": fork.each,
        "pool_bytes": fork.waste,
        "passing_bytes": fork.passing,
        "grown_bytes": grown,
        "wall_s": wall_s,
    }


def _grown(order: Order, session: Session, ends: EndOfTasks) -> tuple[float, float]:
    """Growth of memory and seconds of the run. Where forks come and go the peak counts, which is that of all resident
    pages: the first pages of a library that is called for the first time are in it."""
    executor, timeline = executor_named(order.executor), RealTimeline()
    gc.collect()
    gc.freeze()
    with pages.filled_holes():
        pages.reset_peak()
        before, resident = pages.anonymous(), pages.resident()
        began = perf_counter()
        executor.run(session.job, timeline)
        wall_s = perf_counter() - began - ends.spent_s
        peak = pages.peak() - resident
    return float(ends.most - before if order.dispatch == "eager" else max(peak, 0)), wall_s

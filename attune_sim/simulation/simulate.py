"""The one function that simulates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from attune_sim.executors.interrupts import Interrupts
from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.simulation.cycles import Cycles, Watcher
from attune_sim.simulation.items import Items
from attune_sim.simulation.outcome import Ended, Outcome
from attune_sim.simulation.setting import Setting

_AT_ONCE: Final = 1_000  # events between two looks for Ctrl-C: some ten milliseconds

Told = Callable[[int, int], None]
"""Hears every few milliseconds how many cycles have been due, and how many items have ended."""


def simulate(
    setting: Setting, observers: Sequence[Watcher] = (), told: Told = lambda cycles, items: None
) -> Outcome:
    """What comes of a setting, the same for the same seed. `observers` watch, and change nothing; `told` hears how far it is.

    The first Ctrl-C ends it, as the budget of events does, with what there is; a second one is a `KeyboardInterrupt`.

    Raises:
        InputError: the schedule never fires.
        ParametersError: the parameters do not fit the workflow's schema.
    """
    timeline = VirtualTimeline()
    for observer in observers:
        observer.begin(timeline.now)
    pool = None if setting.stations is None else setting.stations.opened(timeline, setting.seed)
    items = Items(setting.max_items, setting.seed)
    cycles = Cycles(setting, timeline, setting.fates.seeded(setting.seed), pool, items, observers)
    ended, events = _passed(timeline, setting, lambda: told(len(cycles.rows), items.number))
    cycles.settle()
    return Outcome(
        cycles=cycles.rows,
        items=items.columns(),
        sampled_of=items.sampled_of,
        ended=ended,
        ended_s=timeline.now(),
        events=events,
        queue={} if pool is None else pool.queue(),
        workers={} if pool is None else pool.workers(),
        laws=cycles.laws() if pool is None else pool.little(),
        wait=None if pool is None else pool.wait(),
    )


def _passed(timeline: VirtualTimeline, setting: Setting, tell: Callable[[], None]) -> tuple[Ended, int]:
    """Let time pass: why it does no longer, and how many things happened."""
    cut: list[float] = []
    if (horizon_s := setting.horizon_s) is not None:

        def cut_off(_: object) -> None:
            cut.append(horizon_s)
            timeline.clear()

        timeline.at(horizon_s, cut_off, None, late=True)
    events = 0
    with Interrupts() as interrupts:
        while not interrupts.take():
            chunk = min(_AT_ONCE, setting.max_events - events)
            done = timeline.ring(chunk)
            events += done
            tell()
            if not len(timeline):
                return ("horizon" if cut else "finished"), events
            if events == setting.max_events:
                return "events", events
    return "interrupted", events

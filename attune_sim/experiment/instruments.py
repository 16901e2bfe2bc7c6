"""The instruments that are in the run of a cell, for a run that somebody else drives and reads too."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from math import nan
from time import perf_counter

from attune_sim.contexts.strategy import Fork
from attune_sim.executors.timeline import RealTimeline
from attune_sim.experiment.readings import time_readings
from attune_sim.probes.clock import clock_floor_us
from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.memory import Memory
from attune_sim.probes.pace import pace_us
from attune_sim.probes.parts import Moments
from attune_sim.probes.recorder import Recorder
from attune_sim.probes.sampler import Growth, Sampler, apart


class RunInstruments:
    """What notes items and forks of an `inline` run, as in a cell, and tells what it and its items took; it looks at memory as a cell
    does, or not at all, which leaves caches as the run does.

    >>> RunInstruments(RealTimeline(), items=100).paid_fork_us() is None  # nothing has run
    True
    """

    def __init__(self, timeline: RealTimeline, *, items: int, looks: bool = True) -> None:
        self._now, self._memory = timeline.now, Memory()
        self._recorder = Recorder(timeline.now)
        self._forks = ForkLog(self._recorder)
        self.observers = (self._recorder, self._forks, self._sampler(items) if looks else _Glance())

    def _sampler(self, items: int) -> Sampler:
        sampler = Sampler(
            self._memory, perf_counter, _unheard, every=apart(items), pace=lambda: pace_us(perf_counter)
        )
        sampler.begin()
        return sampler

    def paid_fork_us(self) -> float | None:
        """The `paid_fork_us` of the run that has just ended, in microseconds; None where a cell has none."""
        moments = Moments(0.0, self._now())
        told = time_readings(self._recorder, self._forks, moments, clock_us=clock_floor_us(), inline=True)
        return next(one.value for one in told if one.metric == "paid_fork_us")

    def item_times(self) -> Mapping[str, Sequence[float]]:
        """`paid_fork_us`, `render_us` and `action_us` of each item of the largest fan-out of the run that has just ended, in
        microseconds by index, without the reading of the clock; NaN of an item that did not end with its first attempt. None
        of them where nothing fanned out."""
        largest = max(self._recorder.items, key=len, default=None)
        if largest is None:
            return {}
        clock_us = clock_floor_us()
        once = [
            bool(outcome) and not repeats
            for outcome, repeats in zip(largest.outcome, largest.repeats, strict=True)
        ]
        columns = {
            "paid_fork_us": largest.fork_us,
            "render_us": largest.render_us,
            "action_us": largest.action_us,
        }
        return {
            name: [us - clock_us if is_told else nan for us, is_told in zip(column, once, strict=True)]
            for name, column in columns.items()
        }

    def close(self) -> None:
        """Look at memory no more."""
        self._memory.close()


def _unheard(elapsed_s: float, samples: list[Growth]) -> None:
    """What was read of memory is for nobody here."""


class _Glance:
    """An observer that is shown a fork, so that the engine reads its clock as in a cell, and looks at nothing."""

    def fork_sampled(self, task: str, slot: int, fork: Fork) -> int:
        return sys.maxsize

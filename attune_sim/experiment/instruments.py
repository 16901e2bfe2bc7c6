"""The instruments that are in the run of a cell, for a run that somebody else drives and reads too."""

from __future__ import annotations

from time import perf_counter

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
    """What notes items and forks of an `inline` run and looks at its memory, as in a cell, and tells what it paid for forks.

    >>> RunInstruments(RealTimeline(), items=100).paid_fork_us() is None  # nothing has run
    True
    """

    def __init__(self, timeline: RealTimeline, *, items: int) -> None:
        self._now, self._memory = timeline.now, Memory()
        self._recorder = Recorder(timeline.now)
        self._forks = ForkLog(self._recorder)
        sampler = Sampler(
            self._memory, perf_counter, _unheard, every=apart(items), pace=lambda: pace_us(perf_counter)
        )
        self.observers = (self._recorder, self._forks, sampler)
        sampler.begin()

    def paid_fork_us(self) -> float | None:
        """The `paid_fork_us` of the run that has just ended, in microseconds; None where a cell has none."""
        moments = Moments(0.0, self._now())
        told = time_readings(self._recorder, self._forks, moments, clock_us=clock_floor_us(), inline=True)
        return next(one.value for one in told if one.metric == "paid_fork_us")

    def close(self) -> None:
        """Look at memory no more."""
        self._memory.close()


def _unheard(elapsed_s: float, samples: list[Growth]) -> None:
    """What was read of memory is for nobody here."""

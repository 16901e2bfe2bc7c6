"""`cold_start`: an attempt takes longer where nothing is warm that could take it, as functions and containers do."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf

import numpy as np

from attune_sim.simulation.latency.model import Draws, Latency, LatencyModel


@dataclass(frozen=True, repr=False)
class ColdStart(LatencyModel):
    """What `base` draws, and `extra_s` more where no instance is free and warm.

    An instance takes one attempt at a time, and is warm for `idle_s` seconds after it. As many come up as there are attempts at
    a time: of a fan-out with a window of 50 the first 50 attempts are cold, and all others warm.

    >>> from attune_sim.simulation.latency.constant import Constant
    >>> ColdStart(Constant(0.08), extra_s=2)
    <Latency cold_start(constant(80ms), 2s): mean 80.0 ms>
    """

    name = "cold_start"
    example = "cold_start(lognormal(80ms, 0.8), extra=2s, idle=10min)"

    base: Latency
    extra_s: float
    idle_s: float = 600.0

    def check(self) -> None:
        self.require_latency(self.base)
        self.require_positive(extra=self.extra_s, idle=self.idle_s)

    @property
    def mean_s(self) -> float:
        """Of a warm attempt."""
        return self.base.mean_s

    def draws(self, rng: np.random.Generator, n: int) -> Draws:
        """Of warm attempts."""
        return self.base.draws(rng, n)


class Instances:
    """The instances of one task, warm and cold, as time goes by: workers where they are simulated, else as many as are needed."""

    def __init__(self, model: ColdStart) -> None:
        self._extra, self._idle = model.extra_s, model.idle_s
        self._free: list[float] = []  # when each that is busy or warm is free again
        self._workers: dict[int, float] = {}  # when each was free again

    def taken(self, now: float, seconds: float, worker: int) -> float:
        """How long an attempt takes that begins now, on this worker (below 0: on any), and would take `seconds` on a warm
        instance. Moments never go back."""
        if worker >= 0:
            return self._on_worker(now, seconds, worker)
        free, oldest = self._free, now - self._idle
        while free and free[0] < oldest:
            heappop(free)
        if free and free[0] <= now:
            heappop(free)
        else:
            seconds += self._extra
        heappush(free, now + seconds)
        return seconds

    def _on_worker(self, now: float, seconds: float, worker: int) -> float:
        if now - self._workers.get(worker, -inf) > self._idle:
            seconds += self._extra
        self._workers[worker] = max(self._workers.get(worker, 0.0), now + seconds)
        return seconds

    def __repr__(self) -> str:
        return f"<Instances: {len(self._free) or len(self._workers)}>"

"""`exponential`: what has taken long is as likely as ever to take longer; the service of queueing theory's M."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attune_sim.simulation.latency.model import Draws, LatencyModel, held


@dataclass(frozen=True, repr=False)
class Exponential(LatencyModel):
    """With a mean of `mean_s` seconds.

    >>> Exponential(0.08)
    <Latency exponential(80ms): mean 80.0 ms>
    """

    name = "exponential"
    example = "exponential(mean=80ms)"

    mean_s: float

    def check(self) -> None:
        self.require_positive(mean=self.mean_s)

    @property
    def variation(self) -> float:
        return 1.0

    def draws(self, rng: np.random.Generator, n: int) -> Draws:
        return held(rng.exponential(self.mean_s, n))

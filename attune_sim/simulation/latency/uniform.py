"""`uniform`: anything between two times is as likely."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from attune_sim.simulation.latency.model import Draws, LatencyModel, held


@dataclass(frozen=True, repr=False)
class Uniform(LatencyModel):
    """Between `low_s` and `high_s` seconds.

    >>> Uniform(0.01, 2)
    <Latency uniform(10ms, 2s): mean 1.0 s>
    """

    name = "uniform"
    example = "uniform(10ms, 2s)"

    low_s: float
    high_s: float

    def check(self) -> None:
        self.require_positive(low=self.low_s, high=self.high_s)
        if self.low_s > self.high_s:
            self.refuse(f"low ({self.low_s:g} s) is above high ({self.high_s:g} s)")

    @property
    def mean_s(self) -> float:
        return (self.low_s + self.high_s) / 2

    @property
    def variation(self) -> float:
        return (self.high_s - self.low_s) / sqrt(12) / self.mean_s

    def draws(self, rng: np.random.Generator, n: int) -> Draws:
        return held(rng.uniform(self.low_s, self.high_s, n))

"""`lognormal`: most attempts take about the same, a few take many times as long; what networks and services do."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, log, sqrt
from typing import Final

import numpy as np

from attune_sim.simulation.latency.model import Draws, LatencyModel, held

_WIDEST: Final = 5.0  # one in a hundred takes a hundred thousand times the median


@dataclass(frozen=True, repr=False)
class Lognormal(LatencyModel):
    """Half of the attempts take less than `median_s` seconds; `sigma` is the standard deviation of the logarithm.

    >>> Lognormal(0.08, 0.8)
    <Latency lognormal(80ms, 0.8): mean 110 ms>
    """

    name = "lognormal"
    example = "lognormal(median=80ms, sigma=0.8)"

    median_s: float
    sigma: float

    def check(self) -> None:
        self.require_positive(median=self.median_s)
        self.require_between("sigma", self.sigma, 0, _WIDEST)

    @property
    def mean_s(self) -> float:
        return self.median_s * exp(self.sigma**2 / 2)

    @property
    def variation(self) -> float:
        return sqrt(expm1(self.sigma**2))

    def draws(self, rng: np.random.Generator, n: int) -> Draws:
        return held(rng.lognormal(log(self.median_s), self.sigma, n))

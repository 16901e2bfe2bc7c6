"""`pareto`: no attempt takes less than a minimum, and the longest ones take more than all others together."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import Final

import numpy as np

from attune_sim.simulation.latency.model import Draws, LatencyModel, held

_HEAVIEST: Final = 0.1
_LIGHTEST: Final = 1e6


@dataclass(frozen=True, repr=False)
class Pareto(LatencyModel):
    """At least `minimum_s` seconds; the share that takes longer than x is `(minimum_s / x) ** alpha`. With an `alpha` of 1 or
    less there is no mean.

    >>> Pareto(0.02, 2.1)
    <Latency pareto(20ms, 2.1): mean 38.2 ms>
    """

    name = "pareto"
    example = "pareto(minimum=20ms, alpha=2.1)"

    minimum_s: float
    alpha: float

    def check(self) -> None:
        self.require_positive(minimum=self.minimum_s)
        self.require_between("alpha", self.alpha, _HEAVIEST, _LIGHTEST)

    @property
    def mean_s(self) -> float:
        return inf if self.alpha <= 1 else self.alpha * self.minimum_s / (self.alpha - 1)

    @property
    def variation(self) -> float:
        return inf if self.alpha <= 2 else 1 / sqrt(self.alpha * (self.alpha - 2))

    def draws(self, rng: np.random.Generator, n: int) -> Draws:
        return held(self.minimum_s * (1 + rng.pareto(self.alpha, n)))

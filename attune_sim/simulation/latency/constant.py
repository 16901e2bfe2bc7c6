"""`constant`: every attempt takes as long as every other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attune_sim.simulation.latency.model import Draws, LatencyModel


@dataclass(frozen=True, repr=False)
class Constant(LatencyModel):
    """Always `value_s` seconds.

    >>> Constant(0.08)
    <Latency constant(80ms): mean 80.0 ms>
    """

    name = "constant"
    example = "constant(80ms)"

    value_s: float

    def check(self) -> None:
        self.require_positive(value=self.value_s)

    @property
    def mean_s(self) -> float:
        return float(self.value_s)

    @property
    def variation(self) -> float:
        return 0.0

    def draws(self, rng: np.random.Generator, n: int) -> Draws:
        return np.full(n, float(self.value_s))

"""`per_target`: each target has a pace of its own, so that slow servers stay slow, from cycle to cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from attune_sim.simulation.hashing import hashes, normal
from attune_sim.simulation.latency.model import Draws, Latency, LatencyModel, held
from attune_sim.simulation.targets import wrong_key

_WIDEST: Final = 3.0


@dataclass(frozen=True, repr=False)
class PerTarget(LatencyModel):
    """What `base` draws, times a factor of the target: lognormal with `spread` as sigma, 1 in the mean.

    `key` says what a target is: the `item` of the fan-out, a path in it (`item.id`), or its `index`. A task without items is one
    target.

    >>> from attune_sim.simulation.latency.constant import Constant
    >>> slow = PerTarget(Constant(0.08), spread=0.5, key="item.id")
    >>> slow
    <Latency per_target(constant(80ms), 0.5, key=item.id): mean 80.0 ms>
    >>> slow.factors(7, ["srv-1", "srv-2"]).round(2).tolist() == slow.factors(7, ["srv-1", "srv-2"]).round(2).tolist()
    True
    """

    name = "per_target"
    example = "per_target(lognormal(80ms, 0.8), spread=0.5, key=item.id)"

    base: Latency
    spread: float
    key: str = "item"

    def check(self) -> None:
        self.require_latency(self.base)
        self.require_between("spread", self.spread, 0, _WIDEST)
        if complaint := wrong_key(self.key):
            self.refuse(complaint)

    @property
    def mean_s(self) -> float:
        return self.base.mean_s

    def factors(self, seed: int, targets: Sequence[Any]) -> Draws:
        """The factor of each target, the same for the same seed."""
        return np.exp(self.spread * normal(hashes(targets, seed, "per_target")) - self.spread**2 / 2)

    def draws(self, rng: np.random.Generator, n: int) -> Draws:
        """Of `n` targets of which nothing is known."""
        factors = np.exp(self.spread * rng.standard_normal(n) - self.spread**2 / 2)
        return held(self.base.draws(rng, n) * factors)

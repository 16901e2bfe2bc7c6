"""`failing`: a share of the attempts fails, or a share of the targets fails whenever it is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attune_sim.executors.fates import Fated
from attune_sim.simulation.faults.fault import THEN, Fault, Meets, ending
from attune_sim.simulation.targets import wrong_key
from attune_sim.simulation.visits import Visit


@dataclass(frozen=True, repr=False)
class Failing(Fault):
    """A `share` of attempts, each by itself, or `per` "target": those of a share of the targets (`key` says what a target is). They
    fail, or `then` "hang" until their timeout.

    >>> Failing(0.02), Failing(0.02, then="hang", per="target")
    (<Fault failing(2%)>, <Fault failing(2%, then=hang, per=target)>)
    """

    name = "failing"
    example = "failing(2%, then=fail, per=attempt)"
    words = {"then": THEN, "per": ("attempt", "target")}  # noqa: RUF012

    share: float
    then: str = "fail"
    per: str = "attempt"
    key: str = "item"

    def check(self) -> None:
        self.require_share(self.share)
        if complaint := wrong_key(self.key):
            self.refuse(complaint)

    def begun(self, seed: int, number: int) -> _Failing:
        return _Failing(self, f"failing {number}")


class _Failing:
    def __init__(self, fault: Failing, purpose: str) -> None:
        self._fault, self._purpose = fault, purpose

    def over(self, visit: Visit) -> Meets:
        fault, share = self._fault, self._fault.share
        end = ending(fault.then, visit, fault)
        if fault.per == "target":
            by_target = visit.hit(self._purpose, share, fault.key, f"fault {fault.name}")
            return lambda attempt, slot, now, fate: end(fate) if by_target(0, slot) else fate

        def draw(rng: np.random.Generator, slots: range) -> NDArray[np.bool_]:
            return rng.random(len(slots)) < share

        is_hit = visit.drawn(self._purpose, draw)

        def meets(attempt: int, slot: int, now: float, fate: Fated) -> Fated:
            return end(fate) if is_hit(attempt, slot) else fate

        return meets

"""`failing`: a share of the attempts fails, or a share of the targets fails whenever it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attune_sim.executors.fates import Fated
from attune_sim.simulation.blocks import by_block
from attune_sim.simulation.faults.fault import THEN, Fault, Foreseen, Meets, Trouble, ending
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


class _Failing(Trouble):
    def __init__(self, fault: Failing, purpose: str) -> None:
        self._fault, self._purpose = fault, purpose

    def over(self, visit: Visit) -> Meets:
        end, is_hit = self._end(visit), by_block(self._hits(visit))

        def meets(attempt: int, slot: int, now: float, fate: Fated) -> Fated:
            return end(fate) if is_hit(attempt, slot) else fate

        def meets_target(attempt: int, slot: int, now: float, fate: Fated) -> Fated:
            return end(fate) if is_hit(0, slot) else fate

        return meets if self._fault.per == "attempt" else meets_target

    def foreseen(self, visit: Visit) -> Foreseen:
        hits = self._hits(visit)
        return Foreseen(lambda block: hits(0, block), self._end(visit))

    def _end(self, visit: Visit) -> Callable[[Fated], Fated]:
        return ending(self._fault.then, visit, self._fault)

    def _hits(self, visit: Visit) -> Callable[[int, int], list[bool]]:
        fault, share = self._fault, self._fault.share
        if fault.per == "target":
            return visit.hit_blocks(self._purpose, share, fault.key, f"fault {fault.name}")
        return visit.drawn_blocks(self._purpose, lambda rng, slots: rng.random(len(slots)) < share)

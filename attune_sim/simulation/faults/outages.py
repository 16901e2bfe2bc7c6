"""`outages`: now and then a share of the targets is out, all at once and for a while."""

from __future__ import annotations

from dataclasses import dataclass

from attune_sim.executors.fates import Fated
from attune_sim.simulation.faults.fault import THEN, Fault, Meets, Trouble, ending
from attune_sim.simulation.hashing import generator
from attune_sim.simulation.targets import wrong_key
from attune_sim.simulation.visits import Visit


@dataclass(frozen=True, repr=False)
class Outages(Fault):
    """An outage begins `mtbf_s` seconds after the last one ended and goes on for `duration_s`, both exponential with these means.

    It hits a `share` of the targets, other ones each time (`key` says what a target is). An attempt that begins in it fails, or
    `then` "hang" until its timeout.

    >>> Outages(7200, 300, share=0.2, then="hang")
    <Fault outages(2h, 5min, share=20%, then=hang)>
    """

    name = "outages"
    example = "outages(mtbf=2h, duration=5min, share=20%, then=fail)"
    words = {"then": THEN}  # noqa: RUF012

    mtbf_s: float
    duration_s: float
    share: float = 1.0
    then: str = "fail"
    key: str = "item"

    def check(self) -> None:
        self.require_time(mtbf=self.mtbf_s, duration=self.duration_s)
        self.require_share(self.share)
        if complaint := wrong_key(self.key):
            self.refuse(complaint)

    def begun(self, seed: int, number: int) -> _Outages:
        return _Outages(self, seed, number)


class _Outages(Trouble):
    """Goes along with time, which never goes back; outages are numbered from 1."""

    def __init__(self, fault: Outages, seed: int, number: int) -> None:
        self._fault, self._purpose = fault, f"outages {number}"
        self._rng = generator(seed, self._purpose)
        self._number, self._begins, self._ends = 0, 0.0, 0.0
        self._next()

    def _next(self) -> None:
        fault, rng = self._fault, self._rng
        self._number += 1
        self._begins = self._ends + rng.exponential(fault.mtbf_s)
        self._ends = self._begins + rng.exponential(fault.duration_s)

    def at(self, now: float) -> int:
        """The number of the outage at this moment; 0 if there is none."""
        while now >= self._ends:
            self._next()
        return self._number if now >= self._begins else 0

    def over(self, visit: Visit) -> Meets:
        fault, at = self._fault, self.at
        end = ending(fault.then, visit, fault)
        is_hit = visit.hit(self._purpose, fault.share, fault.key, f"fault {fault.name}")

        def meets(attempt: int, slot: int, now: float, fate: Fated) -> Fated:
            outage = at(now)
            return end(fate) if outage and is_hit(outage, slot) else fate

        return meets

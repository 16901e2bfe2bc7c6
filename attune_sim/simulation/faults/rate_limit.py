"""`rate_limit`: what is called takes so many calls a second, and lets the others wait, or turns them away."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

from attune_sim.executors.fates import Fated
from attune_sim.simulation.faults.fault import Fault, Meets, Trouble
from attune_sim.simulation.visits import Visit

_SAME_MOMENT_S: Final = 1e-9


@dataclass(frozen=True, repr=False)
class RateLimit(Fault):
    """At most `rate` calls a second of one action, `burst` of them at once; one above that is to `wait` for its turn, or to `fail`.

    >>> RateLimit(50), RateLimit(50, above="fail", burst=10)
    (<Fault rate_limit(50/s)>, <Fault rate_limit(50/s, above=fail, burst=10)>)
    """

    name = "rate_limit"
    example = "rate_limit(50/s, above=wait, burst=10)"
    words = {"above": ("wait", "fail")}  # noqa: RUF012

    rate: float
    above: str = "wait"
    burst: float = 1

    def check(self) -> None:
        if isinstance(self.rate, bool) or not isinstance(self.rate, int | float) or not 0 < self.rate < inf:
            self.refuse(f"rate must be a number of calls a second above 0, not {self.rate!r}")
        if self.burst != int(self.burst) or self.burst < 1:
            self.refuse(f"burst must be a whole number of 1 or more, not {self.burst!r}")

    def begun(self, seed: int, number: int) -> _Limits:
        return _Limits(self)


class _Limits(Trouble):
    """The limit of each action, in calls of all cycles that are under way."""

    def __init__(self, fault: RateLimit) -> None:
        self._fault = fault
        self._limits: dict[str, _Limit] = {}

    def over(self, visit: Visit) -> Meets:
        fault, limit = self._fault, self._limits.setdefault(visit.offer.action, _Limit(self._fault))
        reason = f"simulated: {fault.text}"

        def waits(attempt: int, slot: int, now: float, fate: Fated) -> Fated:
            outcome, result, error, seconds = fate
            return outcome, result, error, seconds + limit.wait(now)

        def fails(attempt: int, slot: int, now: float, fate: Fated) -> Fated:
            return fate if limit.takes(now) else ("failed", None, reason, fate[3])

        return waits if fault.above == "wait" else fails


class _Limit:
    """A bucket that leaks (the generic cell rate algorithm): `_empty` is when it will be empty, if nothing more comes."""

    def __init__(self, fault: RateLimit) -> None:
        self._step = 1 / fault.rate
        self._slack = (fault.burst - 1) * self._step
        self._empty = 0.0

    def wait(self, now: float) -> float:
        """The seconds until the turn of a call that comes now, and has it."""
        empty = max(self._empty, now)
        self._empty = empty + self._step
        return max(empty - self._slack - now, 0.0)

    def takes(self, now: float) -> bool:
        """Whether a call that comes now is taken."""
        if self._empty - self._slack > now + _SAME_MOMENT_S:
            return False
        self._empty = max(self._empty, now) + self._step
        return True

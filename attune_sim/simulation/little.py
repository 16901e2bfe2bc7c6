"""Little's law as an alarm: what the counts over time say must be what the attempts themselves say."""

from __future__ import annotations

from math import ulp
from typing import NamedTuple


class Little(NamedTuple):
    """Little's law over a whole simulation, for one part of a station (`waiting` or `service`).

    With L the mean number of attempts that are there, `rate` of those that come, and W the mean time that one stays,
    L = rate * W whatever the distributions: `area_s` (L times the time that passed) is the integral of a count, `stayed_s` (rate
    times W times that time) the sum of what each attempt says of itself. They are kept apart from each other, so that an
    attempt that is lost from a queue, or served twice, breaks the law.

    >>> Little("waiting", area_s=12.0, stayed_s=12.0, attempts=4, now=10.0).holds
    True
    >>> print(Little("waiting", area_s=12.0, stayed_s=9.0, attempts=4, now=10.0).complaint)
    Little's law is broken for waiting: 12 s by the counts, 9 s by 4 attempts; this is a fault of the simulation, please report it
    """

    part: str
    area_s: float
    stayed_s: float
    attempts: int
    now: float

    @property
    def holds(self) -> bool:
        """To what rounding leaves of it: each attempt brings some, by the size of the numbers that tell the time."""
        rounding = 1e-9 * self.area_s + 8 * (self.attempts + 1) * ulp(self.now)
        return abs(self.area_s - self.stayed_s) <= rounding

    @property
    def complaint(self) -> str | None:
        """What to say of it; None where it holds."""
        if self.holds:
            return None
        told = f"{self.area_s:g} s by the counts, {self.stayed_s:g} s by {self.attempts:,} attempts"
        return f"Little's law is broken for {self.part}: {told}; this is a fault of the simulation, please report it"

"""What is under way over time, with two sums that tell whether that is counted as it should be."""

from __future__ import annotations

from typing import NamedTuple


class Flown(NamedTuple):
    """The sums of a `Flight`, with what attempts that are still under way have taken; `attempts` are all that began."""

    area_s: float = 0.0
    stayed_s: float = 0.0
    attempts: int = 0

    def plus(self, other: Flown) -> Flown:
        """Those of two flights together.

        >>> Flown(1.0, 1.0, 1).plus(Flown(2.5, 2.5, 2))
        Flown(area_s=3.5, stayed_s=3.5, attempts=3)
        """
        return Flown(
            self.area_s + other.area_s, self.stayed_s + other.stayed_s, self.attempts + other.attempts
        )


class Flight:
    """Attempts that are under way from their start on; `over` of them have ended. How many there are says who holds them.

    `area_s` is the integral of that count over time, `stayed_s` the sum of what each attempt that ended says it took. They are kept apart
    from each other: in the end they are equal (Little's law), unless an attempt was lost from sight or counted twice.

    >>> flight = Flight()
    >>> flight.advance(1.0, 1); flight.advance(3.0, 2); flight.ended(3.0); flight.advance(4.0, 1); flight.ended(3.0)
    >>> flight.area_s, flight.stayed_s, flight.over
    (6.0, 6.0, 2)
    """

    __slots__ = ("area_s", "over", "since_s", "stayed_s")

    def __init__(self) -> None:
        self.over = 0
        self.area_s = self.stayed_s = self.since_s = 0.0

    def advance(self, now: float, count: int) -> None:
        """Let time pass, in which so many were under way."""
        self.area_s += count * (now - self.since_s)
        self.since_s = now

    def ended(self, took_s: float) -> None:
        """One is under way no longer, which says that it took so long."""
        self.over += 1
        self.stayed_s += took_s

    def __repr__(self) -> str:
        return f"<Flight: {self.over:,} attempts are over>"

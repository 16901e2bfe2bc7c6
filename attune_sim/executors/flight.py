"""How many attempts are under way at once, with two sums that tell whether that is counted as it should be."""

from __future__ import annotations


class Flight:
    """Attempts that are under way from their start on: `count` of them now, `attempts` so far.

    `area_s` is the integral of the count over time, `stayed_s` the sum of what each attempt that ended says it took. They are kept apart
    from each other: in the end they are equal (Little's law), unless an attempt was lost from sight or counted twice.

    >>> flight = Flight()
    >>> flight.begun(0.0); flight.begun(1.0); flight.ended(3.0, 3.0); flight.ended(4.0, 3.0)
    >>> flight.area_s, flight.stayed_s, flight.attempts
    (6.0, 6.0, 2)
    """

    __slots__ = ("area_s", "attempts", "count", "since_s", "stayed_s")

    def __init__(self) -> None:
        self.count = self.attempts = 0
        self.area_s = self.stayed_s = self.since_s = 0.0

    def advance(self, now: float) -> None:
        """Let time pass, with the count as it is."""
        self.area_s += self.count * (now - self.since_s)
        self.since_s = now

    def begun(self, now: float) -> None:
        """One more is under way."""
        self.advance(now)
        self.count += 1
        self.attempts += 1

    def ended(self, now: float, took_s: float) -> None:
        """One is no longer, which says that it took so long."""
        self.advance(now)
        self.count -= 1
        self.stayed_s += took_s

    def __repr__(self) -> str:
        return f"<Flight: {self.count:,} of {self.attempts:,} attempts under way>"

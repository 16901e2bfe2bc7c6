"""How many wait and how many are served, over time: integrals in bins whose width grows with the time that has passed."""

from __future__ import annotations

from typing import Final

from attune_sim.simulation.stations import Columns

BINS: Final = 1024
"""At most so many bins; at least half of them once time has passed: fine enough for a plot, and small for ever."""

_FIRST_S: Final = 2.0**-10  # so that every width is a power of two, and sums of bins are exact


class Occupancy:
    """Two counts and their integrals over time. Whoever changes a count calls `advance(now)` first.

    >>> occupancy = Occupancy(0.0)
    >>> occupancy.waiting = 2; occupancy.advance(3.0); occupancy.waiting = 0; occupancy.advance(4.0)
    >>> occupancy.areas
    (6.0, 0.0)
    >>> occupancy.columns()["waiting"][0]
    2.0
    """

    __slots__ = ("_bins", "_ends", "_last", "_most", "_served", "_since", "_waited", "_width", "in_service", "most", "waiting")  # fmt: skip

    def __init__(self, since: float) -> None:
        self.waiting = self.in_service = 0
        self.most = 0
        """The most that have waited at once in the bin that is open; kept by whoever adds to `waiting`."""
        self._since = self._last = since
        self._width = _FIRST_S
        self._ends = since + _FIRST_S
        self._waited = self._served = 0.0  # in the bin that is open, up to `_last`
        self._bins: list[tuple[float, float, int]] = []
        self._most = 0

    def advance(self, now: float) -> None:
        """Let time pass, with the counts as they are."""
        if now >= self._ends:
            self._close_bins(now)
        passed = now - self._last
        self._waited += self.waiting * passed
        self._served += self.in_service * passed
        self._last = now

    @property
    def areas(self) -> tuple[float, float]:
        """The integrals, in attempts times seconds: of those that waited, of those that were in service."""
        waited, served, _ = map(sum, zip(*self._bins, (self._waited, self._served, 0), strict=True))
        return float(waited), float(served)

    @property
    def passed_s(self) -> float:
        """Seconds since it began."""
        return self._last - self._since

    @property
    def most_waiting(self) -> int:
        """The most that have ever waited at once."""
        return max(self._most, self.most)

    def columns(self) -> Columns:
        """What there is so far; the last bin ends with the last moment."""
        width, bins = self._width, list(self._bins)
        open_s = self._last - (self._since + len(bins) * width)
        rows = [(waited / width, served / width, most) for waited, served, most in bins]
        if open_s > 0:
            rows.append((self._waited / open_s, self._served / open_s, self.most))
        times = [self._since + number * width for number in range(len(rows))]
        names = ("waiting", "in_service", "most_waiting")
        return {"time_s": times, **{name: [row[i] for row in rows] for i, name in enumerate(names)}}

    def _close_bins(self, now: float) -> None:
        """Close the bins that end before or at this moment; where they become too many, make them twice as wide."""
        while now - self._since >= self._width * BINS:
            self._widen()
        bins, since, width = self._bins, self._since, self._width
        while now >= (ends := since + (len(bins) + 1) * width):
            passed = ends - self._last
            waited, served = self._waited + self.waiting * passed, self._served + self.in_service * passed
            bins.append((waited, served, self.most))
            self._waited = self._served = 0.0
            self._last = ends
            self._most = max(self._most, self.most)
            self.most = self.waiting
        self._ends = ends

    def _widen(self) -> None:
        bins = self._bins
        if len(bins) % 2:  # the bin that is open takes in the one before it
            waited, served, most = bins.pop()
            self._waited, self._served = self._waited + waited, self._served + served
            self.most = max(self.most, most)
        pairs = zip(bins[::2], bins[1::2], strict=True)
        self._bins = [(a[0] + b[0], a[1] + b[1], max(a[2], b[2])) for a, b in pairs]
        self._width *= 2

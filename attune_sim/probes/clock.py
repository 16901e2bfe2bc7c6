"""The clock of all measurements, and what reading it costs."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

Clock = Callable[[], float]
"""Gives seconds since some moment; never goes back."""


def clock_floor_us(clock: Clock = perf_counter, rounds: int = 2_000) -> float:
    """What two readings with nothing between them differ by, in microseconds: the median over `rounds`.

    Every single time contains it once; times below ten floors should come from batches.
    """
    if rounds < 1:
        raise ValueError("rounds counts from 1")
    return median(-(clock() - clock()) for _ in range(rounds)) * 1e6

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


def handover_us(clock: Clock = perf_counter, rounds: int = 2_000) -> float:
    """What lies between two readings of which the first one is returned by a function, beside what it has made: the way
    from where an input is ready to where its action is called. In microseconds, the median over `rounds`.
    """

    def ready() -> tuple[None, None, float, float, float, float]:
        return None, None, 0.0, 0.0, 0.0, clock()

    def once() -> float:
        _, _, _, _, _, then = ready()
        return clock() - then

    return median(once() for _ in range(rounds)) * 1e6

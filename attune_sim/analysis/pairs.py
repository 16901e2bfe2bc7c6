"""Pairs of times, freed of how fast the machine was as each side was measured.

A machine that is slow for a while does not hold up all work alike: a loop that only counts waits half as long as one that makes objects and
files them, which is what tells the pace, and one that jumps about in memory waits longer. So a time is no plain multiple of the pace but
grows with a power of it, and which one the repeats tell: how the times of either side moved as its pace did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, fsum, log, sqrt
from statistics import fmean, median
from typing import Final, NamedTuple

USUAL: Final = 0.07
"""A time is taken to move as the pace does until repeats say otherwise, and they say as much as that where the pace moves by this share: of an even
pace one sees how well it was read, and times have no part in that."""

MOST: Final = 2.0
"""The highest power, 0 being the lowest: those of what was measured were 0.6 to 1.5."""

FAR: Final = 3 * 1.4826  # median distances: of normal values three in a thousand are as far off
LEAST_FAR: Final = 0.1
ROUNDS: Final = 5
"""What lies far off is known once the power is, and the other way round: each is found so often by the other."""


class Pair(NamedTuple):
    """A value of each of two cases that were measured in one round, and how fast the machine was in either; 0 where nobody read that."""

    base: float
    own: float
    base_pace: float = 0.0
    own_pace: float = 0.0

    @property
    def swapped(self) -> Pair:
        return Pair(self.own, self.base, self.own_pace, self.base_pace)

    @property
    def is_paced(self) -> bool:
        return min(self) > 0


def freed(pairs: Iterable[Pair]) -> list[tuple[float, float]]:
    """Both values of each pair as they would be at the pace of the second one, which stays as it was read. A pair of which not both paces
    are known stays as it is.

    What the power is beyond 1 holds as far as the pace was seen to move on either side: a baseline of a day that was slower altogether tells
    nothing of what lies between.

    >>> usual, slow = 20.0, 36.0
    >>> work = [Pair(100, 110, usual, usual), Pair(180, 110, slow, usual), Pair(100, 198, usual, slow), Pair(180, 198, slow, slow)]
    >>> [(round(base), own) for base, own in freed(work)]
    [(100, 110), (100, 110), (180, 198), (180, 198)]
    """
    known = list(pairs)
    power, reach = _seen(known)
    return [
        (pair.base * _slower(pair, power, reach) if pair.is_paced else pair.base, pair.own) for pair in known
    ]


def elasticity(pairs: Iterable[Pair]) -> float:
    """By which power of the pace times grow, from 0 to 2: the slope of their logarithms, each side about its own mean.

    That is the slope within groups, by which an analysis of covariance corrects (Fisher, *Statistical Methods for Research Workers*, 4th
    ed., 1932), drawn towards 1 as in a ridge regression (Hoerl and Kennard, Technometrics 12, 1970). A time that lies far off those of its
    side was disturbed by something else and counts as one at the edge of them. Two sides that do different work have one power, between
    their own.

    >>> elasticity([Pair(100, 100, 20, 20)] * 5)
    1.0
    >>> counting = [Pair(100, 100, 20, 20), Pair(130, 100, 36, 20), Pair(130, 130, 36, 36)] * 10
    >>> round(elasticity(counting), 2)
    0.48
    """
    return _seen(pairs)[0]


def _seen(pairs: Iterable[Pair]) -> tuple[float, float]:
    """The power, and how far the pace moved: twice its standard deviation on both sides, as a logarithm."""
    known = [pair for pair in pairs if pair.is_paced]
    if not known:
        return 1.0, 0.0
    sides = [
        _Side([pair.base for pair in known], [pair.base_pace for pair in known]),
        _Side([pair.own for pair in known], [pair.own_pace for pair in known]),
    ]
    moved, n = fsum(side.moved for side in sides), 2 * len(known)
    usual = USUAL**2 * n
    power = 1.0
    for _ in range(ROUNDS):
        beyond = fsum(side.beyond(power) for side in sides)
        power = (power * moved + beyond + usual) / (moved + usual)
    return min(max(power, 0.0), MOST), 2 * sqrt(moved / n)


class _Side:
    """Times and paces of one side, as logarithms, the paces about their mean; `moved` is the sum of their squares."""

    def __init__(self, times: Iterable[float], paces: Iterable[float]) -> None:
        logs = [log(pace) for pace in paces]
        middle = fmean(logs)
        self._paces = [one - middle for one in logs]
        self._times = [log(time) for time in times]
        self.moved = fsum(one * one for one in self._paces)

    def beyond(self, power: float) -> float:
        """How much the times moved with the pace beyond that power of it."""
        rest = [time - power * pace for time, pace in zip(self._times, self._paces, strict=True)]
        return fsum(pace * one for pace, one in zip(self._paces, _held_in(rest), strict=True))


def _slower(pair: Pair, power: float, reach: float) -> float:
    """By what factor the work of a pair took longer at the pace of its second side."""
    slower = log(pair.own_pace) - log(pair.base_pace)
    return exp(slower + (power - 1) * _within(slower, reach))


def _held_in(values: Sequence[float]) -> list[float]:
    """Distances from the median, those that are far off held at the edge."""
    middle = median(values)
    away = [value - middle for value in values]
    edge = max(FAR * median(map(abs, away)), LEAST_FAR)
    return [_within(one, edge) for one in away]


def _within(value: float, edge: float) -> float:
    return min(max(value, -edge), edge)

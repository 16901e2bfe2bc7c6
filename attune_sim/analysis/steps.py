"""A metric over commits, and where it changed.

Counts say it at once: a commit is set beside the one with which the present level began, hash seed by hash seed, and the rule of all
verdicts (`analysis.rule`) says whether that is a change. So what creeps is found as well, once it has crept far enough.

Ratios of times differ by a few percent from day to day, and a commit alone proves nothing. For them, levels are fitted through all
commits at once, those for which commits differ least from what they share a level with, every level more having its price: the
segmentation by a kernel of Arlot, Celisse and Harchaoui, "A kernel multiple change-point algorithm via model selection" (Journal of Machine
Learning Research 20, 2019), with the Gaussian kernel, which one commit far off does not mislead. What it proposes the rule of verdicts has to
confirm, over the commits next to it on both sides. A step by a factor of two needs no commits behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from statistics import median
from typing import Final

import numpy as np

from attune_sim.analysis.rule import CERTAIN_FROM, Change, judged
from attune_sim.analysis.tolerance import tolerance_of
from attune_sim.metrics import METRICS

WIDTH: Final = 2.0
"""Of the kernel, in standard deviations of the noise: what differs by more is another level."""

PRICE: Final = 0.7
"""Of a level, in logarithms of the number of commits. With it 300 series of 100 commits without any step gave none, with or without one commit
far off; steps of two deviations were found within two commits in 93 of 100, ten commits three deviations off in 83."""

LEAST: Final = 3
"""Commits of a level."""

BESIDE: Final = 10
"""Commits on each side of a step that the rule of verdicts looks at."""


@dataclass(frozen=True, slots=True)
class Point:
    """One commit: its values, by the hash seed or round in which they were read, and what it ran on."""

    commit: str
    date: str
    values: Mapping[int, float]
    surroundings: str = ""

    @property
    def median(self) -> float:
        return median(self.values.values())


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one case over commits, the oldest first; `over` is the metric that it is divided by, empty for a count."""

    group: str
    case: str
    strategy: str
    metric: str
    points: tuple[Point, ...]
    over: str = ""

    @property
    def name(self) -> str:
        """`sharing: shared.fork_bytes`"""
        over = f" / {self.over}" if self.over else ""
        return f"{self.group}: {self.strategy}.{self.metric}{over}"

    def format(self, value: float) -> str:
        """A value as a person reads it: that of a ratio has no unit."""
        return f"{value:.3g}" if self.over else METRICS[self.metric].format(value)


@dataclass(frozen=True, slots=True)
class Step:
    """That a series changed with the commit `points[place]`. `before` and `after` are the medians of its levels; `ratio` is after / before
    with its interval over n pairs."""

    place: int
    commit: str
    date: str
    before: float
    after: float
    ratio: float
    low: float
    high: float
    n: int
    since: str
    other_surroundings: bool = False


def steps_of(series: Series) -> list[Step]:
    """Where it changed, the oldest first.

    >>> points = [Point(f"c{n}", f"2026-01-{n:02}", {seed: 72.0 if n < 5 else 136.0 for seed in range(3)}) for n in range(1, 8)]
    >>> [(step.commit, step.since, step.before, step.after) for step in steps_of(Series("g", "c", "shared", "fork_bytes", tuple(points)))]
    [('c5', 'c4', 72.0, 136.0)]
    """
    found = _exact(series) if not series.over else _noisy(series)
    places = [0, *(place for place, _ in found), len(series.points)]
    levels = [median(point.median for point in series.points[start:end]) for start, end in pairwise(places)]
    return [
        _step(series, place, change, levels[turn], levels[turn + 1])
        for turn, (place, change) in enumerate(found)
    ]


def _step(series: Series, place: int, change: Change, before: float, after: float) -> Step:
    point, last = series.points[place], series.points[place - 1]
    ends = (1 / change.ratio, 1 / change.high, 1 / change.low)
    other = point.surroundings != last.surroundings
    return Step(place, point.commit, point.date, before, after, *ends, change.n, last.commit, other)


def _exact(series: Series) -> list[tuple[int, Change]]:
    found, level = [], 0
    for place in range(1, len(series.points)):
        change = _beside(series, level, place)
        if change is not None and change.word == "changed":
            found.append((place, change))
            level = place
    return found


def _beside(series: Series, before: int, after: int) -> Change | None:
    """What the rule says of two commits, round by round."""
    base, own = series.points[before].values, series.points[after].values
    return judged([(base[one], own[one]) for one in base if one in own], tolerance_of(series.metric))


def _noisy(series: Series) -> list[tuple[int, Change]]:
    medians = [point.median for point in series.points]
    proposed = set(levels_of(medians))
    sure = {
        place: change for place, change in _certain(series) if not {place - 1, place, place + 1} & proposed
    }
    ends = [0, *sorted({*proposed, *sure}), len(medians)]
    found = []
    for start, place, end in zip(ends, ends[1:], ends[2:], strict=False):
        change = sure.get(place) or _confirmed(medians, start, place, end, series.metric)
        if change is not None and change.word == "changed":
            found.append((place, change))
    return found


def _confirmed(medians: Sequence[float], start: int, place: int, end: int, metric: str) -> Change | None:
    """What the rule says of the commits next to a step, each with one on the other side."""
    before, after = medians[max(start, place - BESIDE) : place], medians[place : min(end, place + BESIDE)]
    n = min(len(before), len(after))
    return judged(zip(before[-n:], after[:n], strict=True), tolerance_of(metric))


def _certain(series: Series) -> Iterator[tuple[int, Change]]:
    """Steps that need no commits behind them."""
    for place in range(1, len(series.points)):
        change = _beside(series, place - 1, place)
        if change is not None and change.word == "changed" and abs(log(change.ratio)) > log(CERTAIN_FROM):
            yield place, change


def levels_of(values: Sequence[float]) -> list[int]:
    """The places at which another level begins, of positive values in the order of time.

    >>> levels_of([1.0, 1.01, 0.99, 1.0, 1.02, 1.5, 1.49, 1.51, 1.5, 1.52, 1.5])
    [5]
    """
    n = len(values)
    if n < 2 * LEAST or min(values) <= 0:
        return []
    logs = np.log(np.asarray(values, dtype=float))
    # Differences of neighbours are free of levels; 1.4826 makes a deviation of their median distance.
    differences = np.diff(logs)
    noise = 1.4826 * float(np.median(np.abs(differences - np.median(differences)))) / 2**0.5
    scaled = logs / max(noise, 1e-4)
    kernel = np.exp(-((scaled[:, None] - scaled[None, :]) ** 2) / (2 * WIDTH**2))
    sums = np.zeros((n + 1, n + 1))
    sums[1:, 1:] = kernel.cumsum(axis=0).cumsum(axis=1)
    return _cheapest(sums, PRICE * log(n))


def _cheapest(sums: np.ndarray, price: float) -> list[int]:
    """The places of the division into levels that costs least; `sums` are those of all kernel values up to each place."""
    n = len(sums) - 1
    best, begun = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=int)
    best[0] = -price
    for end in range(LEAST, n + 1):
        starts = np.arange(0, end - LEAST + 1)
        alike = sums[end, end] - sums[starts, end] - sums[end, starts] + sums[starts, starts]
        costs = best[starts] + (end - starts) - alike / (end - starts) + price
        begun[end] = int(starts[np.argmin(costs)])
        best[end] = costs.min()
    places = []
    while n := int(begun[n]):
        places.append(n)
    return places[::-1]

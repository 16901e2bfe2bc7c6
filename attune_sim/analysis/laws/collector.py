"""What CPython's garbage collector adds to a run that keeps its forks, from how it decides when to collect.

Objects are in three generations. A collection of the youngest comes when more than 700 objects (2,000 from Python 3.13 on) were
made since the last one than let go; every eleventh takes the middle generation too. A collection of all comes when the middle one
was taken more than ten times since the last of all, and only if what has come through the middle generation since then
is more than a quarter of what survived the last of all (`gc_collect_generations` in CPython's Modules/gcmodule.c of 3.11 and
3.12, Python/gc.c of 3.13; the rule of a quarter: https://github.com/python/cpython/issues/48324). Each goes through all that is
alive, so n forks that are kept cost, in the end, 4 to 5 times n of them: a price that a run of a few hundred forks has not met yet.

What was made before the run is frozen (`gc.freeze`) and costs nothing, but it has set the first mark of a quarter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import nnls

from attune_sim.analysis.laws.points import Floats, Group, Points

YOUNG, FOLLOWED, FULL_US = "young_collections", "followed_objects", "full_collection_us"
NEEDED: Final = (YOUNG, FOLLOWED, FULL_US)
"""Metrics of one fork that decide what the collector does."""

KEEPS: Final = "eager"
"""The dispatch under which forks stay alive."""

PAID_BY: Final[Mapping[str, float]] = {"forking_us": 1.0, "paid_fork_us": 1.0, "wall_s": 1e-6}
"""Metrics that hold those collections -> their unit, in microseconds."""

MIDDLE: Final = 11
"""Young collections until one takes the middle generation, and as many of those until one may take all."""

FROZEN: Final = 33_000.0
"""Objects that were followed when set-up was frozen: what a worker has imported (seen with CPython 3.11)."""

QUARTER: Final = 4


@dataclass(frozen=True, slots=True)
class Collector:
    """Of one fork, over the context: young collections, objects followed, and what it adds to a collection of all, each as
    a constant and a slope."""

    young: tuple[float, float]
    followed: tuple[float, float]
    full_us: tuple[float, float]

    @property
    def grows_with_context(self) -> bool:
        """Whether most of what it goes through are copies of the context."""
        return self.full_us[1] > 0

    def us(self, items: Floats | float, context: Floats | float) -> Floats:
        """Microseconds of all collections of all generations in a run of these sizes."""
        return np.array([self._us(n, c) for n, c in np.broadcast(items, context)])

    def _us(self, items: float, context: float) -> float:
        young, followed, full = (
            constant + slope * context for constant, slope in (self.young, self.followed, self.full_us)
        )
        if young <= 0 or followed <= 0:
            return 0.0
        return full * sum(collected_at(items, young, followed))


def collected_at(items: float, young: float, followed: float) -> Iterator[float]:
    """How many forks are alive at each collection of all generations, of a run that keeps `items` forks.

    >>> [round(alive) for alive in collected_at(4096, 418 / 701, 235)]
    [203, 406, 609, 812, 1034, 1311, 1644, 2069, 2604, 3269]
    """
    grain = MIDDLE / young
    alive = 0.0
    while True:
        pending = (alive * followed or FROZEN) / QUARTER / followed
        alive += max(MIDDLE * grain, (int(pending / grain) + 1) * grain)
        if alive > items:
            return
        yield alive


def collectors_of(points: Mapping[tuple[Group, str], Points]) -> dict[Group, Collector]:
    """The collector of each group that keeps its forks and has what it takes."""
    groups = dict.fromkeys(group for group, _ in points if group.dispatch == KEEPS)
    return {
        group: Collector(*(line_in_context(points[group, name]) for name in NEEDED))
        for group in groups
        if all((group, name) in points for name in NEEDED)
    }


def line_in_context(points: Points) -> tuple[float, float]:
    """A constant and a slope over the context, neither of them negative, by relative errors: what one fork takes."""
    weights = 1 / np.maximum(points.values, 1e-9)
    widest = max(float(points.context.max()), 1.0)
    rows = np.stack([np.ones(len(points)), points.context / widest], axis=1)
    (constant, slope), _ = nnls(rows * weights[:, None], points.values * weights)
    return float(constant), float(slope) / widest

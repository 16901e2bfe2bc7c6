"""What CPython's garbage collector adds to a run that keeps its forks, from how it decides when to collect.

Objects are in three generations. Whenever so many more objects were made than let go (700; 2,000 from Python 3.13 on) one
is collected: the youngest; after eleven of those the middle one with it; and after eleven of these everything, but only if
what has come through the middle generation since the last time is at least a quarter of what survived that. A collection goes
through all that is alive, so n forks that are kept cost, in the end, 4 to 5 times n of them: a price that a run of a few hundred
forks has not met yet.

Source: `gc_collect_generations` in CPython's Modules/gcmodule.c (3.11, 3.12) and `gc_select_generation` in Python/gc.c (3.13);
the rule of a quarter: issue 4074 of bugs.python.org, and its comment in that code. What was made before the run is frozen
(`gc.freeze`) and is not gone through, but what there was of it stands for the survivors of the last time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
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

MANY: Final = 11
"""Collections of one generation after which the next one takes the generation above it too."""

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
        n, c = np.broadcast_arrays(np.atleast_1d(items), np.atleast_1d(context))
        told = np.zeros(n.shape)
        for size in np.unique(c):
            told[c == size] = self._us(n[c == size], float(size))
        return told

    def _us(self, items: Floats, context: float) -> Floats:
        """Of several runs over one context: what the longest of them meets, as far as each of them goes."""
        young, followed, full = (
            constant + slope * context for constant, slope in (self.young, self.followed, self.full_us)
        )
        if young <= 0 or followed <= 0:
            return np.zeros(items.shape)
        alive = [*collected_at(float(items.max()), young, followed)]
        sums = np.concatenate(([0.0], np.cumsum(alive)))
        return np.asarray(full * sums[np.searchsorted(alive, items, side="right")])


def collected_at(items: float, young: float, followed: float) -> Iterator[float]:
    """How many forks are alive at each collection of all generations, of a run that keeps `items` forks.

    `young` are collections that one fork brings about, `followed` its objects that one goes through. As for copies of 50 KB:

    >>> [round(alive) for alive in collected_at(4000, 458 / 701, 235)]
    [204, 407, 611, 814, 1036, 1313, 1645, 2069, 2603, 3266]
    """
    middle = (MANY + 1) / young  # forks from one collection of the middle generation to the next
    alive = 0.0
    while True:
        pending = (alive * followed or FROZEN) / QUARTER / followed
        alive += max(MANY, ceil(pending / middle)) * middle + 1 / young
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

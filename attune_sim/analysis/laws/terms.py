"""The terms of a cost, and their coefficients by non-negative least squares over relative errors.

    cost = a + b*N + c*C + d*N*C  (+ once/N)  (+ g * collector)

A cost is never negative, nor is any part of it, so no coefficient is (Lawson and Hanson, "Solving Least Squares Problems",
1974; `scipy.optimize.nnls`). Errors are shares of the value, so each point weighs by its fitted value (iteratively
reweighted), and points far off the others count less (Huber, "Robust Estimation of a Location Parameter", 1964): one cell
that something else disturbed does not move the law.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import nnls

from attune_sim.analysis.laws.collector import Collector
from attune_sim.analysis.laws.points import Floats, Points

TERMS: Final = ("a", "b", "c", "d", "once", "collector")
ONCE, COLLECTED = 4, 5

EXPECTED: Final = 1.0
LIKELY: Final = 0.5
"""What a collection in a run takes, as a factor on what one takes by itself, and by how much it is expected to be off."""

_ROUNDS: Final = 5
_HUBER: Final = 1.5
_NOISE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Terms:
    """Which terms a metric may have.

    `spread_once`: it is a mean over the items of a run, so what is paid once in it falls by their number. `collector`: it holds
    the collections of a run that keeps its forks, `per_us` of its unit a microsecond, `shared` by the items if it is a mean over them.
    """

    spread_once: bool = False
    collector: Collector | None = None
    per_us: float = 1.0
    shared: bool = False

    @property
    def all(self) -> tuple[int, ...]:
        extra = [(ONCE, self.spread_once), (COLLECTED, self.collector is not None)]
        return (0, 1, 2, 3, *(place for place, known in extra if known))

    def columns(self, items: Floats | float, context: Floats | float) -> Floats:
        """All six terms at these sizes, a row a size; those that the metric cannot have are 0.

        >>> Terms(spread_once=True).columns(4.0, 5.0).tolist()
        [[1.0, 4.0, 5.0, 20.0, 0.25, 0.0]]
        """
        n, c = np.broadcast_arrays(np.atleast_1d(items), np.atleast_1d(context))
        once = 1 / np.maximum(n, 1) if self.spread_once else np.zeros(n.shape)
        return np.stack([np.ones(n.shape), n, c, n * c, once, self._collected(n, c)], axis=1)

    def _collected(self, items: Floats, context: Floats) -> Floats:
        if self.collector is None:
            return np.zeros(items.shape)
        us = self.collector.us(items, context) * self.per_us
        return us / np.maximum(items, 1) if self.shared else us


@dataclass(frozen=True, slots=True)
class Solver:
    """Finds coefficients of some terms over some points. `floor` is a value below which errors are absolute."""

    terms: Terms
    points: Points
    floor: float

    @property
    def matrix(self) -> Floats:
        return self.terms.columns(self.points.items, self.points.context)

    def solved(self, chosen: Sequence[int]) -> Floats:
        """All six coefficients; those of terms that are not chosen are 0."""
        places = list(chosen)
        matrix, values = self.matrix[:, places], self.points.values
        scale = np.maximum(matrix.max(axis=0), 1e-300)
        prior, expected = _prior(places, scale)
        weights = 1 / np.maximum(np.abs(values), self.floor)
        found = np.zeros(len(places))
        for _ in range(_ROUNDS):
            rows = np.vstack([matrix / scale * weights[:, None], prior])
            found, _ = nnls(rows, np.append(values * weights, expected))
            fitted = np.maximum(matrix / scale @ found, self.floor)
            weights = _huber((values - fitted) / fitted) / fitted
        coefficients = np.zeros(len(TERMS))
        coefficients[places] = found / scale
        return coefficients

    def errors(self, coefficients: Floats) -> Floats:
        """Of the points, as shares of the fitted values."""
        fitted = self.matrix @ coefficients
        return np.asarray((self.points.values - fitted) / np.maximum(fitted, self.floor))


def _prior(places: list[int], scale: Floats) -> tuple[Floats, Floats]:
    """One row more: small runs hardly meet the collector, so its factor is held near what is expected."""
    if COLLECTED not in places:
        return np.zeros((0, len(places))), np.zeros(0)
    at, weight = places.index(COLLECTED), _NOISE / LIKELY
    row = np.zeros((1, len(places)))
    row[0, at] = weight / scale[at]
    return row, np.array([weight * EXPECTED])


def _huber(errors: Floats) -> Floats:
    spread = 1.4826 * float(np.median(np.abs(errors))) + 1e-6
    return np.asarray(np.sqrt(np.minimum(1.0, _HUBER * spread / np.maximum(np.abs(errors), 1e-12))))

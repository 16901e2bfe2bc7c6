"""The terms of a cost, and their coefficients by non-negative least squares over relative errors.

    cost = a + b*N + c*C + d*N*C  (+ once/N)  (+ g * collector)  (+ i * indexes)

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

TERMS: Final = ("a", "b", "c", "d", "once", "collector", "indexes")
CONSTANT, ONCE, COLLECTED, INDEXED = 0, 4, 5, 6

SMALL_INTEGERS: Final = 257
"""Indexes that are no objects of their own: CPython keeps the integers from 0 to 256 (`_PY_NSMALLPOSINTS`)."""

KNOWN: Final = {COLLECTED: 0.1, INDEXED: 0.4}
"""Terms of which the size is known beforehand, so that their coefficient is a factor of about 1 -> how firmly it is held there, in
noise of one cell: the collector within a half, an object within an eighth. Free, both would pass for other growth."""

_ROUNDS: Final = 5
_HUBER: Final = 1.5


@dataclass(frozen=True, slots=True)
class Terms:
    """Which terms a metric may have.

    `spread_once`: it is a mean over the items of a run, so what is paid once in it falls by their number. `collector`: it holds
    the collections of a run that keeps its forks, `per_us` of its unit a microsecond. `per_index` is what an index beyond the
    small integers adds to it, which is an object. `shared`: it is a mean over the items. `unlikely` are the places of terms that have to
    earn more than others, `fading` of those that are kept whatever they earn.
    """

    spread_once: bool = False
    collector: Collector | None = None
    per_us: float = 1.0
    shared: bool = False
    per_index: float = 0.0
    unlikely: tuple[int, ...] = ()
    fading: tuple[int, ...] = ()

    @property
    def all(self) -> tuple[int, ...]:
        extra = [
            (ONCE, self.spread_once),
            (COLLECTED, self.collector is not None),
            (INDEXED, self.per_index > 0),
        ]
        return (0, 1, 2, 3, *(place for place, known in extra if known))

    def columns(self, items: Floats | float, context: Floats | float) -> Floats:
        """All seven terms at these sizes, a row a size; those that the metric cannot have are 0.

        >>> Terms(spread_once=True).columns(4.0, 5.0).tolist()
        [[1.0, 4.0, 5.0, 20.0, 0.25, 0.0, 0.0]]
        """
        n, c = np.broadcast_arrays(np.atleast_1d(items), np.atleast_1d(context))
        once = 1 / np.maximum(n, 1) if self.spread_once else np.zeros(n.shape)
        each = [np.ones(n.shape), n, c, n * c, once, self._collected(n, c), self._objects(n)]
        return np.stack(each, axis=1)

    def _objects(self, items: Floats) -> Floats:
        """What indexes that are objects of their own add."""
        large = np.maximum(items - SMALL_INTEGERS, 0.0) * self.per_index
        return large / np.maximum(items, 1) if self.shared else large

    def _collected(self, items: Floats, context: Floats) -> Floats:
        if self.collector is None:
            return np.zeros(items.shape)
        us = self.collector.us(items, context) * self.per_us
        return us / np.maximum(items, 1) if self.shared else us


@dataclass(frozen=True, slots=True)
class Solver:
    """Finds coefficients of some terms over some points. `floor` is a value below which errors are absolute; a point counts by
    the power `lean` of its value."""

    terms: Terms
    points: Points
    floor: float
    lean: float = 0.0

    @property
    def matrix(self) -> Floats:
        return self.terms.columns(self.points.items, self.points.context)

    def solved(self, chosen: Sequence[int]) -> Floats:
        """All seven coefficients; those of terms that are not chosen are 0, all of them where none is."""
        places = list(chosen)
        if (
            not places
        ):  # scipy's `nnls` frees what it never allocated for a matrix without columns: the process aborts
            return np.zeros(len(TERMS))
        matrix, values = self.matrix[:, places], self.points.values
        scale = np.maximum(matrix.max(axis=0), 1e-300)
        prior, expected = _prior(places, scale)
        weights = 1 / np.maximum(np.abs(values), self.floor)
        found = np.zeros(len(places))
        for _ in range(_ROUNDS):
            rows = np.vstack([matrix / scale * weights[:, None], prior])
            found, _ = nnls(rows, np.append(values * weights, expected))
            fitted = np.maximum(matrix / scale @ found, self.floor)
            weights = _huber((values - fitted) / fitted) / fitted * (fitted / fitted.max()) ** self.lean
        coefficients = np.zeros(len(TERMS))
        coefficients[places] = found / scale
        return coefficients

    def errors(self, coefficients: Floats) -> Floats:
        """Of the points, as shares of the fitted values."""
        fitted = self.matrix @ coefficients
        return np.asarray((self.points.values - fitted) / np.maximum(fitted, self.floor))


def _prior(places: list[int], scale: Floats) -> tuple[Floats, Floats]:
    """A row more for each term whose size is known: its factor is held near 1."""
    held = [(at, KNOWN[place]) for at, place in enumerate(places) if place in KNOWN]
    rows = np.zeros((len(held), len(places)))
    for row, (at, weight) in zip(rows, held, strict=True):
        row[at] = weight / scale[at]
    return rows, np.array([weight for _, weight in held])


def _huber(errors: Floats) -> Floats:
    spread = 1.4826 * float(np.median(np.abs(errors))) + 1e-6
    return np.asarray(np.sqrt(np.minimum(1.0, _HUBER * spread / np.maximum(np.abs(errors), 1e-12))))

"""The four terms, and their coefficients by non-negative least squares over relative errors.

    cost = a + b*N + c*C + d*N*C

A cost is never negative, nor is any part of it, so no coefficient is (Lawson and Hanson, "Solving Least Squares Problems",
1974; `scipy.optimize.nnls`). Errors are shares of the value, so each point weighs by its fitted value (iteratively reweighted),
and points far off the others count less (Huber's weights).
"""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
from scipy.optimize import nnls

from attune_sim.analysis.laws.points import Floats, Points

TERMS: Final = ("1", "N", "C", "N*C")
CHOICES: Final = tuple(some for n in range(1, 5) for some in combinations(range(4), n))
"""Every set of terms."""

_ROUNDS: Final = 6
_HUBER: Final = 1.5


def columns(items: Floats | float, context: Floats | float) -> Floats:
    """The four terms at these sizes, a row a size.

    >>> columns(3.0, 5.0).tolist()
    [[1.0, 3.0, 5.0, 15.0]]
    """
    n, c = np.atleast_1d(items), np.atleast_1d(context)
    return np.stack([np.ones_like(n, dtype=np.float64), n, c, n * c], axis=1)


def solved(points: Points, chosen: tuple[int, ...], floor: float) -> Floats:
    """The coefficients a, b, c, d of the chosen terms; the others are 0. `floor` is a value below which errors are absolute."""
    matrix = columns(points.items, points.context)[:, chosen]
    scale = matrix.max(axis=0)
    weights = 1 / np.maximum(points.values, floor)
    found = np.zeros(len(chosen))
    for _ in range(_ROUNDS):
        found, _ = nnls(matrix / scale * weights[:, None], points.values * weights)
        fitted = np.maximum(matrix / scale @ found, floor)
        weights = _huber((points.values - fitted) / fitted) / fitted
    coefficients = np.zeros(4)
    coefficients[list(chosen)] = found / scale
    return coefficients


def _huber(residuals: Floats) -> Floats:
    spread = 1.4826 * float(np.median(np.abs(residuals))) + 1e-6
    return np.sqrt(np.minimum(1.0, _HUBER * spread / np.maximum(np.abs(residuals), 1e-12)))


def residuals(points: Points, coefficients: Floats, floor: float) -> Floats:
    """Errors of the points, as shares of the fitted values."""
    fitted = columns(points.items, points.context) @ coefficients
    return np.asarray((points.values - fitted) / np.maximum(fitted, floor))

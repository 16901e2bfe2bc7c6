"""How far off a prediction may be: the noise of the cells, what they leave open, and the way beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import t as student

from attune_sim.analysis.laws.points import Floats, Points
from attune_sim.analysis.laws.terms import columns

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a cell of a size that was not run would read: an estimate, and the interval that holds 95 of 100 such cells."""

    value: float
    low: float
    high: float

    source = "estimated"


def distance(points: Points, items: float, context: float) -> float:
    """How far a size lies beyond the largest cells, in logarithms: 0 within, log 4 at four times the items.

    >>> round(distance(Points(np.array([1.0, 8.0]), np.array([5.0, 5.0]), np.array([1.0, 1.0])), 16, 5), 3)
    0.693
    """
    beyond = np.maximum(np.log([items / points.items.max(), context / max(points.context.max(), 1)]), 0)
    return float(beyond.sum())


def covariance(
    points: Points, chosen: tuple[int, ...], fitted: Floats, floor: float, spread: float
) -> Floats:
    """Of the chosen coefficients, for errors that are shares of the fitted values."""
    rows = columns(points.items, points.context)[:, chosen] / np.maximum(fitted, floor)[:, None]
    return np.asarray(np.linalg.pinv(rows.T @ rows) * spread**2)


def quantile(freedom: int) -> float:
    """How many standard errors to each side hold 95 of 100.

    >>> round(quantile(1000), 2)
    1.96
    """
    return float(student.ppf((1 + CONFIDENCE) / 2, max(freedom, 1)))

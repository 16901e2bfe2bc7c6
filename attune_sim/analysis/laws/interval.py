"""How far off a prediction may be: the noise of the cells, what they leave open, and the way beyond them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

import numpy as np
from scipy.stats import t as student

from attune_sim.analysis.laws.points import Floats, Points
from attune_sim.analysis.laws.terms import Solver

CONFIDENCE: Final = 0.95


_APART: Final = 1.1
"""Sizes closer than that are one size: a context grows by a byte where the number of items has a digit more."""


class Least(NamedTuple):
    """What is reckoned with however well the cells agree: the noise of a cell, and the drift for each e-fold beyond them."""

    spread: float
    drift: float


LEAST: Final = {"exact": Least(0.004, 0.004), "noisy": Least(0.04, 0.04)}


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a cell of a size that was not run would read: an estimate, and the interval that holds 95 of 100 such cells."""

    value: float
    low: float
    high: float
    source: Literal["estimated"] = "estimated"


def distances(points: Points, items: Floats, context: Floats) -> Floats:
    """How far sizes lie beyond the largest cells, in logarithms: 0 within, log 4 at four times the items.

    >>> one, eight = np.array([1.0]), np.array([8.0])
    >>> distances(Points(one, eight, one, one), np.array([2.0]), eight).round(3).tolist()
    [0.693]
    """
    ways = ((items, points.items), (context, points.context))
    beyond = [np.log(np.maximum(to, 1.0) / max(float(of.max()), 1.0)) for to, of in ways]
    return np.asarray(np.sum(np.maximum(beyond, 0.0), axis=0))


def drift_of(solver: Solver, chosen: tuple[int, ...], spread: float, least: float) -> float:
    """By what share predictions were off for each e-fold of the way, where the largest cells were foretold from the others.

    `spread` is the noise of one cell; what it explains is no drift.
    """
    found = [
        max(off**2 - 2 * spread**2 / cells, 0.0) / way**2 for off, cells, way in _foretold(solver, chosen)
    ]
    return max(least, float(np.sqrt(np.mean(found))) if found else 0.0)


def _foretold(solver: Solver, chosen: tuple[int, ...]) -> Iterator[tuple[float, int, float]]:
    """Without the most items, without the largest context: by what share the middle of what was left out is off, of how many
    cells, and how far beyond the rest it lay."""
    points = solver.points
    for sizes in (points.items, points.context):
        kept = sizes < sizes.max() / _APART
        rest, out = points.where(kept), points.where(~kept)
        if len(rest.sizes) > len(chosen):
            less = replace(solver, points=rest)
            errors = replace(solver, points=out).errors(less.solved(chosen))
            yield float(np.median(errors)), len(out), float(np.log(sizes.max() / max(sizes[kept].max(), 1.0)))


def quantile(freedom: int) -> float:
    """How many standard errors to each side hold 95 of 100.

    >>> round(quantile(1000), 2)
    1.96
    """
    return float(student.ppf((1 + CONFIDENCE) / 2, max(freedom, 1)))

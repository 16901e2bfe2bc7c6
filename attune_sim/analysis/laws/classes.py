"""Which class a cost belongs to: which terms carry it at the largest sizes, and whether they are the right ones at all."""

from __future__ import annotations

from math import log
from typing import Final, Literal

import numpy as np

from attune_sim.analysis.laws.points import Floats, Points
from attune_sim.analysis.laws.terms import CHOICES, TERMS, columns, residuals, solved

Law = Literal["O(1)", "O(N)", "O(C)", "O(N*C)", "none"]

CARRIES: Final = 0.05
"""Least share of the cost at the largest sizes: a term that has less does not decide how it grows there."""

LEAST_SIZES: Final = 3
"""Of fewer different sizes nothing is told."""

LAWS: Final[tuple[Law, ...]] = ("O(1)", "O(N)", "O(C)", "O(N*C)")


def chosen_terms(points: Points, floor: float, tolerance: float) -> tuple[int, ...]:
    """The set of terms with the least Bayesian information criterion; errors far below the tolerance buy no term."""

    def criterion(some: tuple[int, ...]) -> float:
        errors = residuals(points, solved(points, some, floor), floor)
        unexplained = float(np.mean(np.minimum(errors**2, 1.0))) + (tolerance / 4) ** 2
        return len(points) * log(unexplained) + len(some) * log(len(points))

    return min(CHOICES, key=criterion)


def leading(points: Points, coefficients: Floats) -> int:
    """The place of the term that decides how the cost grows at the largest sizes: of those that carry it the highest."""
    parts = columns(points.items.max(), points.context.max())[0] * coefficients
    shares = parts / max(parts.sum(), 1e-300)
    if shares[3] >= CARRIES:
        return 3
    larger = 1 if shares[1] >= shares[2] else 2
    return larger if shares[larger] >= CARRIES else 0


def law_of(points: Points, coefficients: Floats, floor: float, tolerance: float) -> Law:
    """The class, or `none` where the terms leave more than noise."""
    if len(points.sizes) < LEAST_SIZES or _is_curved(points, coefficients, floor, tolerance):
        return "none"
    return LAWS[leading(points, coefficients)]


def _is_curved(points: Points, coefficients: Floats, floor: float, tolerance: float) -> bool:
    """Whether what is left follows the sizes, by more than the tolerance."""
    errors = residuals(points, coefficients, floor)
    sizes = np.stack([points.items, points.context], axis=1)
    means = [float(np.median(errors[(sizes == one).all(axis=1)])) for one in np.unique(sizes, axis=0)]
    return float(np.sqrt(np.mean(np.square(means)))) > tolerance


__all__ = ["LAWS", "TERMS", "Law", "chosen_terms", "law_of", "leading"]

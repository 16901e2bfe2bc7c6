"""One fit a group and metric: the law of a cost, and what it says of sizes that were never run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from attune_sim.analysis.laws.classes import Law, chosen_terms, law_of, leading
from attune_sim.analysis.laws.interval import Prediction, covariance, distance, quantile
from attune_sim.analysis.laws.points import Floats, Group, Points, metric_of, points_of
from attune_sim.analysis.laws.terms import columns, residuals, solved
from attune_sim.analysis.tolerance import RUN_AMOUNTS
from attune_sim.metrics import TIMES, Metric

LEAST_NOISE: Final = {"exact": 0.003, "noisy": 0.03}
DRIFT: Final = {"exact": 0.02, "noisy": 0.10}
"""Least share by which a prediction may be off for each e-fold beyond the largest cells."""

CURVED: Final = {"exact": 0.04, "noisy": 0.25}
"""What the terms may leave over the sizes before they are called the wrong ones."""

_FLOORS: Final = {"us": 0.02, "s": 1e-4, "bytes": 16.0, "count": 1.0, "ratio": 1e-3}
_SYSTEM_FLOOR: Final = 1_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """`cost = a + b*N + c*C + d*N*C` of one metric in one group, with N in items and C in bytes of JSON.

    `law` is the class: `O(1)`, `O(N)`, `O(C)`, `O(N*C)`, or `none` where these terms do not describe it. `low` and `high` are
    the interval of the coefficient that leads. `spread` is the noise of one cell, a share of its value; `drift` the share by
    which a prediction may be off for each e-fold beyond the largest cells.
    """

    group: Group
    metric: str
    points: Points
    coefficients: Floats
    law: Law
    floor: float
    spread: float
    drift: float

    @property
    def a(self) -> float:
        return float(self.coefficients[0])

    @property
    def b(self) -> float:
        return float(self.coefficients[1])

    @property
    def c(self) -> float:
        return float(self.coefficients[2])

    @property
    def d(self) -> float:
        return float(self.coefficients[3])

    @property
    def chosen(self) -> tuple[int, ...]:
        """The places of the terms that it has."""
        return tuple(np.flatnonzero(self.coefficients).tolist())

    def at(self, items: float, context_bytes: float) -> float:
        """The cost at a size."""
        return float(columns(items, context_bytes)[0] @ self.coefficients)

    def standard_error(self, items: float, context_bytes: float) -> float:
        """Of the cost at a size, in its unit, as far as the cells leave it open."""
        row = columns(items, context_bytes)[0][list(self.chosen)]
        return float(np.sqrt(row @ self._covariance @ row)) if len(row) else 0.0

    def predict(self, items: float, context_bytes: float) -> Prediction:
        """What a cell of this size would read, with the interval that holds 95 of 100."""
        value = self.at(items, context_bytes)
        size = max(value, self.floor)
        parts = (
            self.spread,
            self.standard_error(items, context_bytes) / size,
            self.drift * distance(self.points, items, context_bytes),
        )
        off = quantile(len(self.points) - len(self.chosen)) * float(np.hypot(np.hypot(*parts[:2]), parts[2]))
        return Prediction(value, value * np.exp(-off) - self._slack, value * np.exp(off) + self._slack)

    @property
    def _slack(self) -> float:
        return self.floor * 0.5

    @property
    def _covariance(self) -> Floats:
        fitted = columns(self.points.items, self.points.context) @ self.coefficients
        return covariance(self.points, self.chosen, fitted, self.floor, self.spread)

    @property
    def interval(self) -> tuple[float, float]:
        """Of the coefficient that leads."""
        place = leading(self.points, self.coefficients)
        if place not in self.chosen:
            return 0.0, 0.0
        at = self.chosen.index(place)
        off = quantile(len(self.points) - len(self.chosen)) * float(np.sqrt(self._covariance[at, at]))
        value = float(self.coefficients[place])
        return max(0.0, value - off), value + off


def fits_of(metrics: pd.DataFrame, only: Iterable[str] | None = None) -> dict[tuple[Group, str], Fit]:
    """The fit of each group and metric of a long metrics frame (`Comparison.frame`); `only` these metrics.

    Totals that are derived have one too: `forking_us`, what a run paid for all its forks, and `forking_price_us`.
    """
    return {(group, name): fitted(group, name, points) for group, name, points in points_of(metrics, only)}


def fitted(group: Group, name: str, points: Points) -> Fit:
    """The fit of these points."""
    metric = metric_of(name)
    kind, floor = "noisy" if metric.noisy else "exact", _floor_of(metric)
    chosen = chosen_terms(points, floor, CURVED[kind])
    coefficients = solved(points, chosen, floor)
    errors = residuals(points, coefficients, floor)
    return Fit(
        group=group,
        metric=name,
        points=points,
        coefficients=coefficients,
        law=law_of(points, coefficients, floor, CURVED[kind]),
        floor=floor,
        spread=max(float(np.sqrt(np.mean(errors**2))), LEAST_NOISE[kind]),
        drift=DRIFT[kind],
    )


def _floor_of(metric: Metric) -> float:
    if metric.by_system:
        return _SYSTEM_FLOOR
    if metric.per_item:
        return _FLOORS[metric.unit]
    return 10.0 if metric.unit in TIMES[:1] else RUN_AMOUNTS.get(metric.unit, _FLOORS[metric.unit])

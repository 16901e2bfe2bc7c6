"""One fit a group and metric: the law of a cost, and what it says of sizes that were never run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from attune_sim.analysis.laws.classes import (
    EXACT,
    LAWS,
    LEAST_SIZES,
    NOISY,
    Judgement,
    Law,
    chosen_terms,
    is_curved,
    leading,
    shares,
)
from attune_sim.analysis.laws.collector import NEEDED, PAID_BY, Collector, collectors_of
from attune_sim.analysis.laws.interval import LEAST, Prediction, distances, drift_of, quantile
from attune_sim.analysis.laws.points import DERIVED, Floats, Group, Points, metric_of, points_of
from attune_sim.analysis.laws.terms import CONSTANT, INDEXED, ONCE, SMALL_INTEGERS, Solver, Terms
from attune_sim.analysis.tolerance import RUN_AMOUNTS
from attune_sim.metrics import Metric, Unit

_OF_ITEM: Final[dict[Unit, float]] = {"us": 0.02, "s": 1e-4, "bytes": 16.0, "count": 1.0, "ratio": 1e-4}
_OF_RUN: Final[dict[Unit, float]] = {"us": 20.0, "s": 2e-5, **RUN_AMOUNTS}
_PER_INDEX: Final[dict[Unit, float]] = {
    "bytes": 32.0,
    "count": 1.0,
}  # an integer, as the allocator hands it out
_GROWING_ITEMS: Final = (1, 3)
"""That the time of one item grows with their number is unlikely: cells of more items are often measured later, when the machine is
busier or less so."""
_ONCE_BY_CONTEXT: Final = (2,)
_OF_ITEMS: Final = {*DERIVED, "wall_s"}
"""And that what is mostly that of items, together, grows with the context alone: the shortest runs tell of that, and least of all."""
_PRICE: Final = "fork_us"
_FOR_FORKS: Final = {"paid_fork_us", "forking_us"}
_BY_CONTEXT: Final = (2, 3)
"""And that what a run pays for forks grows with the context where their price does not: the price is known to a hundredth, and two slow runs of
two milliseconds over the largest context were fitted as a law that foretold three quarters too much."""
_STEADY: Final = 0.02
"""The share of a price that terms of the context may have at the largest sizes, where it does not grow with it."""
_BY_SYSTEM: Final = 1_000_000.0
_ANYTHING: Final = 50.0  # a factor of e**50


@dataclass(frozen=True, kw_only=True)
class Fit:
    """`cost = a + b*N + c*C + d*N*C` of one metric in one group, with N in items and C in bytes of JSON.

    Further terms, where the metric has them: `once`, which is divided by the items (means over the items of a run), and
    `collector`, the factor on what CPython's collector takes of a run that keeps its forks. Indexes up to 256 are no objects of
    their own; `a`, `b` and `once` are as they are from 257 items on.

    `law` is the class: `O(1)`, `O(N)`, `O(C)`, `O(N*C)`, or `none` where these terms do not describe it. `spread` is the noise
    of one cell at the machine's usual pace, a share of its value; `drift` the share by which a prediction may be off for each e-fold beyond the
    largest cells. `floor` is the value below which errors are absolute.
    """

    group: Group
    metric: str
    terms: Terms
    points: Points
    coefficients: Floats
    judgement: Judgement
    floor: float
    spread: float
    drift: float

    def __repr__(self) -> str:
        return f"<Fit {self.metric} of {self.group.strategy}, {self.group.dispatch}: {self.law}, {len(self.points)} cells>"

    @property
    def a(self) -> float:
        """The constant. That of a total is less by what the small integers save it."""
        return float(self.coefficients[0]) + self._indexes * (1 if self.terms.shared else -SMALL_INTEGERS)

    @property
    def b(self) -> float:
        """An item more; from 257 on, where indexes are objects."""
        return float(self.coefficients[1]) + (0.0 if self.terms.shared else self._indexes)

    @property
    def c(self) -> float:
        """A byte of context more, whatever the items."""
        return float(self.coefficients[2])

    @property
    def d(self) -> float:
        """A byte of context more, for each item."""
        return float(self.coefficients[3])

    @property
    def once(self) -> float:
        """What is divided by the items."""
        return float(self.coefficients[4]) - (SMALL_INTEGERS * self._indexes if self.terms.shared else 0.0)

    @property
    def collector(self) -> float:
        """The factor on what the collector is expected to take."""
        return float(self.coefficients[5])

    @property
    def _indexes(self) -> float:
        return float(self.coefficients[INDEXED]) * self.terms.per_index

    @cached_property
    def law(self) -> Law:
        if len(self.points.sizes) < LEAST_SIZES or is_curved(self._solver, self.coefficients, self.judgement):
            return "none"
        return LAWS[self.leading]

    @property
    def leading(self) -> int:
        """The place of the coefficient that decides how the cost grows: 0 for `a` to 3 for `d`."""
        return leading(shares(self.terms, self.points, self.coefficients), self.judgement.carries)

    @property
    def chosen(self) -> tuple[int, ...]:
        """The places of the terms that it has."""
        return tuple(np.flatnonzero(self.coefficients).tolist())

    def at(self, items: float, context_bytes: float) -> float:
        """The cost at a size."""
        return float(self.costs(np.array([items]), np.array([context_bytes]))[0])

    def costs(self, items: Floats, context_bytes: Floats) -> Floats:
        """The costs at several sizes."""
        return np.asarray(self.terms.columns(items, context_bytes) @ self.coefficients)

    def predict(self, items: float, context_bytes: float) -> Prediction:
        """What a cell of this size would read at the machine's usual pace, with the interval that holds 95 of 100 such cells, at
        whatever pace."""
        value = self.at(items, context_bytes)
        own = float(self.off_by(np.array([items]), np.array([context_bytes]))[0])
        off = min(self.quantile * float(np.hypot(own, self.noise)), _ANYTHING)
        low, high = value * float(np.exp(-off)) - self.floor, value * float(np.exp(off)) + self.floor
        return Prediction(value, max(0.0, low), high)

    @property
    def noise(self) -> float:
        """By what share one cell differs from the law (one standard error), at whatever pace of the machine."""
        return float(np.hypot(self.spread, self.points.unevenness))

    @property
    def quantile(self) -> float:
        """How many times `off_by` hold 95 of 100."""
        return quantile(len(self.points) - len(self.chosen))

    def off_by(self, items: Floats, context_bytes: Floats) -> Floats:
        """By what share the costs at several sizes may be off (one standard error), without the noise of a single cell."""
        rows = self.terms.columns(items, context_bytes)[:, list(self.chosen)]
        variance = np.einsum("ij,jk,ik->i", rows, self.covariance, rows)
        own = np.sqrt(np.maximum(variance, 0.0)) / np.maximum(self.costs(items, context_bytes), self.floor)
        return np.asarray(np.hypot(own, self.drift * distances(self.points, items, context_bytes)))

    @cached_property
    def covariance(self) -> Floats:
        """Of the coefficients that it has."""
        matrix = self._solver.matrix
        fitted = np.maximum(matrix @ self.coefficients, self.floor)
        rows = matrix[:, list(self.chosen)] / fitted[:, None]
        return np.asarray(np.linalg.pinv(rows.T @ rows) * self.spread**2)

    @property
    def interval(self) -> tuple[float, float]:
        """Of the coefficient that leads (`a` to `d`), 95 %."""
        of_item = self.leading == (0 if self.terms.shared else 1)
        parts = {self.leading: 1.0, INDEXED: self.terms.per_index if of_item else 0.0}
        among = np.array([parts.get(place, 0.0) for place in self.chosen])
        value = float(among @ self.coefficients[list(self.chosen)])
        off = self.quantile * float(np.sqrt(max(float(among @ self.covariance @ among), 0.0)))
        return max(0.0, value - off), value + off

    @property
    def _solver(self) -> Solver:
        return Solver(self.terms, self.points, self.floor, self.judgement.lean)


Fits = Mapping[tuple[Group, str], "Fit"]
"""Group and metric -> fit."""


def fits_of(metrics: pd.DataFrame, only: Iterable[str] | None = None) -> dict[tuple[Group, str], Fit]:
    """The fit of each group and metric of a long metrics frame (`Comparison.frame`); `only` these metrics.

    Totals that are derived have one too: `forking_us`, what a run paid for all its forks, and `forking_price_us`.
    """
    wanted = None if only is None else set(only)
    needed = None if wanted is None else wanted | set(NEEDED) | ({_PRICE} if wanted & _FOR_FORKS else set())
    points = {(group, name): part for group, name, part in points_of(metrics, needed)}
    prices = {group: fitted(group, name, part) for (group, name), part in points.items() if name == _PRICE}
    collectors, steady = collectors_of(points), {group for group, fit in prices.items() if _is_steady(fit)}
    return {
        (group, name): prices[group]
        if name == _PRICE
        else fitted(group, name, part, collectors.get(group), group in steady)
        for (group, name), part in points.items()
        if wanted is None or name in wanted
    }


def _is_steady(price: Fit) -> bool:
    """Whether it is known of the price of a fork that it does not grow with the context."""
    four = shares(price.terms, price.points, price.coefficients)
    return price.law != "none" and float(four[[*_BY_CONTEXT]].sum()) < _STEADY


def fitted(
    group: Group, name: str, points: Points, collector: Collector | None = None, steady: bool = False
) -> Fit:
    """The fit of these points; `steady` tells that the price of a fork does not grow with the context."""
    metric = metric_of(name)
    judgement, least = (NOISY, LEAST["noisy"]) if metric.noisy else (EXACT, LEAST["exact"])
    terms = _terms_of(metric, collector, steady)
    solver = Solver(terms, points, _floor_of(metric), judgement.lean)
    chosen = chosen_terms(solver, judgement)
    coefficients = solver.solved(chosen)
    freedom = max(len(points) - len(chosen), 1)
    spread = max(float(np.sqrt(np.sum(solver.errors(coefficients) ** 2) / freedom)), least.spread)
    return Fit(
        group=group,
        metric=name,
        terms=terms,
        points=points,
        coefficients=coefficients,
        judgement=judgement,
        floor=solver.floor,
        spread=spread,
        drift=drift_of(solver, chosen, spread, least.drift),
    )


def _terms_of(metric: Metric, collector: Collector | None, steady: bool) -> Terms:
    paid = collector is not None and metric.name in PAID_BY
    of_item = metric.per_item and metric.noisy
    unlikely = _GROWING_ITEMS if of_item else _ONCE_BY_CONTEXT if metric.name in _OF_ITEMS else ()
    by_context = _BY_CONTEXT if steady and metric.name in _FOR_FORKS else ()
    return Terms(
        spread_once=of_item,
        collector=collector if paid else None,
        per_us=PAID_BY.get(metric.name, 1.0),
        shared=metric.per_item,
        per_index=0.0 if metric.by_system else _PER_INDEX.get(metric.unit, 0.0),
        unlikely=(*unlikely, *by_context),
        fading=() if not metric.noisy else (ONCE,) if of_item else (CONSTANT,),
    )


def _floor_of(metric: Metric) -> float:
    if metric.by_system:
        return _BY_SYSTEM
    return (_OF_ITEM if metric.per_item else _OF_RUN)[metric.unit]

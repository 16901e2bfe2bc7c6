"""At which size one strategy becomes cheaper than another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from attune_sim.analysis.laws.fit import Fit, Fits, fits_of
from attune_sim.analysis.laws.points import Floats, Group

Axis = Literal["items", "context_bytes"]
_GROUP: Final = tuple(name for name in Group._fields if name != "strategy")
CROSSOVER_COLUMNS: Final = (
    *_GROUP,
    *("metric", "along", "other", "at", "low", "high", "cheaper_below", "cheaper_above", "extrapolated"),
)

NEAR: Final = 2.0
"""A crossing within this factor of the measured sizes counts as measured."""

BEYOND: Final = 16.0
"""So far beyond the measured sizes crossings are looked for at all."""

_STEPS: Final = 241


def crossovers(
    metrics: pd.DataFrame, only: Iterable[str] | None = None, fits: Fits | None = None
) -> pd.DataFrame:
    """One row a crossing of two strategies: at which items, or bytes of context, the other one becomes the cheaper.

    Columns: workload, dispatch, executor, payload, metric, then

        along                the size that grows: `items` or `context_bytes`
        other                the one that stays, at the largest that was measured
        at, low, high        where the two fits cross, and the sizes between which they cannot be told apart; `low` is 0 and
                             `high` infinite where that has no end in what was looked at
        cheaper_below, cheaper_above    strategies
        extrapolated         whether it lies more than a factor of two outside of the measured sizes

    `only` these metrics; `fits` are theirs, where they were made before.
    """
    alike: dict[Any, list[Fit]] = {}
    for (group, metric), fit in (fits_of(metrics, only) if fits is None else fits).items():
        alike.setdefault((group._replace(strategy=""), metric), []).append(fit)
    pairs = [pair for fits in alike.values() for pair in combinations(fits, 2)]
    axes: tuple[Axis, ...] = ("items", "context_bytes")
    curves = _Curves()
    rows = [row for one, two in pairs for along in axes for row in _Pair(one, two, along, curves).crossings()]
    return pd.DataFrame(rows, columns=list(CROSSOVER_COLUMNS))


class _Curves:
    """Costs of a fit over some sizes, and by how much they may be off: a strategy is one side of many pairs."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bytes, bytes], tuple[Floats, Floats]] = {}

    def of(self, fit: Fit, items: Floats, context: Floats) -> tuple[Floats, Floats]:
        """Both in the fit's unit. The fits outlive this."""
        key = (id(fit), items.tobytes(), context.tobytes())
        if key not in self._known:
            costs = fit.costs(items, context)
            self._known[key] = costs, np.asarray(fit.quantile * fit.off_by(items, context) * costs)
        return self._known[key]


@dataclass(frozen=True, slots=True)
class _Pair:
    one: Fit
    two: Fit
    along: Axis
    curves: _Curves

    @property
    def measured(self) -> tuple[float, float]:
        """The least and the largest size that was measured, along the axis."""
        sizes = self._sizes(along=True)
        return max(float(sizes.min()), 1.0), float(sizes.max())

    @property
    def other(self) -> float:
        return float(self._sizes(along=False).max())

    def _sizes(self, *, along: bool) -> Floats:
        of_items = (self.along == "items") == along
        return np.concatenate(
            [fit.points.items if of_items else fit.points.context for fit in (self.one, self.two)]
        )

    def crossings(self) -> Iterator[dict[str, Any]]:
        least, most = self.measured
        grid = np.geomspace(max(least / BEYOND, 1.0), most * BEYOND, _STEPS)
        places = self._places(grid)
        (costs, off), (others, others_off) = (self.curves.of(fit, *places) for fit in (self.one, self.two))
        found = costs - others
        clear = np.abs(found) > np.hypot(off, others_off)
        for place in np.flatnonzero(found[:-1] * found[1:] < 0):
            at = float(brentq(lambda size: self._difference(np.array([size]))[0], *grid[place : place + 2]))
            low, high = _open_around(int(place), grid, clear)
            yield self._row(at, min(low, at), max(high, at), one_first=bool(found[place] < 0))

    def _row(self, at: float, low: float, high: float, *, one_first: bool) -> dict[str, Any]:
        least, most = self.measured
        names = (self.one.group.strategy, self.two.group.strategy)
        below, above = names if one_first else names[::-1]
        return {
            **{name: getattr(self.one.group, name) for name in _GROUP},
            "metric": self.one.metric,
            "along": self.along,
            "other": self.other,
            "at": at,
            "low": low,
            "high": high,
            "cheaper_below": below,
            "cheaper_above": above,
            "extrapolated": not least / NEAR <= at <= most * NEAR,
        }

    def _places(self, sizes: Floats) -> tuple[Floats, Floats]:
        """Items and context at these sizes along the axis."""
        others = np.full(len(sizes), self.other)
        return (sizes, others) if self.along == "items" else (others, sizes)

    def _difference(self, sizes: Floats) -> Floats:
        places = self._places(sizes)
        return np.asarray(self.one.costs(*places) - self.two.costs(*places))


def _open_around(place: int, sizes: Floats, clear: Any) -> tuple[float, float]:
    """The sizes nearest to a place, on both of its sides, at which it is clear which one is cheaper."""
    below, above = np.flatnonzero(clear[: place + 1]), np.flatnonzero(clear[place + 1 :])
    low = float(sizes[below[-1]]) if len(below) else 0.0
    return low, float(sizes[place + 1 + above[0]]) if len(above) else float("inf")

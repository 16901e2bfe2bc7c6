"""At which size one strategy becomes cheaper than another one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from attune_sim.analysis.laws.fit import Fit, fits_of

CROSSOVER_COLUMNS: Final = (
    *("workload", "dispatch", "executor", "payload", "metric", "along", "other", "at", "low", "high"),
    *("cheaper_below", "cheaper_above", "extrapolated"),
)
NEAR: Final = 2.0
BEYOND: Final = 16.0


def crossovers(metrics: pd.DataFrame) -> pd.DataFrame:
    """One row a crossing: at which items, or bytes of context, of two strategies the other one becomes cheaper."""
    groups: dict[Any, list[Fit]] = {}
    for (group, metric), fit in fits_of(metrics).items():
        groups.setdefault((*group._replace(strategy=""), metric), []).append(fit)
    pairs = (pair for fits in groups.values() for pair in combinations(fits, 2))
    rows = [row for pair in pairs for along in ("items", "context_bytes") for row in _crossings(*pair, along)]
    return pd.DataFrame(rows, columns=list(CROSSOVER_COLUMNS))


def _crossings(one: Fit, two: Fit, along: str) -> Iterator[dict[str, Any]]:
    sizes = one.points.items if along == "items" else one.points.context
    other = float((one.points.context if along == "items" else one.points.items).max())
    least, most = float(sizes.min()), float(sizes.max())

    def difference(log_size: float) -> float:
        size = float(np.exp(log_size))
        place = (size, other) if along == "items" else (other, size)
        return one.at(*place) - two.at(*place)

    grid = np.linspace(np.log(max(least / BEYOND, 1)), np.log(most * BEYOND), 65)
    signs = [difference(point) for point in grid]
    for left, right, before, after in zip(grid, grid[1:], signs, signs[1:], strict=False):
        if before * after < 0:
            at = float(np.exp(brentq(difference, left, right)))
            names = (one.group.strategy, two.group.strategy)
            below, above = names if before < 0 else names[::-1]
            known = {
                name: getattr(one.group, name) for name in ("workload", "dispatch", "executor", "payload")
            }
            outside = not least / NEAR <= at <= most * NEAR
            yield {**known, "metric": one.metric, "along": along, "other": other, "at": at, "low": at, "high": at,
                   "cheaper_below": below, "cheaper_above": above, "extrapolated": outside}  # fmt: skip

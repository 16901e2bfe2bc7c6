"""How memory grows with the items of a fan-out: a straight line through the samples of a cell.

Deep copies of a context of size C cost O(N*C), sharing costs O(N): both are straight lines, and what tells them apart
is the slope, in bytes an item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, linear_regression
from typing import Any, Final

import pandas as pd

MIN_POINTS: Final = 3
"""Two points always lie on a line, so they prove nothing."""

LINEAR_R2: Final = 0.98
"""From here on memory is called linear: heap steps (lists doubling, arenas) stay within the missing 2 %."""


@dataclass(frozen=True, slots=True)
class LinearLaw:
    """`value = intercept + slope * items`, by least squares.

    `slope` is in the unit of the values for one item, `r2` the share of their variance that the line explains (1.0
    where the values do not vary), `n` the number of points.
    """

    slope: float
    intercept: float
    r2: float
    n: int

    @property
    def linear(self) -> bool:
        """Whether the points are enough and lie on the line."""
        return self.n >= MIN_POINTS and self.r2 >= LINEAR_R2

    @property
    def doubt(self) -> str:
        """Why its slope is not to be believed; empty where it is."""
        if self.n < MIN_POINTS:
            return f"a line through {self.n} points proves nothing"
        return "" if self.linear else f"no straight line: it explains {self.r2:.0%} of the samples"

    def at(self, items: float) -> float:
        """The value that the line gives for this many items: an estimate, not a measurement."""
        return self.intercept + self.slope * items


def linear_law(items: Sequence[float], values: Sequence[float]) -> LinearLaw | None:
    """The line through these points, None where there are fewer than two different numbers of items.

    >>> linear_law([0, 10, 20], [100.0, 600.0, 1100.0])
    LinearLaw(slope=50.0, intercept=100.0, r2=1.0, n=3)
    """
    if len(set(items)) < 2:
        return None
    slope, intercept = linear_regression(items, values)
    mean = fmean(values)
    total = sum((y - mean) ** 2 for y in values)
    unexplained = sum((y - intercept - slope * x) ** 2 for x, y in zip(items, values, strict=True))
    return LinearLaw(slope, intercept, 1.0 if total == 0 else 1.0 - unexplained / total, len(items))


def growing(samples: pd.DataFrame) -> pd.DataFrame:
    """The samples of one cell taken while its forks grew: the first one at each number of items.

    Later ones at the same number show memory that is given back as items end, which is no part of the growth.
    """
    return samples.drop_duplicates("item_index")


def memory_laws(samples: pd.DataFrame, metric: str = "live_heap_bytes") -> pd.DataFrame:
    """One row a cell: its line of `metric` over the items done.

    Columns: `LAW_KEYS`, then `LAW_FIGURES`.
    Cells without samples of the metric are absent; cells with too few of them have no figures and are not `linear`.
    """
    wanted = samples[samples["metric"] == metric]
    rows = [_law_row(part) for _, part in wanted.groupby("cell", sort=False)]
    return pd.DataFrame(rows, columns=[*LAW_KEYS, *LAW_FIGURES]).astype({"items": "Int64"})


def _law_row(samples: pd.DataFrame) -> dict[str, Any]:
    part = growing(samples)
    law = linear_law(part["item_index"].tolist(), part["value"].tolist())
    line = (law.slope, law.intercept, law.r2) if law else (None, None, None)
    figures = zip(LAW_FIGURES, (*line, len(part), law is not None and law.linear), strict=True)
    return {**samples.iloc[0][list(LAW_KEYS)], **dict(figures)}


LAW_KEYS: Final = ("cell", "workload", "strategy", "dispatch", "items", "repeat", "outcome")
LAW_FIGURES: Final = ("bytes_per_item", "intercept_bytes", "r2", "points", "linear")

"""How memory grows with the items of a fan-out: a straight line through the samples of a cell.

Deep copies of a context of size C cost O(N*C), sharing costs O(N): both are straight lines, and what tells them apart
is the slope, in bytes an item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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

    def at(self, items: float) -> float:
        """The value that the line gives for this many items: an estimate, not a measurement."""
        return self.intercept + self.slope * items


def linear_law(items: Sequence[float], values: Sequence[float]) -> LinearLaw | None:
    """The line through these points, None where there are fewer than two different numbers of items.

    >>> linear_law([0, 10, 20], [100.0, 600.0, 1100.0])
    LinearLaw(slope=50.0, intercept=100.0, r2=1.0, n=3)
    """
    n = len(items)
    if len(set(items)) < 2:
        return None
    mean_x, mean_y = sum(items) / n, sum(values) / n
    dx = [x - mean_x for x in items]
    dy = [y - mean_y for y in values]
    slope = sum(a * b for a, b in zip(dx, dy, strict=True)) / sum(a * a for a in dx)
    intercept = mean_y - slope * mean_x
    total = sum(b * b for b in dy)
    left = sum((b - slope * a) ** 2 for a, b in zip(dx, dy, strict=True))
    return LinearLaw(slope, intercept, 1.0 if total == 0 else 1.0 - left / total, n)


def growing(samples: pd.DataFrame) -> pd.DataFrame:
    """The samples of one cell taken while its forks grew: the first one at each number of items.

    Later ones at the same number show memory that is given back as items end, which is no part of the growth.
    """
    return samples.drop_duplicates("item_index")


def memory_laws(samples: pd.DataFrame, metric: str = "live_heap_bytes") -> pd.DataFrame:
    """One row a cell: its line of `metric` over the items done.

    Columns: cell, strategy, dispatch, items, repeat, outcome, bytes_per_item, intercept_bytes, r2, points, linear.
    Cells without samples of the metric are absent; cells with too few of them have no figures and are not `linear`.
    """
    rows = []
    wanted = samples[samples["metric"] == metric]
    for cell, part in wanted.groupby("cell", sort=False):
        first, part = part.iloc[0], growing(part)
        law = linear_law(part["item_index"].tolist(), part["value"].tolist())
        rows.append(
            {
                "cell": cell,
                **{
                    name: first[name]
                    for name in ("workload", "strategy", "dispatch", "items", "repeat", "outcome")
                },
                "bytes_per_item": law.slope if law else None,
                "intercept_bytes": law.intercept if law else None,
                "r2": law.r2 if law else None,
                "points": len(part),
                "linear": law is not None and law.linear,
            }
        )
    return pd.DataFrame(rows, columns=list(LAW_COLUMNS)).astype({"items": "Int64"})


LAW_COLUMNS: Final = (
    "cell",
    "workload",
    "strategy",
    "dispatch",
    "items",
    "repeat",
    "outcome",
    "bytes_per_item",
    "intercept_bytes",
    "r2",
    "points",
    "linear",
)

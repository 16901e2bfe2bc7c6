"""Up to how many items each strategy lives in a memory, over the size of the context: where its laws meet the limit."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from attune_sim.analysis.laws import Fit, Fits, fits_of
from attune_sim.analysis.laws.classes import LEAST_SIZES
from attune_sim.analysis.laws.points import Floats
from attune_sim.frame import bare

FRONTIER_COLUMNS: Final = (
    *("strategy", "context_bytes", "items", "low", "high", "memory_bytes", "extrapolated", "source"),
)
"""`extrapolated`: more than `NEAR` times beyond the largest items, or contexts, that were measured; `source` is always `estimated`."""

BEYOND: Final = 8.0
"""So far beyond the measured contexts the frontier is told, on both sides."""

NEAR: Final = 16.0
"""Up to so many times the measured sizes predictions are checked (`benchmarks/bench_laws.py`)."""

_MOST_ITEMS: Final = 1e9
_PLACES: Final = 33
_HALVINGS: Final = 40
_LIVE, _SPACE = "live_heap_bytes", "base_space_bytes"
NEEDED: Final = (_LIVE, _SPACE)
"""Metrics whose fits it is made of."""

_SLACK_FROM: Final = 16e6  # of a heap that grew by less, free memory of the process took a part


def frontier(metrics: pd.DataFrame, memory: float | None = None, fits: Fits | None = None) -> pd.DataFrame:
    """One row a strategy and context: the items at which `memory` bytes are used up, None: the least limit of the cells.

    From a long metrics frame of several sizes: what a process holds before its run, and the law of its live heap. Columns are
    `FRONTIER_COLUMNS`; `low` and `high` hold it as often as the law's intervals do. Of several series of one strategy the first is told;
    strategies of fewer than four sizes have no law and no row.
    `fits` are those of `NEEDED`, where they were made before.
    """
    limit = float(metrics["memory_limit_bytes"].min()) if memory is None else memory
    fits = fits_of(metrics, NEEDED) if fits is None else fits
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    slacks = slacks_of(bare(metrics))
    for group, live in ((group, fit) for (group, name), fit in fits.items() if name == _LIVE):
        if group.strategy not in seen and len(live.points.sizes) >= LEAST_SIZES:
            seen.add(group.strategy)
            process = _Process(live, fits.get((group, _SPACE)), slacks.get(group.strategy, 1.0))
            rows += _rows(group.strategy, process, limit)
    return pd.DataFrame(rows, columns=list(FRONTIER_COLUMNS))


def items_over(edge: pd.DataFrame, strategy: str, context_bytes: float) -> float | None:
    """The items at which a strategy meets the limit over one context, from a `frontier`; None where it has no row.

    >>> edge = pd.DataFrame({"strategy": "a", "context_bytes": [10.0, 1000.0], "items": [400.0, 4.0]})
    >>> round(items_over(edge, "a", 100.0)), items_over(edge, "b", 100.0)
    (40, None)
    """
    own = edge[edge["strategy"] == strategy]
    if own.empty:
        return None
    told = np.interp(np.log(max(context_bytes, 1.0)), np.log(own["context_bytes"]), np.log(own["items"]))
    return float(np.exp(told))


class _Process(NamedTuple):
    """What the limit counts: all that is there before the run, and what its live heap takes of the system."""

    live: Fit
    space: Fit | None
    slack: float

    def bytes(self, items: Floats, context: Floats, side: int) -> Floats:
        """At several sizes; `side` -1 and 1 are the ends of the interval."""
        off = np.hypot(self.live.off_by(items, context), self.live.noise) * self.live.quantile
        grown = self.slack * self.live.costs(items, context) * np.exp(side * off)
        return np.asarray(grown + (0.0 if self.space is None else self.space.costs(items, context)))

    def items_at(self, context: Floats, limit: float, side: int) -> Floats:
        """The items at which the limit is met, by halving: memory does not fall as items are added."""
        low, high = np.zeros(len(context)), np.full(len(context), np.log(_MOST_ITEMS))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            over = self.bytes(np.exp(middle), context, side) > limit
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        return np.asarray(np.exp(low))


def _rows(strategy: str, process: _Process, limit: float) -> list[dict[str, Any]]:
    points = process.live.points
    least, most = max(float(points.context.min()), 1.0), max(float(points.context.max()), 1.0)
    contexts = np.geomspace(least / BEYOND, most * BEYOND, _PLACES)
    told, low, high = (process.items_at(contexts, limit, side) for side in (0, 1, -1))
    far = (told > NEAR * points.items.max()) | (contexts > NEAR * most)
    return [
        {
            "strategy": strategy, "context_bytes": float(context), "items": float(items), "low": float(least_items),
            "high": float(most_items), "memory_bytes": limit, "extrapolated": bool(beyond), "source": "estimated",
        }
        for context, items, least_items, most_items, beyond in zip(contexts, told, low, high, far, strict=True)
    ]  # fmt: skip


def slacks_of(metrics: pd.DataFrame) -> dict[str, float]:
    """Strategy -> resident bytes a byte of live heap, of the largest heap that is large enough to tell; nothing where none is."""
    peak = "peak_rss_bytes"
    own = metrics.loc[
        metrics["outcome"].eq("ok") & metrics["metric"].isin([_LIVE, peak]),
        ["strategy", "cell", "metric", "value"],
    ]
    wide = own.pivot_table(index=["strategy", "cell"], columns="metric", values="value", sort=False)
    if not {_LIVE, peak} <= set(wide.columns):
        return {}
    large = wide[wide[_LIVE] >= _SLACK_FROM].dropna().sort_values(_LIVE).reset_index()
    ratios = zip(large["strategy"], large[peak] / large[_LIVE], strict=True)
    return {str(name): max(1.0, float(ratio)) for name, ratio in ratios}


def measured_sizes(cells: pd.DataFrame) -> pd.DataFrame:
    """One row a size that was asked for: items, context_bytes (what the fan-out was handed), and how many cells lived, died and were
    left out because they were foretold to die. From a cells frame, or a long one."""
    known = cells.drop_duplicates("cell")
    known = known[known["items"].notna()]
    handed = (
        known["fan_out_context_bytes"].astype("Float64").groupby(known["context_bytes"]).transform("median")
    )
    told = known.assign(
        context=handed.fillna(known["context_bytes"]).astype("float64"),
        lived=known["outcome"].eq("ok"),
        died=known["outcome"].isin(["memory_limit", "crashed", "killed"]),
        foretold=known["outcome"].eq("skipped") & known["forks"].eq(0),
    )
    counts = told.groupby(["items", "context"], sort=True)[["lived", "died", "foretold"]].sum().reset_index()
    return counts.rename(columns={"context": "context_bytes"})

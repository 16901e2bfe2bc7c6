"""What a sweep says: the rows of a comparison, with what was foretold of cells that were left out, and the largest sizes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

import pandas as pd

from attune_sim.analysis.comparison import SummaryRow, summarise
from attune_sim.analysis.figures import CASE, case_of
from attune_sim.analysis.laws.points import context_of
from attune_sim.frame import bare

SIZE: Final = ("items", "context_bytes")
"""Columns of the two sizes that a cost can grow with."""


def sizes_summary(
    metrics: pd.DataFrame,
    cells: pd.DataFrame,
    samples: pd.DataFrame | None = None,
    rows: Iterable[SummaryRow] | None = None,
) -> pd.DataFrame:
    """`summarise`, and behind it a row for each case of which every cell was left out as foretold.

    `rows` are those of `summary_rows` where they were made before. One more column, `source`: `estimated` for those, else `measured`. Their figures are what was foretold, `doubts` says why.
    """
    metrics, cells = bare(metrics), bare(cells)
    frame = summarise(metrics, cells, samples, rows)
    ran = set(cells.loc[cells["outcome"] != "skipped", "cell"])
    known = [*frame.columns, "source"]
    measured = [] if not ran else [{**row, "source": "measured"} for row in frame.to_dict("records")]
    left_out = [
        _left_out(key, part, metrics)
        for key, part in cells.groupby(list(CASE), sort=False, dropna=False)
        if ran.isdisjoint(part["cell"])
    ]
    typed = {"items": "Int64", "concurrency": "Int64"}
    return pd.DataFrame([*measured, *left_out], columns=known).astype(typed)


def _left_out(key: Any, cells: pd.DataFrame, metrics: pd.DataFrame) -> dict[str, Any]:
    told = metrics[metrics["cell"].isin(cells["cell"]) & metrics["source"].eq("estimated")]
    figures = cast("dict[str, Any]", told.groupby("metric", sort=False)["value"].median().to_dict())
    reasons = "; ".join(dict.fromkeys(cells["error"].dropna()))
    own = {"repeats": len(cells), "outcome": "skipped", "items_done": 0, "forks": 0}
    return {**case_of(key)._asdict(), **own, **figures, "doubts": reasons, "source": "estimated"}


def largest(metrics: pd.DataFrame) -> tuple[float, float]:
    """The most items, and the most bytes that a fan-out was handed, of all cells that were measured."""
    known = metrics[metrics["source"].eq("measured") & metrics["items"].notna()]
    if known.empty:
        return 0.0, 0.0
    return float(known["items"].max()), float(context_of(known).max())

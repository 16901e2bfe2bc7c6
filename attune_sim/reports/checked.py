"""The table of what a simulation is held against: Little's law, and queueing theory where it fits."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from math import isinf, isnan
from typing import Any

import pandas as pd

from attune_sim.metrics import elapsed
from attune_sim.reports.summary import Table

Row = Mapping[Hashable, Any]


def checked(checks: pd.DataFrame) -> Iterator[Table]:
    """A row a check of the first seed; of several seeds it is told in how many each holds."""
    if checks.empty:
        return
    seeds = checks["seed"].nunique()
    first = checks[checks["seed"] == checks["seed"].iloc[0]]
    rows = [
        (
            row["check"],
            _simulated(row),
            _value(row, row["expected"]),
            _verdict(row, checks, seeds),
            row["why"],
        )
        for row in first.to_dict("records")
    ]
    yield Table(
        caption=f"Held against theory{f', seed {first.seed.iloc[0]}' if seeds > 1 else ''} (estimated; intervals are the simulation's own, of 99 %)",
        headers=("check", "simulated", "expected", "holds", "why"),
        rows=tuple(rows),
        failed=frozenset(place for place, holds in enumerate(first["holds"]) if holds is False),
        texts=frozenset({0, 3, 4}),
    )


def _simulated(row: Row) -> str:
    """`1.2 s (1.1 s to 1.3 s)`."""
    if isnan(row["low"]) or isinf(row["high"]):
        return _value(row, row["simulated"])
    return f"{_value(row, row['simulated'])} ({_value(row, row['low'])} to {_value(row, row['high'])})"


def _value(row: Row, value: float) -> str:
    if isnan(value):
        return "–"
    if isinf(value):
        return "endless"
    return elapsed(value) if row["unit"] == "s" else f"{value:.4g}"


def _verdict(row: Row, checks: pd.DataFrame, seeds: int) -> str:
    """Of several seeds one in a hundred is outside an interval of 99 %: that is told, not judged."""
    told = checks.loc[checks["check"] == row["check"], "holds"].dropna()
    if told.empty:
        return "–"
    if seeds > 1:
        return f"in {int(told.sum()):,} of {len(told):,}"
    return "yes" if told.iloc[0] else "no"

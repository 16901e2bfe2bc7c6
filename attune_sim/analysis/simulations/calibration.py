"""A recorded real run beside its simulation: what both say of the same figures, and where they part."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any, Final

import pandas as pd

from attune_sim.metrics import FORMATS, Unit

CALIBRATION_COLUMNS: Final = (
    *(
        "metric",
        "task",
        "unit",
        "measured",
        "estimated",
        "low",
        "high",
        "ratio",
        "tolerance",
        "verdict",
        "why",
    ),
)

TOLERANCES: Final[Mapping[str, float]] = {
    "makespan_s": 0.1, "task_s": 0.1, "item_p50_s": 0.1, "item_p99_s": 0.25, "items": 0.0, "succeeded": 0.0,
    "failed": 0.0, "timed_out": 0.0, "attempts": 0.05, "max_in_flight": 0.0, "heap_bytes": 0.1,
    "fork_us": 0.25, "render_us": 0.25,
}  # fmt: skip
"""Figure -> by which share the two may differ and be called alike. Counts of a workflow that is the same are the same."""


def calibrated(measured: pd.DataFrame, estimated: pd.DataFrame) -> pd.DataFrame:
    """One row a figure and task (`CALIBRATION_COLUMNS`): `agrees`, `parts`, or `unknown` where only one side tells.

    Both frames have the columns metric, task, unit, value; the estimated one may have many rows of one figure, one a seed: `low` and
    `high` are their range, and a measured value inside it agrees, whatever the ratio.
    """
    keys = ["metric", "task", "unit"]
    spread = estimated.groupby(keys, sort=False)["value"].agg(["median", "min", "max"]).reset_index()
    both = measured.rename(columns={"value": "measured"}).merge(spread, on=keys, how="outer", sort=False)
    order = {metric: place for place, metric in enumerate(TOLERANCES)}
    both = both.assign(place=both["metric"].map(order)).sort_values(["place", "task"], kind="stable")
    rows = [_row(row) for row in both.to_dict("records")]
    return pd.DataFrame(rows, columns=list(CALIBRATION_COLUMNS))


def _row(row: Mapping[Any, Any]) -> dict[str, Any]:
    real, guess, low, high = (float(row[name]) for name in ("measured", "median", "min", "max"))
    tolerance = TOLERANCES[row["metric"]]
    ratio = guess / real if real else (1.0 if guess == real else float("nan"))
    verdict, why = _verdict(row["unit"], real, guess, low, high, tolerance)
    return {
        **{name: row[name] for name in ("metric", "task", "unit")},
        "measured": real,
        "estimated": guess,
        "low": low,
        "high": high,
        "ratio": ratio,
        "tolerance": tolerance,
        "verdict": verdict,
        "why": why,
    }


def _verdict(
    unit: Unit, real: float, guess: float, low: float, high: float, tolerance: float
) -> tuple[str, str]:
    if isnan(real):
        return "unknown", "the run does not tell"
    if isnan(guess):
        return "unknown", "the simulation does not tell"
    if low <= real <= high or abs(guess - real) <= tolerance * abs(real):
        return "agrees", ""
    show = FORMATS[unit]
    nearest = low if real < low else high
    where = "more" if guess > real else "less"
    by = f"{100 * abs(nearest / real - 1):.3g} %" if real else show(abs(nearest - real))
    return "parts", f"simulated {by} {where}: {show(guess)} beside {show(real)}"

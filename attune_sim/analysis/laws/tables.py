"""Fits as frames."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from attune_sim.analysis.laws.fit import Fit, fits_of
from attune_sim.analysis.laws.growth import exponents_of
from attune_sim.analysis.laws.points import Group, metric_of

_POWERS: Final = tuple(f"exponent_{of}{end}" for of in ("items", "context") for end in ("", "_low", "_high"))
LAW_COLUMNS: Final = (
    *Group._fields,
    *("metric", "unit", "law", "a", "b", "c", "d", "low", "high", "once", "collector"),
    *_POWERS,
    *("spread", "cells", "sizes"),
)
PREDICTION_COLUMNS: Final = (
    *Group._fields,
    *("metric", "unit", "items", "context_bytes", "value", "low", "high", "source"),
)


def laws(metrics: pd.DataFrame) -> pd.DataFrame:
    """One row a group and metric, from a long metrics frame over several sizes.

    Columns: workload, strategy, dispatch, executor, payload, metric, unit, then

        law                  `O(1)`, `O(N)`, `O(C)`, `O(N*C)`, or `none`: too few sizes, or these terms do not describe it
        a, b, c, d           of `a + b*N + c*C + d*N*C`, in the metric's unit; N are items, C bytes of JSON
        low, high            interval of the coefficient that leads (95 %)
        once                 further term of means over the items of a run: what is paid once, divided by N
        collector            further term of runs that keep their forks: the factor on what the collector is expected to take
        exponent_items, exponent_context    slopes in logarithms over the larger half of the sizes, each with `_low` and `_high`
        spread               noise of one cell, a share of its value
        cells, sizes         how many it rests on
    """
    rows = [_law_row(fit) for fit in fits_of(metrics).values()]
    return pd.DataFrame(rows, columns=list(LAW_COLUMNS))


def predict(
    metrics: pd.DataFrame, *, items: float, context_bytes: float, strategy: str | None = None
) -> pd.DataFrame:
    """One row a group and metric: what a cell of this size would read, times at the machine's usual pace, and the interval that holds
    95 of 100 such cells.

    `source` is `estimated` in every row: nothing of it was measured.
    """
    wanted = metrics if strategy is None else metrics[metrics["strategy"] == strategy]
    rows = [_prediction_row(fit, items, context_bytes) for fit in fits_of(wanted).values()]
    return pd.DataFrame(rows, columns=list(PREDICTION_COLUMNS))


def _law_row(fit: Fit) -> dict[str, Any]:
    low, high = fit.interval
    own = {name: getattr(fit, name) for name in ("law", "a", "b", "c", "d", "once", "collector", "spread")}
    powers = [end for power in exponents_of(fit.points) for end in power]
    counts = {"cells": len(fit.points), "sizes": len(fit.points.sizes)}
    return {
        **_named(fit),
        **own,
        "low": low,
        "high": high,
        **dict(zip(_POWERS, powers, strict=True)),
        **counts,
    }


def _prediction_row(fit: Fit, items: float, context_bytes: float) -> dict[str, Any]:
    told = fit.predict(items, context_bytes)
    figures = {"value": told.value, "low": told.low, "high": told.high, "source": told.source}
    return {**_named(fit), "items": items, "context_bytes": context_bytes, **figures}


def _named(fit: Fit) -> dict[str, Any]:
    return {**fit.group._asdict(), "metric": fit.metric, "unit": metric_of(fit.metric).unit}

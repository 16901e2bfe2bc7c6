"""Fits as frames."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from attune_sim.analysis.laws.fit import Fit, fits_of
from attune_sim.analysis.laws.points import Group

LAW_COLUMNS: Final = (*Group._fields, "metric", "law", "a", "b", "c", "d", "low", "high", "cells")
PREDICTION_COLUMNS: Final = (
    *Group._fields,
    "metric",
    "items",
    "context_bytes",
    "value",
    "low",
    "high",
    "source",
)


def laws(metrics: pd.DataFrame) -> pd.DataFrame:
    """One row a group and metric: its class, the coefficients, and the interval of the one that leads."""
    rows = [_law_row(fit) for fit in fits_of(metrics).values()]
    return pd.DataFrame(rows, columns=list(LAW_COLUMNS))


def predict(
    metrics: pd.DataFrame, *, items: float, context_bytes: float, strategy: str | None = None
) -> pd.DataFrame:
    """One row a group and metric: what a cell of this size would read. `source` is `estimated` in every row."""
    wanted = metrics if strategy is None else metrics[metrics["strategy"] == strategy]
    rows = [_prediction_row(fit, items, context_bytes) for fit in fits_of(wanted).values()]
    return pd.DataFrame(rows, columns=list(PREDICTION_COLUMNS))


def _law_row(fit: Fit) -> dict[str, Any]:
    low, high = fit.interval
    own = {name: getattr(fit, name) for name in ("metric", "law", "a", "b", "c", "d")}
    return {**fit.group._asdict(), **own, "low": low, "high": high, "cells": len(fit.points)}


def _prediction_row(fit: Fit, items: float, context_bytes: float) -> dict[str, Any]:
    told = fit.predict(items, context_bytes)
    size = {"items": items, "context_bytes": context_bytes}
    figures = {"value": told.value, "low": told.low, "high": told.high, "source": told.source}
    return {**fit.group._asdict(), "metric": fit.metric, **size, **figures}

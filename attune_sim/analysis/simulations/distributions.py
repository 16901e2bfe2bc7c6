"""Figures of many seeds: how they are spread, and by how much two settings differ that met the same chances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import sqrt
from typing import Any, Final

import pandas as pd

from attune_sim.analysis.simulations.figures import FIGURES
from attune_sim.errors import InputError

CONFIDENCE: Final = 0.95

DISTRIBUTION_COLUMNS: Final = (
    *("strategy", "metric", "unit", "n", "mean", "low", "high", "p5", "p50", "p95", "source"),
)
PAIRED_COLUMNS: Final = (
    *("strategy", "metric", "unit", "n", "before", "after", "difference", "low", "high"),
    *("unpaired", "verdict"),
)
_KEYS: Final = ["strategy", "metric"]


def distributions(figures: pd.DataFrame) -> pd.DataFrame:
    """One row a strategy and figure: n seeds, their mean with its interval of 95 %, and quantiles (`DISTRIBUTION_COLUMNS`).

    The interval is Student's for amounts, Wilson's for the share of simulations that die; missing where there is one seed only.
    """
    rows = [{**key, **_spread(key["metric"], part["value"])} for key, part in _each(figures)]
    return pd.DataFrame(rows, columns=list(DISTRIBUTION_COLUMNS[:-1])).assign(source="estimated")


def paired(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """By how much the figures of one setting differ from another's, seed by seed: common random numbers (`PAIRED_COLUMNS`).

    `difference` is the mean of `after - before` over the seeds that both have, with its interval of 95 % (Student's);
    `unpaired` is how many times as wide it would be between independent seeds. The verdict is `more` or `less` where
    the interval leaves out zero, `same` where all differences are zero, `cannot tell` elsewhere.

    Raises:
        InputError: they have no two seeds in common.
    """
    both = before.merge(after, on=["seed", *_KEYS], suffixes=("_a", "_b")).dropna(
        subset=["value_a", "value_b"]
    )
    if both["seed"].nunique() < 2:
        raise InputError(
            "two simulations are compared by the seeds that both have: give both seeds=2 or more"
        )
    rows = [{**key, **_difference(part)} for key, part in _each(both)]
    return pd.DataFrame(rows, columns=list(PAIRED_COLUMNS))


def _each(figures: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """The strategy, figure and unit of each group, and its rows."""
    for _, part in figures.groupby(_KEYS, sort=False):
        metric = str(part["metric"].iloc[0])
        yield (
            {"strategy": str(part["strategy"].iloc[0]), "metric": metric, "unit": FIGURES[metric].unit},
            part,
        )


def _spread(metric: str, values: pd.Series) -> dict[str, Any]:
    known = values.dropna()
    low, high = _wilson(known) if metric == "dies" else _interval(known)
    parts = {f"p{part}": known.quantile(part / 100) for part in (5, 50, 95)}
    return {"n": len(known), "mean": known.mean(), "low": low, "high": high, **parts}


def _interval(values: pd.Series) -> tuple[float, float]:
    """The interval of a mean, by Student's t."""
    mean, half = float(values.mean()), _half(values)
    return mean - half, mean + half


def _half(values: pd.Series) -> float:
    n = len(values)
    if n < 2:
        return float("nan")
    from scipy.special import stdtrit  # of scipy only this, here: one seed needs none of it

    return float(stdtrit(n - 1, (1 + CONFIDENCE) / 2)) * float(values.std()) / sqrt(n)


def _wilson(values: pd.Series) -> tuple[float, float]:
    """The interval of a share, which does not leave 0 to 1 and is one too where all died or none."""
    if not len(values):
        return float("nan"), float("nan")
    if len(values) == 1:  # there is nothing to be said of a share
        return 0.0, 1.0
    from scipy import stats

    found = stats.binomtest(int(values.sum()), len(values)).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)


def _difference(part: pd.DataFrame) -> Mapping[str, Any]:
    change = part["value_b"] - part["value_a"]
    half, mean = _half(change), float(change.mean())
    alone = sqrt(float(part["value_a"].var()) + float(part["value_b"].var()))
    own = float(change.std())
    return {
        "n": len(part),
        "before": part["value_a"].mean(),
        "after": part["value_b"].mean(),
        "difference": mean,
        "low": mean - half,
        "high": mean + half,
        "unpaired": alone / own if own else float("nan"),
        "verdict": _verdict(change, mean, half),
    }


def _verdict(change: pd.Series, mean: float, half: float) -> str:
    if not change.any():
        return "same"
    if abs(mean) > half:
        return "more" if mean > 0 else "less"
    return "cannot tell"

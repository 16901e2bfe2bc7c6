"""From the long frame to points: one group and one metric, a point a cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attune_sim.analysis.laws.pace import Paces, at_usual_pace, usual_paces
from attune_sim.analysis.surroundings import named_apart
from attune_sim.frame import bare
from attune_sim.metrics import METRICS, Metric

Floats = NDArray[np.float64]

DERIVED: Final[Mapping[str, tuple[str, Metric]]] = {
    "forking_us": ("paid_fork_us", Metric("forking_us", "us", "what the run paid for all its forks")),
    "forking_price_us": ("fork_us", Metric("forking_price_us", "us", "price of a fork times the forks")),
}
"""Totals that no instrument reads -> the metric of one fork, by which they are the number of forks, and what they are."""


class Group(NamedTuple):
    """What has one law: cells that differ in their sizes, and in nothing else. `concurrency` is None where the workflow decides it."""

    workload: str
    strategy: str
    dispatch: str
    executor: str
    payload: str
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """Cells as columns: items, bytes of JSON of the context, the value of one metric, and for times by what factor the machine was
    slower than usual; the value is that at its usual pace."""

    items: Floats
    context: Floats
    values: Floats
    slower: Floats

    def __len__(self) -> int:
        return len(self.values)

    def where(self, kept: NDArray[np.bool_]) -> Points:
        """Those that are marked."""
        return Points(self.items[kept], self.context[kept], self.values[kept], self.slower[kept])

    @property
    def read(self) -> Floats:
        """What the cells read, at whatever pace."""
        return self.values * self.slower

    @property
    def unevenness(self) -> float:
        """By what share the machine was faster or slower than usual in a cell, as a root mean square of logarithms."""
        return float(np.sqrt(np.mean(np.log(self.slower) ** 2)))

    @property
    def sizes(self) -> set[tuple[float, float]]:
        """The different sizes among them."""
        return set(zip(self.items.tolist(), self.context.tolist(), strict=True))


def metric_of(name: str) -> Metric:
    """What a metric is, the derived ones included.

    >>> metric_of("forking_us").unit, metric_of("fork_us").per_item
    ('us', True)
    """
    return DERIVED[name][1] if name in DERIVED else METRICS[name]


def points_of(
    metrics: pd.DataFrame, only: Iterable[str] | None = None, usual: Paces | None = None
) -> Iterator[tuple[Group, str, Points]]:
    """Group, metric and points, in the order of the frame.

    Only what was measured in cells that came to their end counts: a total of one that was cut short is a lower bound. Metrics
    that are no cost have no law. No law is drawn through points of unequal surroundings: a strategy is several then. Times are those at
    the machine's `usual` pace (None: that of these cells).
    """
    good = bare(named_apart(_usable(metrics)))
    paced = at_usual_pace(good, usual_paces(good) if usual is None else usual)
    frame = _with_derived(paced[paced["metric"].map(_has_law).astype(bool)])
    wanted = None if only is None else set(only)
    for key, part in frame.groupby([*Group._fields, "metric"], sort=False, dropna=False):
        *group, name = cast("tuple[Any, ...]", key)
        if wanted is None or name in wanted:
            yield Group._make(None if pd.isna(one) else one for one in group), str(name), _points(part)


def _usable(metrics: pd.DataFrame) -> pd.DataFrame:
    good = (metrics["source"] == "measured") & (metrics["outcome"] == "ok")
    return metrics[good & metrics["value"].notna() & metrics["items"].notna()]


def _has_law(name: str) -> bool:
    return name in METRICS and METRICS[name].better == "lower"


def _with_derived(frame: pd.DataFrame) -> pd.DataFrame:
    totals: list[pd.DataFrame] = [frame]
    for name, (each, _) in DERIVED.items():
        part = frame[frame["metric"] == each]
        totals.append(part.assign(metric=name, value=part["value"] * part["forks"]))
    return pd.concat(totals, ignore_index=True)


def _points(part: pd.DataFrame) -> Points:
    def column(name: str) -> Floats:
        return np.asarray(part[name], dtype=np.float64)

    return Points(column("items"), context_of(part), column("value"), column("slower"))


def context_of(frame: pd.DataFrame) -> Any:
    """C: what the fan-out was handed where that is known, else what the context held before the first task."""
    before = np.asarray(frame["context_bytes"], dtype=np.float64)
    if "fan_out_context_bytes" not in frame:
        return before
    handed = pd.to_numeric(frame["fan_out_context_bytes"], errors="coerce").astype("Float64")
    known = handed.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(known), before, known)

"""What a comparison says: one row a strategy, each figure with the reasons not to believe it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import pandas as pd

from attune_sim.analysis.law import growing, linear_law
from attune_sim.metrics import METRICS, TIMES

CASE: Final = ("workload", "strategy", "dispatch", "executor", "items", "context_bytes", "payload", "real")
"""What repeats have in common: cells that differ in nothing of this measure the same thing."""

PROGRESS: Final = ("outcome", "items_done", "items_failed", "items_timed_out", "forks")

JUDGED: Final = ("fork_us", "fork_bytes")
"""Metrics with a ratio to the reference and a verdict: what a strategy decides."""

REFERENCE: Final = "deepcopy"
"""The strategy that gives every promise at the full price; ratios are against it where it took part."""

ENOUGH_REPEATS: Final = 3
"""With fewer, one disturbed repeat decides the median."""

SPREAD_LIMIT: Final = 0.2
"""Highest (max - min) / median of an undisturbed time: 80 wall times of one piece of code ranged over 18 %."""

FAR_OFF: Final = 3.0
"""From this spread on it is one repeat that went wrong, not noise of all."""

SAME_BELOW: Final = 1.05
"""A ratio that near to 1 is called no difference: the false alarms of this rule against itself stay under 1 %."""

CERTAIN_FROM: Final = 2.0
"""With too few repeats only a ratio this large is believed; a busy machine makes smaller ones by itself."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric over the repeats of one case.

    The headline is the median: a repeat that another process disturbed moves the mean and the maximum, and the
    minimum hides what a garbage collection costs in every run.
    """

    metric: str
    median: float
    low: float
    high: float
    n: int
    label: str = ""

    @property
    def spread(self) -> float:
        """(highest - lowest) / median; 0 for a median of 0."""
        return (self.high - self.low) / abs(self.median) if self.median else 0.0

    @property
    def is_time(self) -> bool:
        return METRICS[self.metric].unit in TIMES

    def doubts(self) -> Iterator[str]:
        """Reasons not to believe the figure, each a few words."""
        if self.label:
            yield f"{self.metric}: {self.label}"
        if self.is_time and self.n < ENOUGH_REPEATS:
            yield f"{self.metric}: {_repeats(self.n)}"
        if self.is_time and self.spread > FAR_OFF:
            yield f"{self.metric}: one of {self.n} repeats is {times(self.high / self.median)} times the median"
        elif self.is_time and self.spread > SPREAD_LIMIT:
            yield f"{self.metric}: spread {self.spread:.0%} over {_repeats(self.n)}"


def summarise(
    metrics: pd.DataFrame, cells: pd.DataFrame, samples: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row a case (strategy, and whatever else was varied), in the order of the cells.

    Columns: `CASE`, then

        repeats                   cells of the case
        outcome, items_done, items_failed, items_timed_out, forks
                                  of the case's worst cell: the one that did not end well, or did the fewest items
        one per metric            median over the repeats, in the metric's unit (see `Figure` for the reason)
        bytes_per_item, r2        slope of the live heap over the items (`analysis.law`), where there are samples
        fork_us_ratio, fork_bytes_ratio    reference / this: above 1 this one is better
        reference                 the strategy of those ratios: `deepcopy`, else the first one that went well
        verdict                   the ratios in words, or that they cannot be told apart
        doubts                    reasons not to believe the row, separated by `; `
    """
    figures = figures_of(metrics)
    cells = _measured(cells)
    rows = [
        _row(case_of(case), part, figures.get(case_of(case), {}), samples)
        for case, part in cells.groupby(list(CASE), sort=False, dropna=False)
    ]
    reference = reference_of(cells)
    for row in rows:
        _judge(row, _figures_like(figures, row, reference), figures.get(_case(row), {}), reference)
    return pd.DataFrame(rows, columns=_columns(metrics)).astype({"items": "Int64"})


def reference_of(cells: pd.DataFrame) -> str:
    """The strategy that the others are compared with: `deepcopy` if it took part, else the first one that went well."""
    names = list(cells["strategy"])
    well = cells.loc[cells["outcome"] == "ok", "strategy"]
    return REFERENCE if REFERENCE in names else next(iter([*well, *names]), "")


def figures_of(metrics: pd.DataFrame) -> dict[tuple[Any, ...], dict[str, Figure]]:
    """Case -> metric name -> its figure over the repeats; metrics without any value are left out.

    Estimated values never count: a figure is what was measured.
    """
    found: dict[tuple[Any, ...], dict[str, Figure]] = {}
    measured = metrics[(metrics["source"] == "measured") & metrics["value"].notna()]
    for key, part in measured.groupby([*CASE, "metric"], sort=False, dropna=False):
        *case, name = cast("tuple[Any, ...]", key)
        values = part["value"]
        label = "; ".join(dict.fromkeys(text for text in part["label"] if text))
        figure = Figure(
            name, float(values.median()), float(values.min()), float(values.max()), len(values), label
        )
        found.setdefault(case_of(case), {})[name] = figure
    return found


def case_of(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values of `CASE` as a key; what is missing is None, which unlike NaN equals itself."""
    return tuple(None if pd.isna(value) else value for value in values)


def _measured(cells: pd.DataFrame) -> pd.DataFrame:
    """Without the repeats that were skipped because the first run was slow, unless there is nothing else."""
    measured = cells[cells["outcome"] != "skipped"]
    return cells if measured.empty else measured


def _row(
    case: tuple[Any, ...], cells: pd.DataFrame, figures: dict[str, Figure], samples: pd.DataFrame | None
) -> dict[str, Any]:
    badness = list(zip(cells["outcome"] == "ok", cells["items_done"], strict=True))
    worst = cells.iloc[badness.index(min(badness))]
    law = _law(cells, samples)
    return {
        **dict(zip(CASE, case, strict=True)),
        "repeats": len(cells),
        **{name: worst[name] for name in PROGRESS},
        **{name: figure.median for name, figure in figures.items()},
        "bytes_per_item": law[0],
        "r2": law[1],
        "doubts": "; ".join([*_endings(worst), *_doubts(figures)]),
    }


def _law(cells: pd.DataFrame, samples: pd.DataFrame | None) -> tuple[float | None, float | None]:
    if samples is None:
        return None, None
    mine = samples[samples["cell"].isin(cells["cell"]) & (samples["metric"] == "live_heap_bytes")]
    kept = mine.groupby("cell", sort=False, group_keys=False)[["item_index", "value"]].apply(growing)
    law = linear_law(kept["item_index"].tolist(), kept["value"].tolist()) if len(kept) else None
    return (law.slope, law.r2) if law is not None else (None, None)


def _endings(worst: pd.Series) -> Iterator[str]:
    if worst["outcome"] != "ok":
        reached = max(worst["items_done"], worst["forks"])
        yield (
            f"{worst['outcome']} at item {reached:,}{of_items(worst['items'])}: "
            "per-item figures are over the items it got to"
        )


def _doubts(figures: dict[str, Figure]) -> Iterator[str]:
    for name in ("fork_us", "fork_bytes", "wall_s", "asizeof_bytes"):
        if name in figures:
            yield from figures[name].doubts()


def _case(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in CASE)


def _figures_like(
    figures: dict[tuple[Any, ...], dict[str, Figure]], row: dict[str, Any], strategy: str
) -> dict[str, Figure]:
    return figures.get(_case({**row, "strategy": strategy}), {})


def _judge(row: dict[str, Any], base: dict[str, Figure], own: dict[str, Figure], reference: str) -> None:
    row["reference"] = reference
    for name in JUDGED:
        row[f"{name}_ratio"] = ratio(base.get(name), own.get(name))
    words = [verdict(name, base.get(name), own.get(name)) for name in JUDGED]
    row["verdict"] = "the reference" if row["strategy"] == reference else ", ".join(words)


def ratio(base: Figure | None, own: Figure | None) -> float | None:
    """base / own by their medians: above 1 `own` is smaller. None where either is missing or `own` is not positive."""
    if base is None or own is None or own.median <= 0:
        return None
    return base.median / own.median


def verdict(metric: str, base: Figure | None, own: Figure | None) -> str:
    """The ratio of two figures of one of `JUDGED` in words, or `cannot tell` with the reason.

    >>> slow, fast = Figure("fork_us", 90.0, 88.0, 95.0, 5), Figure("fork_us", 3.0, 2.9, 3.1, 5)
    >>> [verdict("fork_us", *pair) for pair in ((slow, fast), (fast, slow), (slow, slow), (slow, None))]
    ['fork 30 times faster', 'fork 30 times slower', 'fork as fast', 'fork: not measured']
    """
    noun, better, worse, same = JUDGED_WORDS[metric]
    if base is None or own is None:
        return f"{noun}: not measured"
    if own.median <= 0 or base.median <= 0:
        return f"{noun}: too small to measure"
    factor = max(base.median / own.median, own.median / base.median)
    if factor < SAME_BELOW:
        return f"{noun} {same}"
    overlap = base.low <= own.high and own.low <= base.high
    if factor < CERTAIN_FROM and (overlap or min(base.n, own.n) < ENOUGH_REPEATS):
        return f"{noun}: cannot tell ({_repeats(min(base.n, own.n))})"
    return f"{noun} {times(factor)} times {better if own.median < base.median else worse}"


def of_items(items: int | None) -> str:
    """` of 1,000`; nothing where it is not known how many there are.

    >>> of_items(1000), of_items(pd.NA)
    (' of 1,000', '')
    """
    return "" if pd.isna(items) else f" of {items:,}"


def times(factor: float) -> str:
    """A factor as a person says it.

    >>> times(1.234), times(31.4159), times(48_612.3), times(0.0303)
    ('1.2', '31', '48,600', '0.03')
    """
    if factor < 1:
        return f"{factor:.2g}"
    if factor < 10:
        return f"{factor:.1f}"
    digits = 0 if factor < 1000 else 2 - len(str(int(factor))) + 1
    return f"{round(factor, digits):,.0f}"


JUDGED_WORDS: Final = {
    "fork_us": ("fork", "faster", "slower", "as fast"),
    "fork_bytes": ("memory a fork", "smaller", "larger", "the same"),
}


def _repeats(n: int) -> str:
    return "only one repeat" if n == 1 else f"{n} repeats"


def _columns(metrics: pd.DataFrame) -> list[str]:
    present = set(metrics["metric"])
    return [
        *CASE,
        "repeats",
        *PROGRESS,
        *(name for name in METRICS if name in present),
        "bytes_per_item",
        "r2",
        *(f"{name}_ratio" for name in JUDGED),
        "reference",
        "verdict",
        "doubts",
    ]

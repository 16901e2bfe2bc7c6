"""Figures: one metric over the repeats of a case, set beside another one, and when not to believe it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

import pandas as pd

from attune_sim.metrics import METRICS, TIMES

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

JUDGED: Final = {
    "fork_us": ("fork", "faster", "slower", "as fast"),
    "fork_bytes": ("memory a fork", "smaller", "larger", "the same"),
}
"""Metrics with a ratio to the reference and a verdict, because a strategy decides them -> the words of it."""


class Case(NamedTuple):
    """What repeats have in common: cells that differ in nothing of this measure the same thing.

    `items` is None where nobody knows it.
    """

    workload: str
    strategy: str
    dispatch: str
    executor: str
    items: int | None
    context_bytes: int
    payload: str
    real: bool


CASE: Final = Case._fields


def case_of(values: Iterable[Any]) -> Case:
    """The values of `CASE` as a key; what is missing is None, which unlike NaN equals itself."""
    return Case._make(None if pd.isna(value) else value for value in values)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason not to believe a figure, in a few words; `metric` is None where all figures of a case are meant."""

    metric: str | None
    reason: str

    def __str__(self) -> str:
        return self.reason if self.metric is None else f"{self.metric}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric over the repeats of one case; `labels` are the remarks that belong to its values.

    The headline is the median: a repeat that another process disturbed moves the mean and the maximum, and the
    minimum hides what a garbage collection costs in every run.
    """

    metric: str
    median: float
    low: float
    high: float
    n: int
    labels: tuple[str, ...] = ()

    @property
    def spread(self) -> float:
        """(highest - lowest) / median; 0 for a median of 0."""
        return (self.high - self.low) / abs(self.median) if self.median else 0.0

    def doubts(self) -> Iterator[Doubt]:
        """Reasons not to believe it."""
        return (Doubt(self.metric, reason) for reason in (*self.labels, *self._disturbances()))

    def _disturbances(self) -> Iterator[str]:
        """What the repeats say of the machine; only times move with what else it does."""
        if METRICS[self.metric].unit not in TIMES:
            return
        if self.n < ENOUGH_REPEATS:
            yield _repeats(self.n)
        if self.spread > FAR_OFF:
            yield f"one of {self.n} repeats is {times(self.high / self.median)} times the median"
        elif self.spread > SPREAD_LIMIT:
            yield f"spread {self.spread:.0%} over {_repeats(self.n)}"


def figures_of(metrics: pd.DataFrame) -> dict[Case, dict[str, Figure]]:
    """Case -> metric name -> its figure over the repeats; metrics without any value are left out.

    Estimated values never count: a figure is what was measured.
    """
    figures: dict[Case, dict[str, Figure]] = {}
    measured = metrics[(metrics["source"] == "measured") & metrics["value"].notna()]
    for key, part in measured.groupby([*CASE, "metric"], sort=False, dropna=False):
        *case, name = cast("tuple[Any, ...]", key)
        values, labels = part["value"], tuple(dict.fromkeys(text for text in part["label"] if text))
        spread = float(values.median()), float(values.min()), float(values.max())
        figures.setdefault(case_of(case), {})[name] = Figure(name, *spread, len(values), labels)
    return figures


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
    noun, better, worse, same = JUDGED[metric]
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


def reached(items_done: int, forks: int, items: int | None) -> str:
    """How far a cell came, in items that ended or were under way, of those that there are if that is known.

    >>> reached(600, 673, 1000), reached(600, 673, pd.NA)
    ('673 of 1,000', '673')
    """
    of_all = "" if pd.isna(items) else f" of {items:,}"
    return f"{max(items_done, forks):,}{of_all}"


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


def _repeats(n: int) -> str:
    return "only one repeat" if n == 1 else f"{n} repeats"

"""Small multiples of a comparison: a panel a metric, a mark a strategy, for where there is no room for pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from typing import Final

import pandas as pd

from attune_sim.analysis.comparison import SummaryRow
from attune_sim.metrics import METRICS
from attune_sim.reports.rows import Told
from attune_sim.reports.summary import Mark, Panel, Panels

SHOWN: Final = ("fork_us", "fork_bytes", "wall_s", "live_heap_bytes")
"""Time and memory of one more fork, and of the whole run."""

MOST: Final = 24
"""Marks of a panel: a sweep has more of them, and curves in place of panels."""

_APART: Final = 5.0
"""How many times the least the most has to be for a scale of powers of ten; below it the scale begins at 0."""


def comparison_panels(cells: pd.DataFrame, metrics: pd.DataFrame, samples: pd.DataFrame) -> Panels:
    """The panels of the metrics that there are; none of more than `MOST` rows. The line behind a mark goes from the lowest to the highest of the repeats."""
    told = Told.of(cells, metrics, samples, None)
    if len(told.rows) > MOST:
        return Panels(())
    known = [name for name in SHOWN if any(name in row.figures for row in told.rows)]
    return Panels(tuple(_panel(name, told.names, told.rows) for name in known))


def _panel(metric: str, names: Sequence[str], rows: Sequence[SummaryRow]) -> Panel:
    values = [
        value for row in rows if (figure := row.figures.get(metric)) for value in (figure.low, figure.high)
    ]
    place, ticks, ends, words = _scale(values)
    show = METRICS[metric].format
    marks = tuple(_mark(name, row, metric, place) for name, row in zip(names, rows, strict=True))
    return Panel(f"{metric}{words}", marks, ticks, *map(show, ends))


def _mark(name: str, row: SummaryRow, metric: str, place: Callable[[float], float | None]) -> Mark:
    figure = row.figures.get(metric)
    if figure is None:
        return Mark(name, "–", failed=not row.ending.well)
    at, low, high = map(place, (figure.median, figure.low, figure.high))
    return Mark(name, row.shown(metric), at, low, high, failed=not row.ending.well)


def _scale(
    values: Sequence[float],
) -> tuple[Callable[[float], float | None], tuple[float, ...], tuple[float, float], str]:
    """Where a value lies, the places of round values, the ends of the scale, and what has to be said of it.

    >>> place, ticks, ends, words = _scale([2.0, 500.0])
    >>> place(10.0), ticks, ends, words
    (0.3333333333333333, (0.0, 0.3333333333333333, 0.6666666666666666, 1.0), (1.0, 1000.0), ' (each line is ten times the one before)')
    >>> _scale([3.0, 4.0])[1:]
    ((0.0, 1.0), (0.0, 4.0), '')
    """
    positive = [value for value in values if value > 0]
    if not positive or min(positive) * _APART > max(positive):
        most = max(positive, default=1.0)
        return lambda value: max(value, 0.0) / most, (0.0, 1.0), (0.0, most), ""
    low, high = floor(log10(min(positive))), ceil(log10(max(positive)))
    steps = high - low
    ticks = tuple(n / steps for n in range(steps + 1))

    def place(value: float) -> float | None:
        return (log10(value) - low) / steps if value > 0 else None  # there is no 0 on this scale

    return place, ticks, (10.0**low, 10.0**high), " (each line is ten times the one before)"

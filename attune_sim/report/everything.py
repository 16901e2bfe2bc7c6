"""Every metric that was measured, in tables of a few kinds: a row a strategy, what a metric means under its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from attune_sim.analysis.comparison import SummaryRow
from attune_sim.metrics import METRICS, TIMES, Metric
from attune_sim.report.summary import Table

KINDS: Final[Mapping[str, Callable[[Metric], bool]]] = {
    "times of one item": lambda metric: metric.per_item and metric.unit in TIMES,
    "what one item takes": lambda metric: metric.per_item and metric.unit not in TIMES,
    "the whole run": lambda metric: metric.total,
    "whether the figures close": lambda metric: not metric.per_item and not metric.total,
}
"""Caption -> which metrics stand in the table. One table of all would be wider than any page."""


def every_metric(rows: Sequence[SummaryRow], names: Sequence[str]) -> Iterator[Table]:
    """A table for each kind of metric that has a figure."""
    for caption, belongs in KINDS.items():
        shown = [
            name
            for name, metric in METRICS.items()
            if belongs(metric) and any(name in row.figures for row in rows)
        ]
        if shown:
            yield Table(
                caption=f"Every metric, {caption} (medians over the repeats, ranges where the hash seed decides; – where it was not measured)",
                headers=("strategy", *shown),
                notes=("", *(METRICS[name].title for name in shown)),
                rows=tuple((name, *map(row.shown, shown)) for name, row in zip(names, rows, strict=True)),
                failed=frozenset(place for place, row in enumerate(rows) if not row.ending.well),
            )

"""Every metric that was measured, in tables of a few kinds: a row a metric with what it means, a column a strategy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from attune_sim.analysis.comparison import SummaryRow
from attune_sim.metrics import METRICS, TIMES, Metric
from attune_sim.reports.summary import Table

KINDS: Final[Mapping[str, Callable[[Metric], bool]]] = {
    "times of one item": lambda metric: metric.per_item and metric.unit in TIMES,
    "what one item takes": lambda metric: metric.per_item and metric.unit not in TIMES,
    "the whole run": lambda metric: metric.total,
    "whether the figures close": lambda metric: not metric.per_item and not metric.total,
}
"""Caption -> which metrics stand in the table. One table of all would be longer than any page."""

MOST: Final = 24
"""Cases beside each other: of more, those of the largest size."""


def every_metric(rows: Sequence[SummaryRow], names: Sequence[str]) -> Iterator[Table]:
    """A table for each kind of metric that has a figure."""
    shown = list(zip(rows, names, strict=True))
    of = ""
    if len(shown) > MOST:
        largest = max((row.case.context_bytes, row.case.items or 0) for row in rows)
        shown = [pair for pair in shown if (pair[0].case.context_bytes, pair[0].case.items or 0) == largest][
            :MOST
        ]
        of = " at the largest size"
    for caption, belongs in KINDS.items():
        known = [
            name
            for name, metric in METRICS.items()
            if belongs(metric) and any(name in row.figures for row, _ in shown)
        ]
        if known:
            yield Table(
                caption=f"Every metric{of}, {caption} (medians over the repeats, ranges where the hash seed decides; – where it was not measured)",
                headers=("metric", "what it is", *(name for _, name in shown)),
                rows=tuple(
                    (name, METRICS[name].title, *(row.shown(name) for row, _ in shown)) for name in known
                ),
                texts=frozenset({0, 1}),
            )

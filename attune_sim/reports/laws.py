"""The tables of laws: how each cost grows, what it would be, and where another strategy becomes cheaper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from attune_sim.analysis.laws import Fit, Fits, Group, crossovers
from attune_sim.analysis.laws.classes import LEAST_SIZES
from attune_sim.metrics import METRICS
from attune_sim.reports.growing import law_text
from attune_sim.reports.sizes import size_text
from attune_sim.reports.summary import Table

LAWS: Final = ("live_heap_bytes", "wall_s", "fork_bytes", "fork_us")
"""Metrics whose laws are told, where they were measured."""

FURTHER: Final = 10
"""How many times the most items that were run predictions are made for: within what `benchmarks/bench_laws.py` checks."""


def law_table(fits: Fits) -> Iterator[Table]:
    """A row a series, a column a metric: the class, and the coefficient that decides."""
    shown = [name for name in LAWS if any(metric == name for _, metric in fits)]
    series = list(dict.fromkeys(group for group, _ in fits))
    rows = tuple(
        (name, *(_law(fits.get((one, metric))) for metric in shown))
        for one, name in zip(series, _named(series), strict=True)
    )
    if rows:
        yield Table(
            caption="How each cost grows: N items, C bytes of JSON of the context handed on; the figure is that of the term that decides",
            headers=("strategy", *shown),
            rows=rows,
            texts=frozenset(range(len(shown) + 1)),
            name="laws",
        )


def _named(series: Sequence[Group]) -> list[str]:
    """Each by what tells it from the others."""
    varied = [place for place in range(len(Group._fields)) if len({one[place] for one in series}) > 1]
    return [", ".join(str(one[place]) for place in varied) or one.strategy for one in series]


def _law(fit: Fit | None) -> str:
    """`O(N*C), 2.9 B an item and byte`."""
    if fit is None:
        return "–"
    if fit.law == "none":
        return "none of these" if len(fit.points.sizes) >= LEAST_SIZES else "too few sizes"
    return law_text(fit)


def prediction_table(fits: Fits) -> Iterator[Table]:
    """What cells of ten times the items would read."""
    known = {
        key: fit for key, fit in fits.items() if key[1] in LAWS[:2] and len(fit.points.sizes) >= LEAST_SIZES
    }
    if not known:
        return
    items = FURTHER * max(float(fit.points.items.max()) for fit in known.values())
    context = max(float(fit.points.context.max()) for fit in known.values())
    shown = [name for name in LAWS[:2] if any(metric == name for _, metric in known)]
    series = list(dict.fromkeys(group for group, _ in known))
    rows = tuple(
        (name, *(text for metric in shown for text in _foretold(known.get((one, metric)), items, context)))
        for one, name in zip(series, _named(series), strict=True)
    )
    yield Table(
        caption=f"What it would be at {size_text({'items': round(items), 'context_bytes': context})}, {FURTHER} times the most items "
        "that were run: estimated, times at the usual pace of the machine, with the interval that holds 95 of 100 such cells",
        headers=("strategy", *(header for metric in shown for header in (metric, "interval"))),
        rows=rows,
        name="predictions",
    )


def _foretold(fit: Fit | None, items: float, context: float) -> tuple[str, str]:
    if fit is None:
        return "–", "–"
    told, show = fit.predict(items, context), METRICS[fit.metric].format
    return f"≈ {show(told.value)}", f"{show(told.low)} to {show(told.high)}"


def crossing_table(metrics: pd.DataFrame, fits: Fits) -> Iterator[Table]:
    """Where another strategy becomes cheaper, as far as the sizes that were measured tell."""
    found = crossovers(metrics, LAWS, fits)
    found = found[~found["extrapolated"].astype(bool)]
    if len(found):
        yield Table(
            caption="From which size on another strategy is cheaper",
            headers=("metric", "from", "cheaper below", "cheaper above"),
            rows=tuple(
                (
                    row["metric"],
                    size_text({row["along"]: round(row["at"])}),
                    row["cheaper_below"],
                    row["cheaper_above"],
                )
                for row in found.to_dict("records")
            ),
            texts=frozenset({0, 2, 3}),
            name="crossings",
        )

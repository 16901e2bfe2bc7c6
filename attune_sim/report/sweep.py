"""The summary of a sweep, and its pictures."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, Final, cast

import pandas as pd

from attune_sim.analysis.laws import Fit, crossovers, fits_of
from attune_sim.analysis.laws.classes import LEAST_SIZES
from attune_sim.analysis.noise import NoiseFloor
from attune_sim.analysis.sizes import sizes_summary
from attune_sim.metrics import HEADLINES, METRICS, format_bytes
from attune_sim.plot.growth import plot_growth
from attune_sim.report.comparison import AXES, comparison_summary
from attune_sim.report.pictures import drawn
from attune_sim.report.summary import Picture, Summary, Table

LAWS: Final = ("live_heap_bytes", "wall_s", "fork_bytes", "fork_us")
"""Metrics whose laws stand in the first table, where they were measured."""

LEADS: Final = {
    "O(1)": ("a", ""),
    "O(N)": ("b", " an item"),
    "O(C)": ("c", " a byte"),
    "O(N*C)": ("d", " an item and byte"),
}
"""Law -> its coefficient that decides, and what that is for."""

MOST_NAMED: Final = 3


def sweep_summary(
    cells: pd.DataFrame,
    metrics: pd.DataFrame,
    samples: pd.DataFrame,
    scenarios: Container[str] = (),
    isolates: Mapping[str, str] = MappingProxyType({}),
    design: Sequence[str] = (),
    noise: NoiseFloor | None = None,
) -> Summary:
    """From the three frames of a sweep: laws first, then each headline over the sizes, then all that a comparison says."""
    base = comparison_summary(cells, metrics, samples, scenarios, isolates, noise)
    rows = sizes_summary(metrics, cells)
    own = (*_laws(metrics), *_grids(rows), *_crossings(metrics))
    remarks = tuple(
        (heading, _gathered(lines)) for heading, lines in base.remarks if not heading.startswith("Verdict")
    )
    return replace(
        base,
        title=f"{', '.join(dict.fromkeys(cells['workload']))}: context strategies over several sizes",
        tables=(*own, *base.tables),
        remarks=((("Which sizes were measured", tuple(design)),) if design else ()) + remarks,
    )


def sweep_pictures(metrics: pd.DataFrame) -> tuple[Picture, ...]:
    """Live heap and time over each size that was varied, with the fitted laws."""
    rows = list(dict.fromkeys(metrics["strategy"]))
    return tuple(
        drawn(
            f"{metric}-{along}".replace("_", "-"),
            f"{metric} over the {'items' if along == 'items' else 'context'}, with the fitted laws",
            partial(plot_growth, metric=metric, along=along),
            metrics,
            rows=rows,
        )
        for along in ("items", "context_bytes")
        for metric in LAWS[:2]
        if metrics[along].nunique() > 1 and metrics["metric"].eq(metric).any()
    )


def _laws(metrics: pd.DataFrame) -> Iterator[Table]:
    """A row a series, a column a metric: the class, and the coefficient that decides."""
    fits = fits_of(metrics, LAWS)
    shown = [name for name in LAWS if any(metric == name for _, metric in fits)]
    series = list(dict.fromkeys(group for group, _ in fits))
    varied = (
        [place for place in range(len(series[0])) if len({one[place] for one in series}) > 1]
        if series
        else []
    )
    rows = tuple(
        (
            ", ".join(str(one[place]) for place in varied) or one.strategy,
            *(_law(fits.get((one, name))) for name in shown),
        )
        for one in series
    )
    if rows:
        yield Table(
            caption="How each cost grows: N items, C bytes of JSON of the context handed on; the figure is that of the term that decides",
            headers=("strategy", *shown),
            rows=rows,
            texts=frozenset(range(len(shown) + 1)),
        )


def _law(fit: Fit | None) -> str:
    """`O(N*C), 2.9 B an item and byte`."""
    if fit is None:
        return "–"
    if fit.law == "none":
        return "none of these" if len(fit.points.sizes) >= LEAST_SIZES else "too few sizes"
    name, each = LEADS[fit.law]
    unit, value = METRICS[fit.metric], getattr(fit, name)
    shown = f"{value:.3g} B" if unit.unit == "bytes" and value < 100 else unit.format(value)
    return f"{fit.law}, {shown}{each}"


def _grids(rows: pd.DataFrame) -> Iterator[Table]:
    """For each headline: a row a size, a column a strategy; what was foretold has a sign."""
    varied = [name for name in AXES if rows[name].nunique(dropna=False) > 1] or ["items", "context_bytes"]
    places = [tuple(row[name] for name in varied) for row in rows.to_dict("records")]
    sizes, names = sorted(set(places), key=_order), list(dict.fromkeys(rows["strategy"]))
    for metric in dict.fromkeys((*LAWS, *HEADLINES)):
        if metric not in rows or not rows[metric].notna().any():
            continue
        shown = {
            (place, row["strategy"]): _shown(row, metric)
            for place, row in zip(places, rows.to_dict("records"), strict=True)
        }
        yield Table(
            caption=f"{metric}, {METRICS[metric].title}, at each size{_legend(shown.values())}",
            headers=("size", *names),
            rows=tuple(
                (
                    _size(dict(zip(varied, size, strict=True))),
                    *(shown.get((size, name), "–") for name in names),
                )
                for size in sizes
            ),
        )


def _order(size: tuple[Any, ...]) -> tuple[tuple[str, float], ...]:
    """Numbers by their size, what is missing first."""
    return tuple(
        (one, 0.0) if isinstance(one, str) else ("", 0.0 if pd.isna(one) else float(one)) for one in size
    )


def _shown(row: Mapping[Any, Any], metric: str) -> str:
    value, total = row[metric], METRICS[metric].total
    if pd.isna(value):
        return "✗" if row["outcome"] not in ("ok", "skipped") else "–"
    text = METRICS[metric].format(value)
    if row["source"] == "estimated":
        return f"≈ {text}"
    return f"≥ {text}" if total and row["outcome"] != "ok" else text


def _legend(texts: Any) -> str:
    signs = {"≈": "foretold, and left out", "≥": "at least that: the run was cut short", "✗": "ended early"}
    found = {text[:1] for text in texts}
    return "".join(f"; {sign} {what}" for sign, what in signs.items() if sign in found)


def _size(values: Mapping[str, Any]) -> str:
    words: dict[str, Callable[[Any], str]] = {
        "items": lambda value: "? items" if pd.isna(value) else f"{value:,} items",
        "context_bytes": format_bytes,
        "concurrency": lambda value: "" if pd.isna(value) else f"{value:,} at once",
    }
    return ", ".join(text for name, value in values.items() if (text := str(words.get(name, str)(value))))


def _crossings(metrics: pd.DataFrame) -> Iterator[Table]:
    """Where another strategy becomes cheaper, as far as the sizes that were measured tell."""
    found = crossovers(metrics)
    found = found[found["metric"].isin(LAWS) & ~found["extrapolated"].astype(bool)]
    if len(found):
        yield Table(
            caption="From which size on another strategy is cheaper",
            headers=("metric", "from", "cheaper below", "cheaper above"),
            rows=tuple(
                (row.metric, _size({row.along: round(row.at)}), row.cheaper_below, row.cheaper_above)
                for row in cast("Iterable[Any]", found.itertuples())
            ),
            texts=frozenset({0, 2, 3}),
        )


def _gathered(lines: Sequence[str]) -> tuple[str, ...]:
    """Lines that say the same of several rows as one: `deepcopy (100), shared (100), 7 more: only one repeat`."""
    by_reason: dict[str, list[str]] = {}
    for line in lines:
        name, _, reason = line.partition(": ")
        by_reason.setdefault(reason or name, []).append(name if reason else "")
    return tuple(_one(names, reason) for reason, names in by_reason.items())


def _one(names: Sequence[str], reason: str) -> str:
    named = [name for name in dict.fromkeys(names) if name]
    more = f", {len(named) - MOST_NAMED:,} more" if len(named) > MOST_NAMED else ""
    return f"{', '.join(named[:MOST_NAMED])}{more}: {reason}" if named else reason

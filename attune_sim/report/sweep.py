"""The summary of a sweep."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import pandas as pd

from attune_sim.analysis.frontier import frontier
from attune_sim.analysis.laws import Fit, Group, crossovers, fits_of
from attune_sim.analysis.laws.classes import LEAST_SIZES
from attune_sim.analysis.noise import NoiseFloor
from attune_sim.analysis.sizes import sizes_summary
from attune_sim.metrics import HEADLINES, METRICS, format_bytes
from attune_sim.plot import plot_context, plot_growth, plot_map, plot_promises, plot_residuals
from attune_sim.report.comparison import comparison_lead, measured_sections, memory_section, picture
from attune_sim.report.everything import every_metric
from attune_sim.report.finding import Sides
from attune_sim.report.growing import law_text, laws_text, swept_finding
from attune_sim.report.rows import Told, attrs_of
from attune_sim.report.sizes import grids, size_text
from attune_sim.report.summary import Picture, Section, Summary, Table, remarked
from attune_sim.report.verdicts import verdict_table

LAWS: Final = ("live_heap_bytes", "wall_s", "fork_bytes", "fork_us")
"""Metrics whose laws are told, where they were measured."""

FURTHER: Final = 10
"""How many times the most items that were run predictions are made for: within what `benchmarks/bench_laws.py` checks."""


def sweep_summary(
    cells: pd.DataFrame,
    metrics: pd.DataFrame,
    samples: pd.DataFrame,
    scenarios: Container[str] = (),
    promises: pd.DataFrame | None = None,
    design: Sequence[str] = (),
    noise: NoiseFloor | None = None,
) -> Summary:
    """From the three frames of a sweep, and what `comparison_summary` takes; `design` says which sizes were chosen, and why."""
    told, fits = Told.of(cells, metrics, samples, promises), fits_of(metrics, LAWS)
    edge = frontier(metrics)
    sides = told.sides(laws_text(fits), partial(_room, edge))
    rows, crossed = sizes_summary(metrics, cells, rows=told.rows), tuple(_crossings(metrics))
    verdicts = tuple(verdict_table(told.rows, told.names, noise))
    return Summary(
        title=f"{', '.join(dict.fromkeys(cells['workload']))}: context strategies over several sizes",
        lead=comparison_lead(cells, told.rows, scenarios),
        **_findings(told, sides),
        warnings=tuple(attrs_of(cells).get("warnings", ())),
        opening=(memory_section(metrics, samples), *_contexts(metrics), *_map(metrics, edge)),
        sections=(
            Section(
                "What each strategy costs, and what it gives up",
                (*_prices(told, fits, edge, metrics), *_promised(metrics, promises)),
            ),
            Section(
                "How each cost grows, and what it would be",
                (*_laws(fits), *_predictions(fits), *_growths(metrics)),
            ),
            *([Section("Where another strategy becomes cheaper", crossed)] if crossed else []),
            Section("Costs at each size", tuple(grids(rows, (*LAWS, *HEADLINES)))),
            *remarked([("Which sizes were measured", tuple(design))]),
            *told.doubts(noise),
            *told.endings(),
            *measured_sections(cells, scenarios),
            Section("Every strategy at every size", (told.prices(),), folded=True),
            *([Section("What each verdict rests on", verdicts, folded=True)] if verdicts else []),
            Section("Every metric", tuple(every_metric(told.rows, told.names)), folded=True),
        ),
        kind="Comparisons",
    )


def _findings(told: Told, sides: Sides | None) -> dict[str, Any]:
    """What it says first: how the two grow, where their laws are known, else what a comparison says."""
    base = told.findings(sides)
    return base if sides is None else {**base, **swept_finding(sides, told.isolates)}


def _room(edge: pd.DataFrame, row: Any) -> float | None:
    """Items that fit into the limit over the context of a row, by the laws."""
    own = edge[edge["strategy"] == row.case.strategy]
    if own.empty:
        return None
    nearest = (own["context_bytes"] - row.case.context_bytes).abs().idxmin()
    return float(own.loc[nearest, "items"])


# -- pictures --------------------------------------------------------------------------------------------------------------


def _contexts(metrics: pd.DataFrame) -> Iterator[Section]:
    if metrics["context_bytes"].nunique() > 1 and metrics["metric"].eq("fork_us").any():
        caption = "Time of one fork over the context that is handed on, a line a strategy"
        yield Section(
            "Fork time over the context",
            (picture("fork-context", caption, partial(plot_context, metrics), metrics, large=True),),
        )


def _map(metrics: pd.DataFrame, edge: pd.DataFrame) -> Iterator[Section]:
    if len(edge):
        caption = "Items against context: below its line a strategy lives within the memory limit, above it it runs out of memory"
        shown = picture("map", caption, partial(plot_map, metrics, edge=edge), metrics, large=True)
        yield Section("Where each strategy runs out of memory", (shown,))


def _promised(metrics: pd.DataFrame, promises: pd.DataFrame | None) -> Iterator[Picture]:
    if promises is not None:
        most = metrics[metrics["context_bytes"] == metrics["context_bytes"].max()]
        caption = (
            "What a fork keeps apart, against what it costs over the largest context: the price of a fork"
        )
        yield picture("promises", caption, partial(plot_promises, most, promises), metrics)


def _growths(metrics: pd.DataFrame) -> Iterator[Picture]:
    """Live heap and time over each size that was varied, with the fitted laws; and how far the cells lie from those of the heap."""
    for along in ("items", "context_bytes"):
        if metrics[along].nunique() > 1:
            over = "items" if along == "items" else "context"
            for metric in (name for name in LAWS[:2] if metrics["metric"].eq(name).any()):
                draw = partial(plot_growth, metrics, metric, along)
                yield picture(
                    f"{metric}-{along}".replace("_", "-"),
                    f"{metric} over the {over}, with the fitted laws",
                    draw,
                    metrics,
                )
    if metrics["items"].nunique() > 1:
        caption = "live_heap_bytes of each cell, measured by fitted"
        yield picture("residuals", caption, partial(plot_residuals, metrics, LAWS[0], "items"), metrics)


# -- tables ----------------------------------------------------------------------------------------------------------------


def _prices(
    told: Told, fits: Mapping[tuple[Group, str], Fit], edge: pd.DataFrame, metrics: pd.DataFrame
) -> Iterator[Table]:
    """A row a strategy: its promises, its prices over the largest context, and up to how many items it lives there."""
    context = told.cells["context_bytes"].max()
    rows = [row for row in told.rows if row.case.context_bytes == context]
    best = {row.case.strategy: row for row in rows if "fork_us" in row.figures or "fork_bytes" in row.figures}
    laws, names = laws_text(fits), list(dict.fromkeys(told.cells["strategy"]))
    lines = []
    for name in names:
        row = best.get(name)
        figures = ("–", "–") if row is None else (row.shown("fork_us"), row.shown("fork_bytes"))
        room = None if row is None else _room(edge, row)
        fits_in = "–" if room is None else f"≈ {round(room, -max(0, len(str(int(room))) - 3)):,.0f}"
        apart = (
            (told.isolates.get(name, "–"), told.gives_up.get(name, "–") or "nothing more")
            if told.isolates
            else ()
        )
        lines.append((name, *apart, *figures, laws.get(name, "–"), fits_in))
    promised = ("isolates", "gives up") if told.isolates else ()
    yield Table(
        caption=f"What a strategy costs over {format_bytes(context)} of context, and what it gives up; ≈ items that fit into "
        f"{format_bytes(told.limit)}, estimated by the laws",
        headers=("strategy", *promised, "fork_us", "fork_bytes", "live heap grows as", "items that fit"),
        rows=tuple(lines),
        texts=frozenset({0, *range(1, 1 + len(promised)), 3 + len(promised)}),
        name="prices",
    )


def _laws(fits: Mapping[tuple[Group, str], Fit]) -> Iterator[Table]:
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


def _predictions(fits: Mapping[tuple[Group, str], Fit]) -> Iterator[Table]:
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
        "that were run: estimated, with the interval that holds 95 of 100 such cells",
        headers=("strategy", *(header for metric in shown for header in (metric, "interval"))),
        rows=rows,
        name="predictions",
    )


def _foretold(fit: Fit | None, items: float, context: float) -> tuple[str, str]:
    if fit is None:
        return "–", "–"
    told, show = fit.predict(items, context), METRICS[fit.metric].format
    return f"≈ {show(told.value)}", f"{show(told.low)} to {show(told.high)}"


def _crossings(metrics: pd.DataFrame) -> Iterator[Table]:
    """Where another strategy becomes cheaper, as far as the sizes that were measured tell."""
    found = crossovers(metrics, LAWS)
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

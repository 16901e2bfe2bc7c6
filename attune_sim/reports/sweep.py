"""The summary of a sweep."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from functools import partial
from typing import Any

import pandas as pd

from attune_sim.analysis.frontier import NEEDED, frontier, items_over
from attune_sim.analysis.laws import Fits, fits_of
from attune_sim.analysis.noise import NoiseFloor
from attune_sim.analysis.sizes import sizes_summary
from attune_sim.metrics import HEADLINES, format_bytes, format_limit
from attune_sim.plot import plot_context, plot_growth, plot_map, plot_promises, plot_residuals
from attune_sim.reports.cluster import wire_sections
from attune_sim.reports.comparison import comparison_lead, measured_sections, memory_section, picture
from attune_sim.reports.everything import every_metric
from attune_sim.reports.finding import Sides
from attune_sim.reports.growing import laws_text, swept_finding
from attune_sim.reports.laws import LAWS, crossing_table, law_table, prediction_table
from attune_sim.reports.rows import Told, attrs_of
from attune_sim.reports.sizes import grids
from attune_sim.reports.summary import Picture, Section, Summary, Table, remarked


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
    told, every = Told.of(cells, metrics, samples, promises), fits_of(metrics, (*LAWS, *NEEDED))
    fits = {key: fit for key, fit in every.items() if key[1] in LAWS}
    edge = frontier(metrics, fits=every)
    sides = told.sides(laws_text(fits), partial(_room, edge))
    rows, crossed = sizes_summary(metrics, cells, rows=told.rows), tuple(crossing_table(metrics, fits))
    return Summary(
        title=f"{', '.join(dict.fromkeys(cells['workload']))}: context strategies over several sizes",
        lead=comparison_lead(cells, told.rows, scenarios),
        **_findings(told, sides),
        warnings=tuple(attrs_of(cells).get("warnings", ())),
        opening=(*memory_section(metrics, samples), *_contexts(metrics), *_map(metrics, edge)),
        sections=(
            Section(
                "What each strategy costs, and what it gives up",
                (*_prices(told, fits, edge, metrics), *_promised(metrics, promises)),
            ),
            Section(
                "How each cost grows, and what it would be",
                (*law_table(fits), *prediction_table(fits), *_growths(metrics, fits)),
            ),
            *([Section("Where another strategy becomes cheaper", crossed)] if crossed else []),
            *wire_sections(metrics),
            Section("Costs at each size", tuple(grids(rows, (*LAWS, *HEADLINES)))),
            *remarked([("Which sizes were measured", tuple(design))]),
            *told.doubts(noise),
            *told.endings(),
            *measured_sections(cells, scenarios),
            Section("Every strategy at every size", (told.prices(),), folded=True),
            told.verdicts(noise),
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
    return items_over(edge, row.case.strategy, row.case.context_bytes)


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


def _growths(metrics: pd.DataFrame, fits: Fits) -> Iterator[Picture]:
    """Live heap and time over each size that was varied, with the fitted laws; and how far the cells lie from those of the heap."""
    for along in ("items", "context_bytes"):
        if metrics[along].nunique() > 1:
            over = "items" if along == "items" else "context"
            for metric in (name for name in LAWS[:2] if metrics["metric"].eq(name).any()):
                draw = partial(plot_growth, metrics, metric, along, fits=fits)
                yield picture(
                    f"{metric}-{along}".replace("_", "-"),
                    f"{metric} over the {over}, with the fitted laws",
                    draw,
                    metrics,
                )
    if metrics["items"].nunique() > 1:
        caption = "live_heap_bytes of each cell, measured by fitted"
        yield picture(
            "residuals", caption, partial(plot_residuals, metrics, LAWS[0], "items", fits=fits), metrics
        )


# -- tables ----------------------------------------------------------------------------------------------------------------


def _prices(told: Told, fits: Fits, edge: pd.DataFrame, metrics: pd.DataFrame) -> Iterator[Table]:
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
        f"{format_limit(told.limit)}, estimated by the laws",
        headers=("strategy", *promised, "fork_us", "fork_bytes", "live heap grows as", "items that fit"),
        rows=tuple(lines),
        texts=frozenset({0, *range(1, 1 + len(promised)), 3 + len(promised)}),
        name="prices",
    )

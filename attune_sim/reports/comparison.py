"""The summary of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from attune_sim.analysis.comparison import SummaryRow
from attune_sim.analysis.figures import times
from attune_sim.analysis.noise import NoiseFloor
from attune_sim.metrics import format_bytes, format_count
from attune_sim.plot import plot_fork_memory, plot_fork_time, plot_memory, plot_promises, plot_time_split
from attune_sim.reports.asked import asked_lines, command_of
from attune_sim.reports.cluster import wire_sections
from attune_sim.reports.everything import every_metric
from attune_sim.reports.finding import room_of
from attune_sim.reports.rows import Told, attrs_of
from attune_sim.reports.summary import (
    SURROUNDINGS,
    Block,
    Code,
    Facts,
    Picture,
    Section,
    Summary,
    Table,
    surroundings_lines,
)


def comparison_summary(
    cells: pd.DataFrame,
    metrics: pd.DataFrame,
    samples: pd.DataFrame,
    scenarios: Container[str] = (),
    promises: pd.DataFrame | None = None,
    noise: NoiseFloor | None = None,
) -> Summary:
    """From the three frames of a comparison, what its strategies promise, and what is known of the noise of the machine.

    `scenarios` are the workloads whose actions are replayed unless the real thing is asked for; the lead says which of
    it was done. A user's own actions are whatever was given.
    """
    told = Told.of(cells, metrics, samples, promises)
    sides = told.sides({}, partial(room_of, limit=told.limit))
    split = picture(
        "time-split", "The time of one item, split into its parts", partial(plot_time_split, metrics), metrics
    )
    prices: tuple[Block, ...] = (told.prices(), *_promised(metrics, promises), split)
    growth = tuple(_laws(told.rows, told.names))
    return Summary(
        title=f"{', '.join(dict.fromkeys(cells['workload']))}: context strategies compared",
        lead=comparison_lead(cells, told.rows, scenarios),
        **told.findings(sides),
        warnings=tuple(attrs_of(cells).get("warnings", ())),
        opening=(*memory_section(metrics, samples), _fork_section(metrics)),
        sections=(
            Section("What each strategy costs, and what it gives up", prices),
            *([Section("How memory grows", growth)] if growth else []),
            *wire_sections(metrics),
            told.verdicts(noise),
            *told.doubts(noise),
            *told.endings(),
            *measured_sections(cells, scenarios),
            Section("Every metric", tuple(every_metric(told.rows, told.names)), folded=True),
        ),
        kind="Comparisons",
    )


def picture(
    name: str, caption: str, draw: Callable[..., Axes], metrics: pd.DataFrame, *, large: bool = False
) -> Picture:
    """A picture with room for the names of all strategies."""
    return Picture(name, caption, draw, metrics["strategy"].nunique(), large)


def memory_section(metrics: pd.DataFrame, samples: pd.DataFrame) -> Iterator[Section]:
    """The one large picture, where memory was looked at while cells ran."""
    if not samples["metric"].eq("live_heap_bytes").any():
        return
    caption = "Live heap over the items forked, a line a strategy; a cross where one ran out of memory, a dashed line at the limit"
    draw = partial(plot_memory, samples, foretold=metrics)
    yield Section("Memory over the items", (picture("memory", caption, draw, metrics, large=True),))


def _fork_section(metrics: pd.DataFrame) -> Section:
    beside = "strategy beside strategy"
    return Section(
        "One more fork",
        (
            picture("fork-time", f"Time of one fork, {beside}", partial(plot_fork_time, metrics), metrics),
            picture(
                "fork-memory",
                f"Live heap of one more fork, {beside}",
                partial(plot_fork_memory, metrics),
                metrics,
            ),
        ),
    )


def _promised(metrics: pd.DataFrame, promises: pd.DataFrame | None) -> Iterator[Picture]:
    if promises is not None:
        draw = partial(plot_promises, metrics, promises)
        yield picture(
            "promises", "What a fork keeps apart, against what it costs: the price of a fork", draw, metrics
        )


def measured_sections(cells: pd.DataFrame, scenarios: Container[str]) -> Iterator[Section]:
    """How it was measured, where, and what measures it again."""
    yield Section("How it was measured", (Facts(asked_lines(cells)),))
    if known := surroundings_lines(attrs_of(cells)):
        yield Section(SURROUNDINGS, (Facts(known),))
    yield Section("To measure it again", (Code(command_of(cells, scenarios)),))


def comparison_lead(cells: pd.DataFrame, rows: Sequence[SummaryRow], scenarios: Container[str]) -> str:
    """The finding in two sentences.

    Names what was measured, then the strategy whose fork keeps the least memory alive, beside the reference.
    """
    first = cells.iloc[0]
    counted = f"{_span(_item_counts(cells), format_count)} items"
    actions = ", the real thing" if first["real"] else ", replayed actions"
    done_by = actions if first["workload"] in scenarios else ""
    dispatch = " and ".join(dict.fromkeys(cells["dispatch"]))
    what = f"{counted}{_over_context(cells)}, {dispatch} dispatch{done_by}."
    known = [row for row in rows if "fork_bytes" in row.figures and row.ending.holds("fork_bytes")]
    if not known:
        return what
    best = min(known, key=lambda row: row.figures["fork_bytes"].median)
    price = f"One more fork of {best.case.strategy} keeps {best.figures['fork_bytes'].text} alive"
    ratio = best.ratio("fork_bytes")
    if ratio is None or best.is_reference or best.ratio_doubted("fork_bytes"):
        return f"{what} {price}."
    return f"{what} {price}, {times(ratio)} times less than {best.reference}."


def _over_context(cells: pd.DataFrame) -> str:
    """What the fan-out was handed; nothing where no cell got so far as to know it."""
    known = cells["fan_out_context_bytes"].dropna()
    if known.empty:
        return ""
    shapes = ", ".join(dict.fromkeys(cells["payload"]))
    return f" over {_span(known, format_bytes)} of context (bytes of JSON, {shapes})"


def _item_counts(cells: pd.DataFrame) -> pd.Series:
    """The size of each cell's fan-out; where no cell knows it, the most that any of them got to."""
    known = cells["items"].dropna()
    return pd.Series([cells[["items_done", "forks"]].max(axis=None)]) if known.empty else known


def _laws(rows: Sequence[SummaryRow], names: Sequence[str]) -> Iterator[Table]:
    if known := [(name, row.law) for name, row in zip(names, rows, strict=True) if row.law is not None]:
        yield Table(
            caption="How the live heap grows with the items (a straight line through the samples)",
            headers=("strategy", "bytes an item", "share explained by the line (r²)"),
            rows=tuple(
                (name, f"{'' if law.linear else '~'}{format_bytes(law.slope)}", f"{law.r2:.3f}")
                for name, law in known
            ),
        )


def _span(column: pd.Series, show: Callable[[float], str]) -> str:
    low, high = show(column.min()), show(column.max())
    return low if low == high else f"{low} to {high}"

"""A cost over the sizes that it grows with: what was measured, and the law that was fitted to it."""

from __future__ import annotations

import textwrap
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attune_sim.analysis.laws import Fit, Fits, fits_of
from attune_sim.analysis.laws.points import context_of
from attune_sim.errors import UnknownNameError
from attune_sim.metrics import METRICS, format_bytes, format_count
from attune_sim.plot.axes import TITLE_LENGTH, family_legend, metric_axes, note, unit_axis
from attune_sim.plot.labels import labelled_ends
from attune_sim.plot.style import plotting, styles_of
from attune_sim.plot.tips import tip

ALONG: Final = {"items": "context", "context_bytes": "items"}
"""What a cost is drawn over -> what is held at one size meanwhile."""

SLACK: Final = 1.02
"""Contexts of cells that were asked for one size differ by some bytes of what stands in them."""


@plotting
def plot_growth(
    frame: pd.DataFrame,
    metric: str = "live_heap_bytes",
    along: str = "items",
    *,
    fits: Fits | None = None,
    ax: Axes | None = None,
) -> Axes:
    """One metric of a `metrics` frame over the items, or over the context that the fan-out is handed; both axes logarithmic.

    A full mark is the median of the cells of a size, an empty one what was foretold of cells that were left out; the line is the
    fitted law; `fits` are the laws, where they were made before. Of the other size the one with most cells is drawn, and the axis says which. Raises InputError for a metric, or
    an `along`, that does not exist, and for an `ax` that is no axes.
    """
    if along not in ALONG:
        raise UnknownNameError("size", along, ALONG)
    axes, declared = metric_axes(ax, metric, frame), METRICS[metric]
    known = _held(_readings(frame, metric), along)
    if known.empty or not (known["value"] > 0).any():
        return note(axes, f"{metric} was not measured")
    axes.set(xscale="log", yscale="log")
    shown = _fits(fits_of(frame, [metric]) if fits is None else fits, known, metric)
    lines = _lines(axes, known, {fit.group.strategy: fit for fit in shown}, along)
    unit_axis(axes.yaxis, declared.unit, log_ticks=6)
    unit_axis(axes.xaxis, "count" if along == "items" else "bytes", log_ticks=6)
    axes.set_xlabel(_label(known, along))
    title = "\n".join(textwrap.wrap(f"{metric}: {declared.title}", TITLE_LENGTH))
    family_legend(axes, title, styles_of(known["strategy"]))
    axes.autoscale_view()
    labelled_ends(axes, lines)
    return axes


def _readings(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """One metric with the context of its cell; totals of runs that were cut short are left out."""
    part = frame[(frame["metric"] == metric) & frame["value"].notna() & frame["items"].notna()]
    part = part[part["outcome"].isin(["ok", "skipped"])]
    return part.assign(items=part["items"].astype("float64"), context=context_of(part))


def _held(part: pd.DataFrame, along: str) -> pd.DataFrame:
    """The cells of one size of what is not drawn over: the one with most cells, of equal ones the largest."""
    if part.empty:
        return part
    other = part[ALONG[along]]
    sizes = sorted(set(other))
    counts = [int(((other <= size * SLACK) & (other >= size / SLACK)).sum()) for size in sizes]
    size = sizes[max(range(len(sizes)), key=lambda place: (counts[place], place))]
    held: pd.DataFrame = part[(other <= size * SLACK) & (other >= size / SLACK)]
    return held


def _fits(fits: Fits, known: pd.DataFrame, metric: str) -> list[Fit]:
    """Those of the series that are drawn."""
    payload = set(known["payload"])
    return [fit for (group, name), fit in fits.items() if name == metric and group.payload in payload]


def _lines(axes: Axes, known: pd.DataFrame, fits: dict[str, Fit], along: str) -> list[tuple[str, Line2D]]:
    styles, lines = styles_of(known["strategy"]), []
    column = "items" if along == "items" else "context"
    for name, part in known.groupby("strategy", sort=False):
        colour, marker = styles[str(name)]
        marks = [law] if (law := _law(axes, part, fits.get(str(name)), column, colour)) else []
        for source, inside in (("measured", colour), ("estimated", "none")):
            points = part[part["source"] == source].groupby(column)["value"].median()
            look: dict[str, Any] = {"color": colour, "markerfacecolor": inside, "markersize": 5}
            if len(points):
                marks += axes.plot(points.index, points.to_numpy(), marker, linestyle="none", **look)
        lines.append((str(name), marks[0]))
    return lines


def _law(axes: Axes, part: pd.DataFrame, fit: Fit | None, column: str, colour: str) -> Line2D | None:
    """The fitted cost over the sizes that are there; nothing where there is no law."""
    sizes = part[column].astype("float64")
    if fit is None or fit.law == "none" or sizes.min() == sizes.max():
        return None
    xs = np.geomspace(sizes.min(), sizes.max(), 40)
    other = float(part["context" if column == "items" else "items"].max())
    ys = [fit.at(x, other) if column == "items" else fit.at(other, x) for x in xs]
    if min(ys) <= 0:
        return None
    (drawn,) = axes.plot(xs, ys, color=colour, linewidth=1.4, alpha=0.7)
    tip(drawn, f"{part['strategy'].iloc[0]}: grows as {fit.law}")
    return drawn


def _label(known: pd.DataFrame, along: str) -> str:
    if along == "items":
        return f"items (logarithmic)\nover {format_bytes(known['context'].max())} of context; n = {len(known):,} cells"
    return f"context handed on, bytes of JSON (logarithmic)\nwith {format_count(known['items'].max())} items; n = {len(known):,} cells"

"""The time of one fork over the size of the context."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attune_sim.analysis.laws.points import context_of
from attune_sim.metrics import METRICS, format_bytes
from attune_sim.plot.axes import family_legend, metric_axes, note, unit_axis
from attune_sim.plot.labels import labelled_ends
from attune_sim.plot.style import plotting, styles_of
from attune_sim.plot.tips import tip


@plotting
def plot_context(frame: pd.DataFrame, metric: str = "fork_us", *, ax: Axes | None = None) -> Axes:
    """One metric of a `metrics` frame over the context that the fan-out was handed: a line a strategy, both axes logarithmic.

    A mark is the median of all cells of a context, whatever their items; a bar goes from the least of them to the largest. Copying
    rises with the context, sharing lies flat. Raises InputError for a metric that does not exist, and for an `ax` that is no axes.
    """
    axes, declared = metric_axes(ax, metric, frame), METRICS[metric]
    known = frame[(frame["metric"] == metric) & frame["value"].gt(0) & frame["source"].eq("measured")]
    known = known.assign(context=context_of(known))
    known = known[known["context"] > 0]
    if known["context_bytes"].nunique() < 2:
        return note(axes, f"{metric} was measured over one context only")
    axes.set(xscale="log", yscale="log")
    styles = styles_of(frame["strategy"])
    lines = [
        (str(name), _line(axes, part, metric, styles[str(name)]))
        for name, part in known.groupby("strategy", sort=False)
    ]
    unit_axis(axes.xaxis, "bytes", log_ticks=6)
    unit_axis(axes.yaxis, declared.unit, log_ticks=8)
    counts = known.groupby(["strategy", "context_bytes"]).size()
    n = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    axes.set_xlabel(f"context handed on, bytes of JSON (logarithmic)\nmedian and range of n = {n} cells")
    axes.set_ylabel(f"{metric} (logarithmic)")
    axes.margins(y=0.1)
    family_legend(axes, f"{declared.title[:1].upper()}{declared.title[1:]}".partition(":")[0], styles)
    axes.autoscale_view()
    labelled_ends(axes, lines)
    return axes


def _line(axes: Axes, part: pd.DataFrame, metric: str, style: tuple[str, str]) -> Line2D:
    """Marks at the medians, joined, with their ranges."""
    by_context = part.groupby("context_bytes")
    spans = by_context["value"].agg(["median", "min", "max"]).assign(context=by_context["context"].median())
    colour, marker = style
    axes.vlines(spans["context"], spans["min"], spans["max"], color=colour, linewidth=1.2, alpha=0.5)
    look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 5, "linewidth": 1.6}
    (drawn,) = axes.plot(spans["context"], spans["median"], **look)
    ends = (
        f"{METRICS[metric].format(spans['median'].iloc[end])} over {format_bytes(spans['context'].iloc[end])}"
        for end in (0, -1)
    )
    tip(drawn, f"{part['strategy'].iloc[0]}: {', '.join(ends)}")
    return drawn

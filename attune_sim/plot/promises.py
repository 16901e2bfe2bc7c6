"""What each strategy promises beside what it costs."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.axes import Axes

from attune_sim.frame import ISOLATES
from attune_sim.metrics import METRICS, Metric
from attune_sim.plot.axes import family_legend, metric_axes, note, unit_axis
from attune_sim.plot.style import SMALL, plotting, styles_of
from attune_sim.plot.tips import tip

LANE: Final = 0.86
"""Share of its lane in which marks stand."""


@plotting
def plot_promises(
    frame: pd.DataFrame, promises: pd.DataFrame, metric: str = "fork_us", *, ax: Axes | None = None
) -> Axes:
    """The price of one metric of a `metrics` frame against what a strategy keeps apart (`promises_frame`): a lane an amount of
    isolation, the most at the top. Behind the name stands how many other promises a strategy gives up that another one here gives.

    Marks are medians over the cells, bars go from the least to the largest. Raises InputError for a metric that does not exist, and
    for an `ax` that is no axes.
    """
    axes = metric_axes(ax, metric, frame)
    known = frame[
        (frame["metric"] == metric) & frame["value"].notna() & frame["strategy"].isin(promises["strategy"])
    ]
    spans = known.groupby("strategy", sort=False)["value"].agg(["median", "min", "max", "size"])
    spans = spans[spans["median"] > 0]
    if spans.empty:
        return note(axes, f"{metric} was not measured of a strategy whose promises are known")
    told = promises.set_index("strategy").loc[list(spans.index)]
    axes.set(xscale="log")
    styles = styles_of(frame["strategy"])
    lanes = [lane for lane in ISOLATES if lane in set(told["isolates"])]
    for row, lane in enumerate(lanes):
        _lane(axes, spans[told["isolates"] == lane], told, row, styles, METRICS[metric])
    _finish(axes, lanes, spans, metric)
    family_legend(axes, "What is promised, and its price", {name: styles[name] for name in spans.index})
    return axes


def _lane(
    axes: Axes,
    spans: pd.DataFrame,
    told: pd.DataFrame,
    row: int,
    styles: dict[str, tuple[str, str]],
    metric: Metric,
) -> None:
    """The strategies of one lane, the cheapest at the bottom."""
    ordered = spans.sort_values("median", ascending=False)
    step = LANE / max(len(ordered), 1)
    for place, (name, span) in enumerate(ordered.iterrows()):
        colour, marker = styles[str(name)]
        height = row + (1 - LANE) / 2 + step * (place + 0.5)
        axes.plot([span["min"], span["max"]], [height, height], color=colour, linewidth=1.6, alpha=0.6)
        (mark,) = axes.plot([span["median"]], [height], marker, color=colour, markersize=7)
        lost = str(told.loc[str(name), "gives_up"])
        tip(mark, f"{name}: {metric.format(span['median'])}" + (f"; gives up {lost}" if lost else ""))
        text = f"{name}, gives up {lost.count(',') + 1} more" if lost else str(name)
        axes.annotate(
            text, (span["max"], height), (8, 0), textcoords="offset points", va="center", fontsize=SMALL
        )


def _finish(axes: Axes, lanes: list[str], spans: pd.DataFrame, metric: str) -> None:
    axes.set_ylim(len(lanes), 0)
    axes.set_yticks([row + 0.5 for row in range(len(lanes))], lanes)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    for row in range(1, len(lanes)):
        axes.axhline(row, color="0.5", linewidth=0.8)
    low, high = float(spans["min"].min()), float(spans["max"].max())
    axes.set_xlim(low / 3, high * max((high / low) ** 0.7, 3))
    unit_axis(axes.xaxis, METRICS[metric].unit, log_ticks=5)
    counts = spans["size"]
    n = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    axes.set_xlabel(f"{metric} (logarithmic)\nmedian and range of n = {n} cells")
    axes.set_ylabel("what a fork keeps apart")

"""One metric, strategy beside strategy."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from attune_sim.metrics import METRICS
from attune_sim.plot.style import axes_or_new, check_metric, few_ticks, note, plotting, styles_of, unit_axis

ROOM_FOR_TEXT: Final = 0.25
"""To the right of the last mark, as a share of the span of the marks: its value is written there."""


@plotting
def plot_metric(frame: pd.DataFrame, metric: str, *, ax: Axes | None = None) -> Axes:
    """One metric of a `metrics` frame: a row a strategy, a mark a repeat, the median written beside it.

    The axis is logarithmic where the strategies differ by more than a factor of 20. A strategy whose cells ended
    early says so behind its name. Raises InputError for a metric that does not exist, and for an `ax` that is no axes.
    """
    check_metric(metric, frame)
    axes, title = axes_or_new(ax, frame["strategy"]), METRICS[metric].title
    found = frame[(frame["metric"] == metric) & frame["value"].notna()]
    if found.empty:
        return note(axes, f"{metric} was not measured")
    names = list(dict.fromkeys(found["strategy"]))
    styles = styles_of(frame["strategy"])
    medians = [float(found[found["strategy"] == name]["value"].median()) for name in names]
    log = min(medians) > 0 and max(medians) / min(medians) > 20
    _scale(axes, medians, log)
    for row, (name, median) in enumerate(zip(names, medians, strict=True)):
        values = found[found["strategy"] == name]["value"].tolist()
        _row(axes, row, values, median, styles[name], METRICS[metric].format(median))
    axes.set_yticks(range(len(names)), [_named(found, name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", visible=False)
    unit_axis(axes.xaxis, METRICS[metric].unit)
    per_item = " an item" if METRICS[metric].per_item else ""
    axes.set_xlabel(f"{metric}{per_item}" + (" (logarithmic)" if log else ""))
    axes.set_title(title[:1].upper() + title[1:])
    return axes


def _scale(axes: Axes, medians: list[float], log: bool) -> None:
    if log:
        axes.set_xscale("log")
        room = (max(medians) / min(medians)) ** ROOM_FOR_TEXT
        axes.set_xlim(min(medians) / 4, max(medians) * 3 * room)
        few_ticks(axes.xaxis, 6)
    else:
        axes.set_xlim(0, max(medians) * 1.3 or 1)


def _row(axes: Axes, row: int, values: list[float], median: float, style: tuple[str, str], text: str) -> None:
    colour, marker = style
    axes.hlines(row, axes.get_xlim()[0], median, color=colour, linewidth=2, alpha=0.35)
    axes.plot(values, [row] * len(values), marker, color=colour, markersize=6, alpha=0.7, linestyle="none")
    axes.annotate(
        text, (max(values), row), (9, 0), textcoords="offset points", va="center", color=colour, weight="bold"
    )


def _named(found: pd.DataFrame, name: str) -> str:
    mine = found[found["strategy"] == name]
    early = mine[mine["outcome"] != "ok"]
    if early.empty:
        return name
    reached = early[["items_done", "forks"]].max(axis="columns").iloc[0]
    return f"{name}\n({early['outcome'].iloc[0].replace('_', ' ')} at {reached:,})"


def plot_fork_time(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Time of one fork, strategy beside strategy; see `plot_metric`."""
    return plot_metric(frame, "fork_us", ax=ax)


def plot_fork_memory(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Live heap of one more fork, strategy beside strategy; see `plot_metric`."""
    return plot_metric(frame, "fork_bytes", ax=ax)

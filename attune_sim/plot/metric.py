"""One metric, strategy beside strategy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes

from attune_sim.analysis.figures import is_least
from attune_sim.analysis.surroundings import named_apart
from attune_sim.metrics import METRICS
from attune_sim.plot.axes import metric_axes, named_rows, note, unit_axis
from attune_sim.plot.style import BESIDE, plotting, styles_of

ROOM_FOR_TEXT: Final = 0.25
"""To the right of the last mark, as a share of the span of the marks: its value is written there."""


@plotting
def plot_metric(frame: pd.DataFrame, metric: str, *, ax: Axes | None = None) -> Axes:
    """One metric of a `metrics` frame: a row a strategy, a mark a repeat, the median written beside it.

    The axis is logarithmic where the strategies differ by more than a factor of 20; marks have stems only where it begins at
    zero. A strategy whose cells ended early says so behind its name; a total of it is at least what is shown, has an empty mark
    and `≥` before its value. Raises InputError for a metric that does not exist, and for an `ax` that is no axes.
    """
    frame = named_apart(frame)
    axes, declared = metric_axes(ax, metric, frame), METRICS[metric]
    measured = frame[(frame["metric"] == metric) & frame["value"].notna()]
    if measured.empty:
        return note(axes, f"{metric} was not measured")
    styles = styles_of(frame["strategy"])
    parts = [(str(name), part) for name, part in measured.groupby("strategy", sort=False)]
    medians = [float(part["value"].median()) for _, part in parts]
    log = min(medians) > 0 and max(medians) / min(medians) > 20
    _scale(axes, medians, log)
    for row, ((name, part), median) in enumerate(zip(parts, medians, strict=True)):
        least = is_least(metric, part["outcome"])
        _stem(axes, row, median, styles[name][0], log)
        _marks(axes, row, part["value"].tolist(), styles[name], least)
        text = f"{'≥ ' if least else ''}{declared.format(median)}"
        axes.annotate(text, (part["value"].max(), row), (9, 0), **BESIDE)
    named_rows(axes, range(len(parts)), (_named(name, part) for name, part in parts))
    axes.set_ylim(len(parts) - 0.4, -0.6)
    unit_axis(axes.xaxis, declared.unit, log_ticks=5 if log else 0)
    per_item = " an item" if declared.per_item else ""
    axes.set_xlabel(f"{metric}{per_item}" + (" (logarithmic)" if log else ""))
    axes.set_title(declared.title[:1].upper() + declared.title[1:], wrap=True)
    return axes


def _scale(axes: Axes, medians: list[float], log: bool) -> None:
    if log:
        axes.set_xscale("log")
        room = (max(medians) / min(medians)) ** ROOM_FOR_TEXT
        axes.set_xlim(min(medians) / 4, max(medians) * 3 * room)
    else:
        axes.set_xlim(0, max(medians) * 1.3 or 1)


def _stem(axes: Axes, row: int, median: float, colour: str, log: bool) -> None:
    """A stem from zero; a logarithmic axis has none, where a line to the edge would pass for a length."""
    if log:
        axes.axhline(row, color="0.5", linewidth=0.6, linestyle=":", zorder=0.5)
    else:
        axes.hlines(row, 0, median, color=colour, linewidth=2, alpha=0.35)


def _marks(axes: Axes, row: int, values: Sequence[float], style: tuple[str, str], least: bool) -> None:
    colour, marker = style
    inside = "none" if least else colour
    look: dict[str, Any] = {
        "color": colour,
        "markerfacecolor": inside,
        "markersize": 6,
        "alpha": 0.8,
        "linestyle": "none",
    }
    axes.plot(values, [row] * len(values), marker=marker, **look)


def _named(name: str, cells: pd.DataFrame) -> str:
    early = cells[cells["outcome"] != "ok"]
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

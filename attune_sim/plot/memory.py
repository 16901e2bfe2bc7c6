"""Memory over the items of a fan-out, one line a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes

from attune_sim.analysis.figures import reached
from attune_sim.analysis.law import growing
from attune_sim.metrics import METRICS
from attune_sim.plot.style import metric_axes, note, plotting, styles_of, unit_axis

LOG_FROM: Final = 50.0
"""From this ratio between the largest lines on, the small one would lie on the axis: both axes turn logarithmic."""

ROOM_FOR_LABELS: Final = 0.055
"""Least distance of two labels, as a share of the axes' height."""


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    style: tuple[str, str]
    ending: str
    items: list[float]
    values: list[float]


@plotting
def plot_memory(samples: pd.DataFrame, metric: str = "live_heap_bytes", *, ax: Axes | None = None) -> Axes:
    """Memory over the items forked: one line a strategy, from a `samples` frame.

    Of several repeats the first is drawn (they lie on each other), as far as its forks grew. A cell that did not end well ends in a cross, and the
    corner says how it ended, and at which item. Both axes are logarithmic where strategies lie far apart: memory that grows
    with the items is then a rising line whose height tells the bytes an item.

    Raises InputError for a metric that does not exist, and for an `ax` that is no axes.
    """
    axes = metric_axes(ax, metric, samples)
    lines = _lines(samples[samples["metric"] == metric], styles_of(samples["strategy"]))
    if not lines:
        others = ", ".join(dict.fromkeys(samples["metric"]))
        return note(axes, f"no samples of {metric}" + (f"; there are some of {others}" if others else ""))
    log = _needs_log(lines)
    for line in lines:
        _draw(axes, line, log)
    _scale(axes, log, metric)
    _label(axes, lines, log)
    _tell_endings(axes, lines)
    return axes


def _lines(samples: pd.DataFrame, styles: dict[str, tuple[str, str]]) -> list[_Line]:
    """A line for each strategy, dispatch and size: that of its first cell."""
    varied = samples["dispatch"].nunique() > 1
    axes = ["strategy", "dispatch", "items"]
    firsts = samples.groupby(axes, sort=False, dropna=False)["cell"].transform("first")
    shown = samples[samples["cell"] == firsts].groupby("cell", sort=False)
    return [_line(part, styles, named_dispatch=varied) for _, part in shown]


def _line(cell: pd.DataFrame, styles: dict[str, tuple[str, str]], *, named_dispatch: bool) -> _Line:
    first, grown = cell.iloc[0], growing(cell)
    how_far = reached(first["items_done"], first["forks"], first["items"])
    return _Line(
        f"{first['strategy']} ({first['dispatch']})" if named_dispatch else first["strategy"],
        styles[first["strategy"]],
        "" if first["outcome"] == "ok" else f"{first['outcome'].replace('_', ' ')} at {how_far}",
        grown["item_index"].tolist(),
        grown["value"].tolist(),
    )


def _needs_log(lines: list[_Line]) -> bool:
    tops = [max(line.values) for line in lines if max(line.values) > 0]
    return len(tops) > 1 and max(tops) / min(tops) > LOG_FROM


def _draw(axes: Axes, line: _Line, log: bool) -> None:
    # A logarithmic axis has no zero; a single reading below one item's memory says nothing there.
    points = [(x, y) for x, y in zip(line.items, line.values, strict=True) if not log or (x > 0 and y > 0)]
    if not points:
        return
    (xs, ys), (colour, marker) = zip(*points, strict=True), line.style
    axes.plot(xs, ys, color=colour, linewidth=1.8, marker=marker, markersize=3.5, markevery=0.12)
    if line.ending:
        axes.plot(xs[-1], ys[-1], marker="X", markersize=11, color=colour, markeredgecolor="white")


def _tell_endings(axes: Axes, lines: list[_Line]) -> None:
    """In the corner above the rising lines, where nothing else is: beside the crosses they would cover each other."""
    look: dict[str, Any] = {"transform": axes.transAxes, "va": "top", "fontsize": "small", "weight": "bold"}
    for place, line in enumerate(line for line in lines if line.ending):
        height, text = 0.97 - place * ROOM_FOR_LABELS, f"✗ {line.name}: {line.ending}"
        axes.text(0.02, height, text, color=line.style[0], **look)


def _scale(axes: Axes, log: bool, metric: str) -> None:
    if log:
        axes.set_xscale("log")
        axes.set_yscale("log")
    unit_axis(axes.xaxis, "count", log_ticks=8 if log else 0)
    unit_axis(axes.yaxis, METRICS[metric].unit, log_ticks=8 if log else 0)
    kind = " (logarithmic)" if log else ""
    axes.set_xlabel(f"items forked{kind}")
    axes.set_ylabel(f"{metric}{kind}")
    axes.set_title("Memory over the items forked")


def _label(axes: Axes, lines: list[_Line], log: bool) -> None:
    """Each line's name beside its end, moved apart where ends lie close."""
    ends = [(line, line.items[-1], line.values[-1]) for line in lines]
    ends = [end for end in ends if not log or (end[1] > 0 and end[2] > 0)]
    axes.margins(x=0.02, y=0.16)
    axes.autoscale_view()
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = _apart([float(to_axes.transform((x, y))[1]) for _, x, y in ends])
    look: dict[str, Any] = {"xycoords": "axes fraction", "va": "center", "fontsize": "small"}
    for (line, _, _), height in zip(ends, heights, strict=True):
        axes.annotate(line.name, (1.015, height), color=line.style[0], annotation_clip=False, **look)


def _apart(heights: list[float]) -> list[float]:
    """The same heights, each at least `ROOM_FOR_LABELS` above the next lower one."""
    placed: dict[int, float] = {}
    lowest = float("-inf")
    for place in sorted(range(len(heights)), key=heights.__getitem__):
        lowest = placed[place] = max(heights[place], lowest + ROOM_FOR_LABELS)
    return [placed[place] for place in range(len(heights))]

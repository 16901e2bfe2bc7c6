"""Where each strategy lives: items against context, with the line beyond which it runs out of memory."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attune_sim.analysis.frontier import frontier, measured_sizes
from attune_sim.metrics import format_bytes, format_limit
from attune_sim.plot.axes import axes_or_new, family_legend, note, unit_axis
from attune_sim.plot.labels import labelled_ends
from attune_sim.plot.style import plotting, styles_of
from attune_sim.plot.tips import tip

INK: Final = "#808080"
"""Of what belongs to no strategy: the sizes that were run."""

ROOM: Final = 3.0
"""How many times the furthest frontier the axis goes on."""


@plotting
def plot_map(
    frame: pd.DataFrame,
    *,
    memory: float | None = None,
    edge: pd.DataFrame | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The N x C map of a long `metrics` frame of several sizes: below its line a strategy lives in `memory` bytes (None: in the least
    limit of the cells), above it it runs out of them.

    Lines are where the fitted laws meet the limit, broken where they are more than sixteen times beyond what was measured; the band
    around a line is the interval of its law. Marks are the sizes that were run: full where all cells lived, a cross where some died or were
    left out because smaller ones foretold that they would. `edge` is a frontier that was made before. Raises InputError for an `ax` that is no axes.
    """
    axes = axes_or_new(ax, frame["strategy"])
    told = frontier(frame, memory) if edge is None else edge
    if told.empty:
        return note(axes, "cells of four sizes or more are needed")
    axes.set(xscale="log", yscale="log")
    styles = styles_of(told["strategy"])
    lines = [
        (str(name), _frontier(axes, part, styles[str(name)]))
        for name, part in told.groupby("strategy", sort=False)
    ]
    marks = _sizes(axes, measured_sizes(frame))
    axes.set_ylim(1, float(told["items"].max()) * ROOM)
    unit_axis(axes.xaxis, "bytes", log_ticks=6)
    unit_axis(axes.yaxis, "count", log_ticks=8)
    axes.set_xlabel("context handed on, bytes of JSON (logarithmic)")
    axes.set_ylabel("items (logarithmic)")
    family_legend(
        axes, f"Items that fit into {format_limit(told['memory_bytes'].iloc[0])}", styles, marks=marks
    )
    labelled_ends(axes, lines)
    return axes


def _frontier(axes: Axes, part: pd.DataFrame, style: tuple[str, str]) -> Line2D:
    xs, ys, far = (part[name].to_numpy() for name in ("context_bytes", "items", "extrapolated"))
    colour, marker = style
    axes.fill_between(
        xs, part["low"].to_numpy(), part["high"].to_numpy(), color=colour, alpha=0.08, linewidth=0
    )
    dash: Any = (0, (4, 2)) if far.all() else "-"
    look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 4, "markevery": 8}
    if far.any() and not far.all():
        axes.plot(xs, ys, color=colour, linewidth=1.2, linestyle=(0, (4, 2)))
        ys = ys.copy()
        ys[far] = float("nan")
    (drawn,) = axes.plot(xs, ys, linestyle=dash, linewidth=1.6, **look)
    most = f"{part['items'].iloc[-1]:,.0f} items over {format_bytes(xs[-1])}"
    tip(drawn, f"{part['strategy'].iloc[0]}: runs out of memory beyond {most}")
    return drawn if not far[-1] else Line2D(xs, part["items"].to_numpy(), color=colour)


def _sizes(axes: Axes, sizes: pd.DataFrame) -> list[Line2D]:
    """The sizes that were run, by what became of their cells."""
    bad = (sizes["died"] + sizes["foretold"]) > 0
    kinds = ((sizes[~bad], "o", "all cells lived"), (sizes[bad], "X", "some died, or were foretold to"))
    marks = []
    for rows, marker, label in kinds:
        look: dict[str, Any] = {"color": INK, "markersize": 6, "linestyle": "none", "zorder": 3}
        marks += axes.plot(rows["context_bytes"], rows["items"], marker, label=label, **look)
    return [mark for mark in marks if len(np.asarray(mark.get_xdata()))]

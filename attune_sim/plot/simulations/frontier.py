"""Cost against the time of a cycle and memory: what a plan found, and what it picked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attune_sim.metrics import format_bytes
from attune_sim.plot.axes import axes_or_new, legend_above, note, unit_axis
from attune_sim.plot.style import SMALL, plotting, styles_of

_AREAS: Final = (20.0, 160.0)
"""Square points of the point that takes the least memory, and of that which takes the most."""

_DASHED: Final[Mapping[str, Any]] = {"linewidth": 1.1, "linestyle": (0, (4, 3))}


@plotting
def plot_frontier(
    trials: pd.DataFrame,
    frontier: pd.DataFrame,
    limits: Mapping[str, float] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """The cost of a day over the p99 of a cycle, from the frames `trials` and `frontier` of a plan: a small grey point for all that was tried,
    and one for each setting on the frontier, the larger the more memory it takes, in the colour of its strategy. The cross is the pick.

    `limits` (goal's figure -> bound) of cycle_p99 and cost are dashed lines. Raises InputError for an `ax` that is no axes.
    """
    axes = axes_or_new(ax)
    known = trials[np.isfinite(trials["cycle_p99_s"])]
    if known.empty:
        return note(axes, "no setting that was tried comes to an end")
    ink = axes.yaxis.label.get_color()
    axes.plot(known["cycle_p99_s"], known["cost"], ".", color="#9A9A9A", markersize=3, alpha=0.6)
    strategies = list(dict.fromkeys(frontier["strategy"]))
    styles = styles_of(strategies)
    areas = dict(zip(frontier.index, _areas(frontier["memory_bytes"]), strict=True))
    for strategy, part in frontier.groupby("strategy", sort=False):
        colour, marker = styles[str(strategy)]
        look: dict[str, Any] = {"color": colour, "marker": marker, "alpha": 0.85, "linewidths": 0}
        axes.scatter(part["cycle_p99_s"], part["cost"], s=[areas[row] for row in part.index], **look)
    _pick(axes, trials[trials["pick"]], ink)
    bounds = limits or {}
    if "cycle_p99" in bounds:
        axes.axvline(bounds["cycle_p99"], color=ink, **_DASHED)
    if "cost" in bounds:
        axes.axhline(bounds["cost"], color=ink, **_DASHED)
    axes.set_xscale("log")
    unit_axis(axes.xaxis, "s", log_ticks=6)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("99 of 100 cycles end within")
    axes.set_ylabel("cost of a day")
    legend_above(axes, "The frontier of settings", [_named(name, *styles[name]) for name in strategies])
    return axes


def _named(name: str, colour: str, marker: str) -> Line2D:
    """What stands for a strategy in the legend."""
    return Line2D([], [], color=colour, marker=marker, linestyle="none", label=name)


def _areas(memory: pd.Series) -> list[float]:
    low, high = float(memory.min()), float(memory.max())
    share = (memory - low) / (high - low) if high > low else memory * 0
    return [float(_AREAS[0] + one * (_AREAS[1] - _AREAS[0])) for one in share]


def _pick(axes: Axes, pick: pd.DataFrame, ink: Any) -> None:
    for row in pick.to_dict("records"):
        place = (row["cycle_p99_s"], row["cost"])
        axes.plot(*place, "x", color=ink, markersize=9, markeredgewidth=2)
        text = f"{row['strategy']}, {row['concurrency']:,} at a time, {format_bytes(row['memory_bytes'])}"
        axes.annotate(text, place, (8, 6), textcoords="offset points", fontsize=SMALL)

"""How a figure is spread over the seeds of a simulation."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from attune_sim.analysis.simulations import FIGURES, distributions
from attune_sim.analysis.simulations import shown as told
from attune_sim.errors import InputError, UnknownNameError, counted
from attune_sim.plot.axes import axes_or_new, named_rows, note, unit_axis
from attune_sim.plot.style import SMALL, plotting, styles_of

_ONE: Final = "#008796"
_SPREAD: Final = 0.6


@plotting
def plot_distribution(figures: pd.DataFrame, metric: str = "cycle_p99_s", *, ax: Axes | None = None) -> Axes:
    """A figure of every seed as a point, and their mean with its interval of 95 %, from a `figures` frame; a row a strategy where the
    figure belongs to strategies.

    Raises InputError for a figure that there is not, and for an `ax` that is no axes.
    """
    known = list(dict.fromkeys(figures["metric"]))
    if metric not in known:
        raise (
            UnknownNameError("figure", metric, known)
            if isinstance(metric, str)
            else InputError(f"a figure is a name, not {metric!r}")
        )
    own = figures[figures["metric"] == metric].dropna(subset=["value"])
    strategies = list(dict.fromkeys(own["strategy"]))
    axes = axes_or_new(ax, strategies)
    if own.empty:
        return note(axes, f"{metric} is not known")
    styles = styles_of(name for name in strategies if name)
    table = distributions(own).set_index("strategy")
    for place, name in enumerate(strategies):
        values = own.loc[own["strategy"] == name, "value"].to_numpy()
        _row(axes, place, values, styles[name][0] if name else _ONE, table.loc[name], metric)
    named_rows(axes, *((range(len(strategies)), strategies) if any(strategies) else ((), ())))
    axes.set_ylim(len(strategies) - 0.5, -0.5)
    unit_axis(axes.xaxis, FIGURES[metric].unit)
    axes.set_xlabel(FIGURES[metric].title)
    axes.set_title(f"{metric} over {counted(own['seed'].nunique(), 'seed')}")
    return axes


def _row(axes: Axes, place: int, values: Any, colour: str, line: pd.Series, metric: str) -> None:
    """Points are spread in the height of the row by their rank, which is the same in every drawing."""
    heights = place + _SPREAD * ((np.argsort(np.argsort(values)) * 0.618034) % 1 - 0.5)
    axes.plot(values, heights, "o", color=colour, markersize=4, alpha=0.5)
    if np.isfinite(line["low"]):
        axes.plot(
            [line["low"], line["high"]], [place, place], color=axes.yaxis.label.get_color(), linewidth=2.2
        )
    axes.plot(line["mean"], place, "|", color=axes.yaxis.label.get_color(), markersize=14, markeredgewidth=2)
    look: dict[str, Any] = {"textcoords": "offset points", "fontsize": SMALL, "ha": "center"}
    axes.annotate(told(metric, float(line["mean"])), (line["mean"], place), (0, 12), **look)

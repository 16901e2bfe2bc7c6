"""How long the cycles of a simulation take, over the day."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from attune_sim.plot.axes import axes_or_new, legend_above, note, unit_axis
from attune_sim.plot.simulations.times import time_axis
from attune_sim.plot.style import SMALL, plotting
from attune_sim.plot.timeline import OUTCOMES

MANY: Final = 500
"""From so many cycles on their points are small."""

LIMIT_IN_SIGHT: Final = 3.0
"""How many times the slowest cycle the time between two may be and still be drawn as a line."""


@plotting
def plot_cycles(cycles: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The time from when a cycle was due to its end over the time at which it was due, from a `cycles` frame: a point a cycle.

    Its colour is how its run ended. The dashed line is the time until the next one is due, in the median: what is above it is late.
    Cycles that were left out stand on the axis. Of several seeds all points are drawn. Raises InputError for an `ax` that is no axes.
    """
    axes = axes_or_new(ax)
    ended = cycles[cycles["ended_s"].notna()]
    took = ended["ended_s"] - ended["due_s"]
    if ended.empty:
        return note(axes, "no cycle has ended")
    for status, part in ended.groupby("status", sort=False):
        _points(axes, part["due_s"], took[part.index], str(status), len(cycles))
    out = cycles[cycles["skipped"]]
    _points(axes, out["due_s"], out["due_s"] * 0, "skipped", len(cycles))
    gap = _gap(cycles)
    limit = gap is not None and gap <= LIMIT_IN_SIGHT * float(took.max())
    if limit and gap is not None:
        look: dict[str, Any] = {"linewidth": 1.1, "linestyle": (0, (4, 3))}
        axes.axhline(gap, color=axes.yaxis.label.get_color(), **look)
        place: dict[str, Any] = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points"}
        axes.annotate("the next cycle is due", (0.01, gap), (0, 3), fontsize=SMALL, **place)
    _finish(axes, cycles, max(float(took.max()), gap if limit and gap is not None else 0.0))
    return axes


def _points(axes: Axes, xs: pd.Series, ys: pd.Series, status: str, many: int) -> None:
    if len(xs):
        look: dict[str, Any] = {
            "color": OUTCOMES.get(status, OUTCOMES[""]),
            "linestyle": "none",
            "clip_on": False,
        }
        axes.plot(xs, ys, "o", markersize=3 if many > MANY else 5, alpha=0.8, rasterized=many > MANY, **look)


def _gap(cycles: pd.DataFrame) -> float | None:
    """The median time between two cycles; None where there is one only."""
    gaps = cycles.groupby("seed", sort=False)["due_s"].diff().dropna()
    return float(gaps.median()) if len(gaps) else None


def _finish(axes: Axes, cycles: pd.DataFrame, top: float) -> None:
    axes.set_ylim(0, 1.12 * top or 1.0)
    unit_axis(axes.yaxis, "s")
    axes.set_ylabel("from due to ended")
    span = float(cycles["due_s"].max())
    axes.set_xlim(-0.02 * (span or 1.0), 1.02 * (span or 1.0))
    time_axis(axes.xaxis, span)
    axes.set_xlabel("when the cycle was due")
    ends = [
        *cycles.loc[cycles["ended_s"].notna(), "status"],
        *(["skipped"] if cycles["skipped"].any() else []),
    ]
    handles = [Patch(color=colour, label=name) for name, colour in OUTCOMES.items() if name and name in ends]
    legend_above(axes, "How long each cycle took", handles)

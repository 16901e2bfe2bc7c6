"""How well a latency fits the durations that it was fitted to."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.axes import Axes

from attune_sim.errors import counted
from attune_sim.plot.axes import axes_or_new, unit_axis
from attune_sim.plot.style import plotting

POINTS: Final = "#1E78B4"
LINE: Final = "#786969"


@plotting
def plot_latency(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A QQ plot: quantiles of the durations over those of the latency, both logarithmic. On the line they are equal.

    The frame is `.quantiles` of a fit. Raises InputError for an `ax` that is no axes.
    """
    axes = axes_or_new(ax)
    fitted, observed = frame["fitted_s"], frame["observed_s"]
    axes.set(xscale="log", yscale="log")
    axes.plot(fitted, observed, "o", color=POINTS, markersize=3, alpha=0.7)
    ends = [min(fitted.min(), observed.min()), max(fitted.max(), observed.max())]
    axes.plot(ends, ends, color=LINE, linewidth=1.2)
    unit_axis(axes.xaxis, "s", log_ticks=6)
    unit_axis(axes.yaxis, "s", log_ticks=6)
    axes.set_xlabel(f"quantiles of {frame.attrs['latency']} (logarithmic)")
    axes.set_ylabel("quantiles of the durations (logarithmic)")
    axes.set_title(f"{counted(frame.attrs['n'], 'duration')}, KS distance {frame.attrs['ks']:.3f}", wrap=True)
    return axes

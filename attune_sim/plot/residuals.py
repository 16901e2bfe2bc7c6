"""How far what was measured lies from the law that was fitted to it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from attune_sim.analysis.laws import Fit, Fits, fits_of
from attune_sim.errors import UnknownNameError
from attune_sim.plot.axes import family_legend, metric_axes, note, unit_axis
from attune_sim.plot.growth import ALONG
from attune_sim.plot.style import COLOURS, family_of, plotting, styles_of

SIDEWAYS: Final = 0.03
"""By what share of its size a mark is moved for each strategy, so that those of one size do not hide each other."""


@plotting
def plot_residuals(
    frame: pd.DataFrame,
    metric: str = "live_heap_bytes",
    along: str = "items",
    *,
    fits: Fits | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Measured by fitted, of each cell of a `metrics` frame over several sizes: 1 where the law says just what was read. Times are as
    they were read, and the law is one of the machine's usual pace.

    All cells are drawn, whatever the other size; the band is what noise of one cell leaves open (95 %), the widest of all strategies.
    `fits` are the laws, where they were made before.
    Raises InputError for a metric, or an `along`, that does not exist, and for an `ax` that is no axes.
    """
    if along not in ALONG:
        raise UnknownNameError("size", along, ALONG)
    axes = metric_axes(ax, metric, frame)
    known = fits_of(frame, [metric]) if fits is None else fits
    several = [fit for (_, name), fit in known.items() if name == metric and len(fit.points.sizes) > 1]
    if not several:
        return note(axes, f"{metric} was not measured in several sizes")
    styles = styles_of(fit.group.strategy for fit in several)
    axes.set(xscale="log", yscale="log")
    band = max(fit.quantile * fit.noise for fit in several)
    axes.axhspan(np.exp(-band), np.exp(band), color=COLOURS["other"], alpha=0.12, linewidth=0)
    axes.axhline(1.0, color=axes.yaxis.label.get_color(), linewidth=0.9)
    for place, fit in enumerate(several):
        _marks(axes, fit, along, styles[fit.group.strategy], place - (len(several) - 1) / 2)
    unit_axis(axes.xaxis, "count" if along == "items" else "bytes", log_ticks=6)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.set_xlabel("items" if along == "items" else "context handed on, bytes of JSON")
    axes.set_ylabel("measured / fitted")
    cells = sum(len(fit.points) for fit in several)
    title = f"{metric}: how far\nn = {cells:,} cells lie from their laws"
    family_legend(axes, title, {name: (COLOURS[family_of(name)], "") for name in styles})
    return axes


def _marks(axes: Axes, fit: Fit, along: str, style: tuple[str, str], turn: float) -> None:
    points, (colour, marker) = fit.points, style
    fitted = fit.costs(points.items, points.context)
    good = (fitted > 0) & (points.values > 0)
    sizes = (points.items if along == "items" else points.context)[good]
    look: dict[str, Any] = {"color": colour, "markersize": 5, "linestyle": "none", "alpha": 0.85}
    axes.plot(sizes * (1 + SIDEWAYS * turn), points.read[good] / fitted[good], marker, **look)

"""How many attempts waited and were served, and how busy each worker was."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from attune_sim.plot.axes import axes_or_new, legend_above, named_rows, note, unit_axis
from attune_sim.plot.simulations.times import time_axis
from attune_sim.plot.style import SMALL, plotting

WAITING: Final = "#D25A00"
SERVED: Final = "#008796"

STRETCHES: Final = 144
"""Of a day, ten minutes each."""

ROWS: Final = 40
"""Up to so many workers each has a bar with its name; more of them are one falling line."""


@plotting
def plot_queue(queue: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Attempts in service and, on top of them, attempts that waited, over simulated time, from a `queue` frame.

    Means over stretches of time; what is pale is the most that waited at once in each. Raises InputError for an `ax` that is no
    axes.
    """
    axes = axes_or_new(ax)
    if queue.empty:
        return note(axes, "no workers were simulated: nothing has to wait")
    shown = _coarse(queue)
    times, served, waited, most = (shown[name].to_numpy() for name in shown)
    look: dict[str, Any] = {"step": "post", "linewidth": 0}
    axes.fill_between(times, most, color=WAITING, alpha=0.25, **look)
    axes.fill_between(times, served, color=SERVED, **look)
    axes.fill_between(times, served, served + waited, color=WAITING, **look)
    axes.set_xlim(times[0], times[-1])
    axes.set_ylim(0, 1.08 * max(float(most.max()), float((served + waited).max())) or 1.0)
    unit_axis(axes.yaxis, "count")
    axes.set_ylabel("attempts")
    time_axis(axes.xaxis, float(times[-1] - times[0]))
    axes.set_xlabel("simulated time")
    handles = [
        Patch(color=SERVED, label="in service"),
        Patch(color=WAITING, label="waiting"),
        Patch(color=WAITING, alpha=0.25, label=f"the most that waited at once (up to {int(most.max()):,})"),
    ]
    legend_above(axes, "Attempts in service and waiting", handles)
    return axes


def _coarse(queue: pd.DataFrame) -> pd.DataFrame:
    """At most `STRETCHES` rows, so that each can be seen, and one more where the last one ends: means, and the most in them."""
    times = queue["time_s"].to_numpy()
    width = float(times[1] - times[0]) if len(times) > 1 else 1.0
    every = -(-len(queue) // STRETCHES)
    groups = queue.groupby(np.arange(len(queue)) // every)
    parts = {"time_s": "first", "in_service": "mean", "waiting": "mean", "most_waiting": "max"}
    shown = groups.agg(parts).astype("float64")
    last = shown.iloc[[-1]].assign(time_s=times[-1] + width)
    return pd.concat([shown, last], ignore_index=True)


@plotting
def plot_utilisation(workers: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The share of each worker's time that was service, and that it was down, from a `workers` frame.

    Of several seeds it is the mean. Raises InputError for an `ax` that is no axes.
    """
    if workers.empty:
        return note(axes_or_new(ax), "no workers were simulated")
    mean = workers.groupby("worker", sort=True)[
        ["utilisation", "attempts", "lost", "down_s", "busy_s"]
    ].mean()
    axes = axes_or_new(ax, map(str, mean.index if len(mean) <= ROWS else ()))
    (_bars if len(mean) <= ROWS else _line)(axes, mean)
    axes.set_title("How busy the workers were")
    return axes


def _bars(axes: Axes, mean: pd.DataFrame) -> None:
    places = np.arange(len(mean))
    axes.barh(places, mean["utilisation"], color=SERVED, height=0.7)
    named_rows(axes, places, (f"worker {number}" for number in mean.index))
    for place, row in zip(places, mean.to_dict("records"), strict=True):
        lost = f", {row['lost']:,.0f} lost" if row["lost"] else ""
        text = f"{100 * row['utilisation']:.0f} %, {row['attempts']:,.0f} attempts{lost}"
        beside: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": SMALL}
        axes.annotate(text, (row["utilisation"], place), (4, 0), annotation_clip=False, **beside)
    axes.set_ylim(len(mean) - 0.4, -0.6)
    axes.set_xlim(0, 1.0)
    axes.xaxis.set_major_formatter(_percent)
    axes.set_xlabel("share of its slots' time that was service")


def _line(axes: Axes, mean: pd.DataFrame) -> None:
    falling = np.sort(mean["utilisation"].to_numpy())[::-1]
    axes.fill_between(np.arange(len(falling)), falling, step="mid", color=SERVED, alpha=0.85, linewidth=0)
    axes.set_xlim(0, len(falling) - 1)
    axes.set_ylim(0, 1.0)
    axes.yaxis.set_major_formatter(_percent)
    unit_axis(axes.xaxis, "count")
    axes.set_xlabel("workers, the busiest first")


def _percent(value: float, _: float) -> str:
    return f"{100 * value:.0f} %"

"""Where the time of an item goes."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from attune_sim.analysis.surroundings import named_apart
from attune_sim.metrics import format_us
from attune_sim.plot.axes import axes_or_new, legend_above, named_rows, note
from attune_sim.plot.style import BESIDE, SMALL, plotting
from attune_sim.plot.tips import tip

PARTS: Final = {
    "paid_fork_us": ("fork", "#4A5560", ""),
    "render_us": ("render", "#7A8794", "////"),
    "action_us": ("action", "#A9B4BF", "\\\\\\\\"),
    "drop_us": ("let go", "#C6CED6", "...."),
    "collector_us": ("collector", "#8E8574", "xxxx"),
    "bookkeeping_us": ("bookkeeping", "#E2E6EA", ""),
}
"""The metrics that an item's time consists of -> name, shade, and a hatch as a second sign: colours belong to strategies."""

EDGE: Final = "#76808A"
"""Parts a light shade from a white page, and a dark one from a black page."""

ROOM_FOR_CHARACTER: Final = 0.023
"""The share of a bar that a character of a time takes, in the narrowest picture: what has no room inside its part is left out."""


@plotting
def plot_time_split(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The time of one item, split into what the run spent it on: a bar a strategy.

    Bars show shares, because a fork of `deepcopy` takes a hundred thousand times as long as one of `shared`; the
    whole time of an item stands at the end of its bar, that of each part inside it where there is room.
    """
    frame = named_apart(frame)
    axes, times = axes_or_new(ax, frame["strategy"]), _medians(frame)
    if times.empty:
        return note(axes, "no times were measured")
    totals = times.sum(axis="columns")
    starts = pd.Series(0.0, index=times.index)
    for part in times.columns:
        shares = times[part] / totals
        bars = _bars(axes, part, starts.tolist(), shares.tolist(), times[part].tolist())
        for bar, strategy, time in zip(bars, times.index, times[part], strict=True):
            tip(bar, f"{strategy}: {PARTS[part][0]} {format_us(time)}")
        starts = starts + shares
    for row, total in enumerate(totals):
        axes.annotate(format_us(total), (1, row), (8, 0), **BESIDE)
    _finish(axes, list(times.index), list(times.columns))
    return axes


def _medians(frame: pd.DataFrame) -> pd.DataFrame:
    known = frame[frame["metric"].isin(PARTS) & frame["value"].notna()]
    if known.empty:
        return pd.DataFrame()
    wide = known.pivot_table(index="strategy", columns="metric", values="value", aggfunc="median", sort=False)
    return wide[[part for part in PARTS if part in wide.columns]].clip(lower=0).fillna(0.0)


def _bars(
    axes: Axes, part: str, starts: list[float], shares: list[float], times: list[float]
) -> BarContainer:
    rows = range(len(shares))
    name, colour, hatch = PARTS[part]
    look: dict[str, Any] = {"facecolor": colour, "hatch": hatch, "edgecolor": EDGE, "linewidth": 0.8}
    bars = axes.barh(rows, shares, left=starts, height=0.62, label=name, **look)
    box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    for row, start, share, time in zip(rows, starts, shares, times, strict=True):
        text = format_us(time)
        if share >= ROOM_FOR_CHARACTER * len(text):
            middle = start + share / 2
            axes.text(middle, row, text, ha="center", va="center", fontsize=SMALL, color="#222222", bbox=box)
    return bars


def _finish(axes: Axes, names: list[str], parts: list[str]) -> None:
    named_rows(axes, range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("share of the time of one item (all of it at the end of the bar)")
    shown = (PARTS[part] for part in parts)
    handles = [
        Patch(label=name, facecolor=shade, hatch=hatch, edgecolor=EDGE) for name, shade, hatch in shown
    ]
    legend_above(axes, "Where the time of an item goes", handles)

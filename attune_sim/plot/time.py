"""Where the time of an item goes."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator, PercentFormatter

from attune_sim.metrics import format_us
from attune_sim.plot.style import axes_or_new, note, plotting

PARTS: Final = {
    "fork_us": ("fork", "#0072B2", ""),
    "render_us": ("render", "#E69F00", "////"),
    "action_us": ("action", "#009E73", "\\\\\\\\"),
    "bookkeeping_us": ("bookkeeping", "#BBBBBB", ""),
}
"""The metrics that an item's time consists of -> name, colour, and a hatch as a second sign beside the colour."""

ROOM_FOR_TEXT: Final = 0.09
"""A part smaller than this share of the bar has no room for its own time."""


@plotting
def plot_time_split(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The time of one item, split into fork, render, action and bookkeeping: a bar a strategy.

    Bars show shares, because a fork of `deepcopy` takes a hundred thousand times as long as one of `shared`; the
    whole time of an item stands at the end of its bar, that of each part inside it where there is room.
    """
    axes, times = axes_or_new(ax, frame["strategy"]), _medians(frame)
    if times.empty:
        return note(axes, "no times were measured")
    totals = times.sum(axis="columns")
    starts = pd.Series(0.0, index=times.index)
    for part in times.columns:
        shares = times[part] / totals
        _bars(axes, part, starts.tolist(), shares.tolist(), times[part].tolist())
        starts = starts + shares
    for row, total in enumerate(totals):
        axes.annotate(
            f"{format_us(total)}", (1, row), (8, 0), textcoords="offset points", va="center", weight="bold"
        )
    _finish(axes, list(times.index), len(times.columns))
    return axes


def _medians(frame: pd.DataFrame) -> pd.DataFrame:
    found = frame[frame["metric"].isin(PARTS) & frame["value"].notna()]
    if found.empty:
        return pd.DataFrame()
    wide = found.pivot_table(index="strategy", columns="metric", values="value", aggfunc="median", sort=False)
    return wide[[part for part in PARTS if part in wide.columns]].clip(lower=0).fillna(0.0)


def _bars(axes: Axes, part: str, starts: list[float], shares: list[float], times: list[float]) -> None:
    rows = range(len(shares))
    name, colour, hatch = PARTS[part]
    axes.barh(
        rows,
        shares,
        left=starts,
        height=0.62,
        color=colour,
        hatch=hatch,
        edgecolor="white",
        linewidth=0.8,
        label=name,
    )
    for row, start, share, time in zip(rows, starts, shares, times, strict=True):
        if share >= ROOM_FOR_TEXT:
            axes.text(
                start + share / 2,
                row,
                format_us(time),
                ha="center",
                va="center",
                fontsize="small",
                color="#222222",
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
            )


def _finish(axes: Axes, names: list[str], parts: int) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("share of the time of one item (its whole time at the end of the bar)")
    axes.set_title("Where the time of an item goes", pad=26)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=parts, handlelength=1.2, columnspacing=1.2
    )

"""One cycle's items over time: when each waited, and when it was served."""

from __future__ import annotations

import heapq
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from attune_sim.errors import InputError
from attune_sim.plot.axes import axes_or_new, legend_above, named_rows, note, unit_axis
from attune_sim.plot.simulations.times import time_axis
from attune_sim.plot.style import plotting
from attune_sim.plot.timeline import OUTCOMES

WAITED: Final = "#9A9A9A"
FILLED: Final = 0.8
"""Share of its row that an item fills."""

NAMED: Final = 30
"""Up to so many workers are named."""

MANY: Final = 300
"""From so many items on they are drawn as pixels: a report would become large."""


@plotting
def plot_gantt(
    items: pd.DataFrame,
    cycle: int = 0,
    *,
    by: Literal["item", "worker"] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The items of one cycle from the moment at which the first of them asked to be served, from an `items` frame.

    An item is a bar from the begin of its first attempt to its end, in the colour of its outcome. `by` item each has a row, in the
    order of their places, and a grey line while it waited for a slot; `by` worker (None: where workers are known) those of one worker
    stand together, in as few rows as it had under way at once.

    Raises InputError for a cycle of which there is no item, workers that are not known, and an `ax` that is no axes.
    """
    axes = axes_or_new(ax)
    if items.empty:
        return note(axes, "no item has ended")
    own = _of_cycle(items, cycle)
    by = by or ("worker" if own["worker"].notna().any() else "item")
    if by == "worker" and own["worker"].isna().all():
        raise InputError("no workers were simulated: draw the items with by='item'")
    own = (
        own[own["worker"].notna()] if by == "worker" else own
    )  # no worker serves a call of a sub-workflow itself
    rows, ticks = _lanes(own) if by == "worker" else (list(range(len(own))), [])
    waits = own["started_s"] > own["queued_s"] if by == "item" else own["started_s"].isna()
    height = max(rows) + 1
    axes.set_ylim(height, 0)
    _draw(axes, own, np.array(rows), waits.to_numpy(), height)
    _frame(axes, own, ticks, by)
    names = set(own["status"])
    handles = [
        Patch(color=colour, label=name.replace("_", " "))
        for name, colour in OUTCOMES.items()
        if name in names
    ]
    legend_above(
        axes,
        f"Items of cycle {cycle:,}",
        [*handles, *([Patch(color=WAITED, label="waiting")] if waits.any() else [])],
    )
    return axes


def _of_cycle(items: pd.DataFrame, cycle: int) -> pd.DataFrame:
    """The items of a cycle, with times since the first of them asked to be served."""
    own = items[items["cycle"] == cycle].sort_values(["queued_s", "visit", "index"], kind="stable")
    if own.empty:
        known = ", ".join(map(str, items["cycle"].unique()[:5]))
        raise InputError(
            f"no item of cycle {cycle!r} is among those that are kept; there are some of {known} ..."
        )
    begin = own["queued_s"].min()
    return own.assign(**{name: own[name] - begin for name in ("queued_s", "started_s", "ended_s")})


def _frame(axes: Axes, items: pd.DataFrame, ticks: list[tuple[float, str]], by: str) -> None:
    end = float(items["ended_s"].max()) or 1.0
    axes.set_xlim(-0.01 * end, 1.01 * end)
    time_axis(axes.xaxis, end)
    axes.set_xlabel("time since the first item asked to be served")
    if ticks:
        named_rows(axes, *zip(*ticks, strict=True))
    else:
        unit_axis(axes.yaxis, "count")
        axes.set_ylabel("items, in the order in which they asked" if by == "item" else "rows of workers")


def _lanes(items: pd.DataFrame) -> tuple[list[int], list[tuple[float, str]]]:
    """The row of each item, and where the names of workers stand; of many workers none is named."""
    lanes = pd.Series(0, index=items.index)
    ticks: list[tuple[float, str]] = []
    first = 0
    for worker, part in items.sort_values("started_s", kind="stable").groupby("worker", sort=True):
        own, count = _packed(part["started_s"].tolist(), part["ended_s"].tolist())
        lanes[part.index] = np.array(own) + first
        ticks.append((first + count / 2, f"worker {worker}"))
        first += count
    return lanes.tolist(), ticks if len(ticks) <= NAMED else []


def _packed(starts: list[float], ends: list[float]) -> tuple[list[int], int]:
    """A lane for each span, so that none overlaps another in its row: the lowest row that is free.

    >>> _packed([0.0, 0.0, 1.0], [1.0, 5.0, 2.0])
    ([0, 1, 0], 2)
    """
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    lanes, count = [], 0
    for start, end in zip(starts, ends, strict=True):
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if not free:
            free.append(count)
            count += 1
        lane = heapq.heappop(free)
        heapq.heappush(busy, (end, lane))
        lanes.append(lane)
    return lanes, count


def _draw(axes: Axes, items: pd.DataFrame, rows: Any, waits: Any, height: int) -> None:
    room = axes.get_window_extent().height * 72 / axes.figure.figure.dpi / height
    width = min(max(room * FILLED, 0.5), 12)
    middles, look = rows + 0.5, {"rasterized": len(items) > MANY}
    waited = items[waits]
    grey: dict[str, Any] = {"colors": WAITED, "linewidth": max(0.5, width * 0.4), **look}
    axes.hlines(middles[waits], waited["queued_s"], waited["started_s"], **grey)
    colours = [OUTCOMES.get(status, OUTCOMES[""]) for status in items["status"]]
    if len(items) > MANY:
        bars: dict[str, Any] = {"colors": colours, "linewidth": width, "capstyle": "butt", **look}
        axes.hlines(middles, items["started_s"], items["ended_s"], **bars)
    else:  # each with an edge, so that neighbours in a row are seen apart
        edge: dict[str, Any] = {"color": colours, "edgecolor": "white", "linewidth": 0.6, "height": FILLED}
        axes.barh(middles, items["ended_s"] - items["started_s"], left=items["started_s"], **edge)

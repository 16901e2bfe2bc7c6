"""One cycle's items over time: when each waited, and when it was served."""

from __future__ import annotations

import heapq
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from attune_sim.errors import InputError
from attune_sim.plot.axes import axes_or_new, legend_above, note, unit_axis
from attune_sim.plot.style import plotting
from attune_sim.plot.timeline import OUTCOMES

WAITED: Final = "#9A9A9A"
FILLED: Final = 0.8
"""Share of its lane that an item fills."""


@plotting
def plot_gantt(items: pd.DataFrame, cycle: int = 0, *, ax: Axes | None = None) -> Axes:
    """The items of one cycle over simulated time, from an `items` frame, in as few lanes as there were items under way at once.

    An item is a bar from the begin of its first attempt to its end, in the colour of its outcome; a thin grey line before it is its
    wait for a slot. Where workers are known, the lanes of one worker stand together. Raises InputError for a cycle of which
    there is no item, and for an `ax` that is no axes.
    """
    axes = axes_or_new(ax)
    own = items[items["cycle"] == cycle].sort_values(["started_s", "index"], kind="stable")
    if own.empty and not items.empty:
        known = ", ".join(map(str, items["cycle"].unique()[:5]))
        raise InputError(
            f"no item of cycle {cycle!r} is among those that are kept; there are some of {known} ..."
        )
    if own.empty:
        return note(axes, "no item has ended")
    lanes, ticks = _lanes(own)
    height = max(lanes) + 1
    _draw(axes, own, np.array(lanes), height)
    axes.set_ylim(height, 0)
    begin, end = float(own["queued_s"].min()), float(own["ended_s"].max())
    axes.set_xlim(begin - 0.01 * (end - begin), end + 0.01 * (end - begin))
    unit_axis(axes.xaxis, "s")
    unit_axis(axes.yaxis, "count")
    if ticks:
        axes.set_yticks([place for place, _ in ticks], [name for _, name in ticks])
    axes.set_xlabel("simulated time")
    axes.set_ylabel("lanes" if not ticks else "")
    waited = bool((own["started_s"] > own["queued_s"]).any())
    handles = [
        Patch(color=colour, label=name.replace("_", " "))
        for name, colour in OUTCOMES.items()
        if name in set(own["status"])
    ]
    legend_above(
        axes,
        f"Items of cycle {cycle:,}",
        [*handles, *([Patch(color=WAITED, label="waiting")] if waited else [])],
    )
    return axes


def _lanes(items: pd.DataFrame) -> tuple[list[int], list[tuple[float, str]]]:
    """The lane of each item, in the order of their begins, and where the names of workers stand."""
    workers = items["worker"].fillna(-1).astype(int)
    lanes = pd.Series(0, index=items.index)
    ticks: list[tuple[float, str]] = []
    first = 0
    for worker, part in items.groupby(workers, sort=True):
        own, count = _packed(part["started_s"].tolist(), part["ended_s"].tolist())
        lanes[part.index] = np.array(own) + first
        ticks.append((first + count / 2, f"worker {worker}"))
        first += count
    many = len(ticks) > 30 or (len(ticks) == 1 and ticks[0][1] == "worker -1")
    return lanes.tolist(), [] if many else ticks


def _packed(starts: list[float], ends: list[float]) -> tuple[list[int], int]:
    """A lane for each span, so that none overlaps another in its lane: the lowest that is free.

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


def _draw(axes: Axes, items: pd.DataFrame, lanes: Any, height: int) -> None:
    room = axes.get_window_extent().height * 72 / axes.figure.figure.dpi / height
    width = min(max(room * FILLED, 0.4), 12)
    middles = lanes + 0.5
    waits = (items["started_s"] > items["queued_s"]).to_numpy()
    look: dict[str, Any] = {"rasterized": len(items) > 300}
    axes.hlines(
        middles[waits],
        items["queued_s"][waits],
        items["started_s"][waits],
        colors=WAITED,
        linewidth=max(0.4, width * 0.2),
        **look,
    )
    colours = [OUTCOMES.get(status, OUTCOMES[""]) for status in items["status"]]
    axes.hlines(
        middles,
        items["started_s"],
        items["ended_s"],
        colors=colours,
        linewidth=width,
        capstyle="butt",
        **look,
    )

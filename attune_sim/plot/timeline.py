"""What a run did when: its tasks and their items over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from attune_sim.plot.style import axes_or_new, legend_above, named_rows, note, plotting, unit_axis

OUTCOMES: Final = {
    "succeeded": "#009E73",
    "failed": "#D55E00",
    "timed_out": "#E69F00",
    "cancelled": "#CC79A7",
    "skipped": "#56B4E9",
    "": "#808080",
}
"""The colour of each outcome; an item or a task that did not end has none of them."""

HEIGHT: Final = 4
"""How many times as high as a plain task a fan-out is drawn, to leave room for its items."""

FILLED: Final = 0.8
"""Share of its row that a task takes."""

LEAST_WIDTH: Final = 2.0
"""Width in points of the bar of a task that took no time to speak of."""

NARROW: Final = 0.02
"""Up to this share of the run a bar is not parted from its neighbours, because the gap would eat it up."""

LABEL_LENGTH: Final = 30
"""Characters of a task's name that are shown."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A task with all its visits; `top` and `height` in rows of a plain task."""

    task: str
    top: int
    height: int
    label: str

    def place(self, share: float) -> float:
        """A height between the upper (0) and the lower (1) end of what is drawn."""
        return self.top + self.height * ((1 - FILLED) / 2 + FILLED * share)


@plotting
def plot_timeline(tasks: pd.DataFrame, items: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The tasks of a run over time, from its `tasks` and `items` frames: a row a task, in the order in which they began.

    A bar goes from the moment a task was asked for to its end. Inside that of a fan-out each item is a line, the first
    at the top, from the start of its first attempt to the end of its last one; an item that did not succeed ends in a
    cross. What was never called has no line. However short a task was, its bar can be seen; a long name is shortened
    in its middle. Raises InputError for an `ax` that is no axes.
    """
    rows = list(_rows(tasks))
    axes = axes_or_new(ax, [f"{row.task} {n}" for row in rows for n in range(row.height)])
    if not rows:
        return note(axes, "no task has begun")
    end = float(pd.concat([tasks["ended_s"], items["ended_s"], tasks["started_s"]]).max())
    _frame(axes, rows, end)
    _legend(axes, [*tasks["status"], *items["outcome"]])
    for row in rows:
        _visits(axes, row, tasks[tasks["task"] == row.task], end)
        _items(axes, row, items[items["task"] == row.task], rows[-1].top + rows[-1].height)
    return axes


def _rows(tasks: pd.DataFrame) -> Iterator[_Row]:
    top = 0
    for task, visits in tasks.groupby("task", sort=False):
        most = visits["items"].max()
        fan_out = bool(pd.notna(most)) and most > 1
        label = _shortened(str(task)) + (f"\n{most:,} items" if fan_out else "")
        if len(visits) > 1:
            label += f", {len(visits):,} visits" if fan_out else f"\n{len(visits):,} visits"
        height = HEIGHT if fan_out else 2 if len(visits) > 1 else 1
        yield _Row(str(task), top, height, label)
        top += height


def _shortened(name: str) -> str:
    """A long name without its middle: tasks of one kind often differ in their last characters only."""
    half = LABEL_LENGTH // 2
    return name if len(name) <= LABEL_LENGTH else f"{name[:half]}…{name[1 - half :]}"


def _visits(axes: Axes, row: _Row, visits: pd.DataFrame, end: float) -> None:
    """The bars of a task: a frame where its items are to be seen in them."""
    starts = visits["started_s"]
    widths = visits["ended_s"].fillna(end) - starts
    colours = visits["status"].map(lambda status: OUTCOMES.get(status, OUTCOMES[""]))
    framed, narrow = row.height == HEIGHT, widths <= NARROW * end
    gaps = ["none" if thin or len(visits) == 1 else "white" for thin in narrow]
    axes.broken_barh(
        list(zip(starts, widths, strict=True)),
        (row.place(0), row.height * FILLED),
        facecolors=(0.5, 0.5, 0.5, 0.1) if framed else list(colours),
        edgecolors=list(colours) if framed else gaps,
        linewidth=1.2,
    )
    if narrow.any() and not framed:  # a frame has lines of its own
        middles, ends = (starts + widths / 2)[narrow], (row.place(0), row.place(1))
        axes.vlines(middles, *ends, colors=list(colours[narrow]), linewidth=LEAST_WIDTH)


def _items(axes: Axes, row: _Row, items: pd.DataFrame, rows: int) -> None:
    called = items[items["started_s"].notna()]
    if row.height != HEIGHT or called.empty:
        return
    count = int(items["index"].max()) + 1
    heights = called["index"].map(lambda index: row.place((index + 0.5) / count))
    room = axes.get_window_extent().height * 72 / axes.figure.dpi * HEIGHT * FILLED / rows / count
    colours = [OUTCOMES.get(outcome, OUTCOMES[""]) for outcome in called["outcome"]]
    look: dict[str, Any] = {"colors": colours, "linewidth": min(max(room * 0.7, 0.5), 6), "rasterized": True}
    axes.hlines(heights, called["started_s"], called["ended_s"], **look)
    for outcome, part in called[called["outcome"] != "succeeded"].groupby("outcome", sort=False):
        colour = OUTCOMES.get(str(outcome), OUTCOMES[""])
        axes.plot(part["ended_s"], heights[part.index], "x", color=colour, markersize=5, linestyle="none")


def _frame(axes: Axes, rows: list[_Row], end: float) -> None:
    named_rows(axes, (row.place(0.5) for row in rows), (row.label for row in rows))
    axes.set_ylim(rows[-1].top + rows[-1].height, 0)
    span = end or 1.0
    axes.set_xlim(-0.01 * span, 1.03 * span)  # room for half of the least width
    unit_axis(axes.xaxis, "s")
    axes.set_xlabel("time since the start of the run")


def _legend(axes: Axes, outcomes: list[str]) -> None:
    """Above the axes, in as many columns as fit over them, and the title above it."""
    handles = [
        Patch(color=colour, label=name.replace("_", " ") or "did not end")
        for name, colour in OUTCOMES.items()
        if name in outcomes
    ]
    figure = axes.figure.figure
    figure.draw_without_rendering()  # lays the axes out: only now it is known how much room the labels leave
    for columns in range(len(handles), 0, -1):
        legend = legend_above(axes, columns, handles)
        box = legend.get_window_extent()
        if box.width <= axes.bbox.width:
            break
    if box.width > axes.bbox.width:  # it may stand above the labels too
        legend.set_loc("lower right")
        legend.set_bbox_to_anchor((1.0, 1.0))
    axes.set_title("What ran when", pad=box.height * 72 / figure.dpi + 7)

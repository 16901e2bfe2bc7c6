"""What a run did when: its tasks and their items over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from attune_sim.plot.axes import axes_or_new, legend_above, named_rows, note, unit_axis
from attune_sim.plot.style import plotting

OUTCOMES: Final = {
    "succeeded": "#009E73",
    "failed": "#D55E00",
    "timed_out": "#A67C00",
    "cancelled": "#B5446E",
    "skipped": "#2E8FD0",
    "": "#808080",
}
"""The colour of each outcome, each 3 : 1 or more from a white and from a dark page; what did not end has none of them."""

HEIGHT: Final = 4
"""How many times as high as a plain task a fan-out is drawn, to leave room for its items."""

FILLED: Final = 0.8
"""Share of its row that a task takes."""

LEAST_WIDTH: Final = 2.0
"""Width in points of the bar of a task that took no time to speak of."""

NARROW: Final = 0.02
"""Up to this share of the run a bar is not parted from its neighbours, because the gap would eat it up."""

THIN: Final = 0.22
"""Height of a pause between two attempts, as a share of that of an attempt."""

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
def plot_timeline(
    tasks: pd.DataFrame, items: pd.DataFrame, attempts: pd.DataFrame | None = None, *, ax: Axes | None = None
) -> Axes:
    """The tasks of a run over time, from its `tasks`, `items` and `attempts` frames: a row a task, in the order in which they began.

    A bar goes from the moment a task was asked for to its end. Inside that of a fan-out each item is a line, the first
    at the top, from the start of its first attempt to the end of its last one; an item that did not succeed ends in a
    cross. What was attempted more than once is thin but for its attempts: a pause is no work. What was never called has no line.
    However short a task was, its bar can be seen; a long name is shortened in its middle. Raises InputError for an `ax` that is
    no axes.
    """
    rows = list(_rows(tasks))
    axes = axes_or_new(ax, [f"{row.task} {n}" for row in rows for n in range(row.height)])
    if not rows:
        return note(axes, "no task has begun")
    end = float(pd.concat([tasks["ended_s"], items["ended_s"], tasks["started_s"]]).max())
    _frame(axes, rows, end)
    spans = _retried(attempts)
    _legend(axes, [*tasks["status"], *items["outcome"], *spans["outcome"]])
    for row in rows:
        mine = spans[spans["task"] == row.task]
        _visits(axes, row, tasks[tasks["task"] == row.task], mine, end)
        _items(axes, row, items[items["task"] == row.task], mine, rows[-1].top + rows[-1].height)
    return axes


def _retried(attempts: pd.DataFrame | None) -> pd.DataFrame:
    """The attempts of what has more than one, with a `key` of visit and index that a retry shares with what it retries."""
    if attempts is None:
        return pd.DataFrame(columns=["task", "key", "index", "outcome", "started_s", "ended_s"])
    place = attempts["index"].fillna(-1).astype("int64")
    keys = [(visit, index) for visit, index in zip(attempts["visit"], place, strict=True)]
    keyed = attempts.assign(key=pd.Series(keys, index=attempts.index, dtype=object))
    return keyed[keyed.duplicated(["task", "key"], keep=False)]


def _rows(tasks: pd.DataFrame) -> Iterator[_Row]:
    top = 0
    for task, visits in tasks.groupby("task", sort=False):
        most = visits["items"].max()
        fan_out = bool(pd.notna(most)) and most > 1
        label = shortened(str(task)) + (f"\n{most:,} items" if fan_out else "")
        if len(visits) > 1:
            label += f", {len(visits):,} visits" if fan_out else f"\n{len(visits):,} visits"
        height = HEIGHT if fan_out else 2 if len(visits) > 1 else 1
        yield _Row(str(task), top, height, label)
        top += height


def shortened(name: str, letters: int = LABEL_LENGTH) -> str:
    """A long name without its middle: tasks of one kind often differ in their last characters only."""
    half = letters // 2
    return name if len(name) <= letters else f"{name[:half]}…{name[1 - half :]}"


def _visits(axes: Axes, row: _Row, visits: pd.DataFrame, attempts: pd.DataFrame, end: float) -> None:
    """The bars of a task: a frame where its items are to be seen in them."""
    colours = visits["status"].map(lambda status: OUTCOMES.get(status, OUTCOMES[""]))
    ends = visits["ended_s"].fillna(end)
    if row.height == HEIGHT:
        spans = list(zip(visits["started_s"], ends - visits["started_s"], strict=True))
        look: dict[str, Any] = {
            "facecolors": (0.5, 0.5, 0.5, 0.1),
            "edgecolors": list(colours),
            "linewidth": 1.2,
        }
        axes.broken_barh(spans, (row.place(0), row.height * FILLED), **look)
        return
    own = attempts[attempts["index"].isna()]
    paused = [(visit, -1) in set(own["key"]) for visit in visits["visit"]]
    whole = pd.DataFrame({"started_s": visits["started_s"], "ended_s": ends, "colour": colours})
    solid = own.assign(colour=[OUTCOMES.get(outcome, OUTCOMES[""]) for outcome in own["outcome"]])
    _bars(axes, row, whole[paused], THIN, end)
    parts = [
        part[["started_s", "ended_s", "colour"]] for part in (whole[[not each for each in paused]], solid)
    ]
    _bars(axes, row, pd.concat([part for part in parts if not part.empty] or parts[:1]), 1.0, end)


def _bars(axes: Axes, row: _Row, spans: pd.DataFrame, share: float, end: float) -> None:
    """Bars of so much of the height of a row; one that took no time to speak of is a line of its colour."""
    if spans.empty:
        return
    starts, widths, colours = spans["started_s"], spans["ended_s"] - spans["started_s"], list(spans["colour"])
    narrow = widths <= NARROW * end
    low, high = row.place((1 - share) / 2), row.place((1 + share) / 2)
    gaps = ["none" if thin or len(spans) == 1 else "white" for thin in narrow]
    look: dict[str, Any] = {"facecolors": colours, "edgecolors": gaps, "linewidth": 1.2}
    axes.broken_barh(list(zip(starts, widths, strict=True)), (low, high - low), **look)
    if narrow.any():
        middles, thin = (starts + widths / 2)[narrow], list(spans["colour"][narrow])
        axes.vlines(middles, low, high, colors=thin, linewidth=LEAST_WIDTH)


def _items(axes: Axes, row: _Row, items: pd.DataFrame, attempts: pd.DataFrame, rows: int) -> None:
    called = items[items["started_s"].notna()]
    if row.height != HEIGHT or called.empty:
        return
    count = int(items["index"].max()) + 1
    room = axes.get_window_extent().height * 72 / axes.figure.dpi * HEIGHT * FILLED / rows / count
    width = min(max(room * 0.7, 0.5), 6)
    keys = set(attempts["key"])
    paused = [key in keys for key in zip(called["visit"], called["index"], strict=True)]
    _lines(axes, row, called[paused], count, width * THIN)
    _lines(axes, row, called[[not each for each in paused]], count, width)
    _lines(axes, row, attempts[attempts["index"].notna()], count, width)
    for outcome, part in called[called["outcome"] != "succeeded"].groupby("outcome", sort=False):
        look: dict[str, Any] = {"color": OUTCOMES.get(str(outcome), OUTCOMES[""]), "linestyle": "none"}
        axes.plot(part["ended_s"], _heights(row, part, count), "x", markersize=5, **look)


def _lines(axes: Axes, row: _Row, spans: pd.DataFrame, count: int, width: float) -> None:
    if not spans.empty:
        colours = [OUTCOMES.get(outcome, OUTCOMES[""]) for outcome in spans["outcome"]]
        look: dict[str, Any] = {"colors": colours, "linewidth": width, "rasterized": True}
        axes.hlines(_heights(row, spans, count), spans["started_s"], spans["ended_s"], **look)


def _heights(row: _Row, spans: pd.DataFrame, count: int) -> list[float]:
    return [row.place((index + 0.5) / count) for index in spans["index"]]


def _frame(axes: Axes, rows: list[_Row], end: float) -> None:
    named_rows(axes, (row.place(0.5) for row in rows), (row.label for row in rows))
    axes.set_ylim(rows[-1].top + rows[-1].height, 0)
    span = end or 1.0
    axes.set_xlim(-0.01 * span, 1.03 * span)  # room for half of the least width
    unit_axis(axes.xaxis, "s")
    axes.set_xlabel("time since the start of the run")


def _legend(axes: Axes, outcomes: list[str]) -> None:
    handles = [
        Patch(color=colour, label=name.replace("_", " ") or "did not end")
        for name, colour in OUTCOMES.items()
        if name in outcomes
    ]
    legend_above(axes, "What ran when", handles)

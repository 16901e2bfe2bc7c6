"""Memory over the items of a fan-out, one line a cell."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attune_sim.analysis.ending import reached
from attune_sim.analysis.law import growing
from attune_sim.analysis.surroundings import named_apart
from attune_sim.metrics import METRICS, format_limit
from attune_sim.plot.axes import family_legend, metric_axes, note, unit_axis
from attune_sim.plot.labels import labelled_ends
from attune_sim.plot.style import SMALL, plotting, styles_of
from attune_sim.plot.tips import tip

LOG_FROM: Final = 50.0
"""From this ratio between the largest lines on, the small one would lie on the axis: both axes turn logarithmic."""

LIMIT_IN_SIGHT: Final = {"linear": 3.0, "log": 1000.0}
"""How many times the highest line a memory limit may be and still be drawn: further off it would press the lines together."""

SAME: Final = 0.012
"""Lines that are nowhere further apart, as a share of the axes' height, look like one."""

NOTE_LENGTH: Final = 62
"""Letters in a line of a note: as many as the narrowest picture has room for."""

DASH: Final = 5.0
"""Length of a dash of a line among lines that coincide, in widths of a line."""


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    strategy: str
    context: int
    style: tuple[str, str]
    ending: tuple[str, str, str] | None
    items: list[float]
    values: list[float]


@plotting
def plot_memory(
    samples: pd.DataFrame,
    metric: str = "live_heap_bytes",
    *,
    foretold: pd.DataFrame | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Memory over the items forked: one line a strategy, from a `samples` frame.

    Of several repeats the first is drawn (they lie on each other), as far as its forks grew, and of several sizes the largest. Lines
    that coincide are dashed in turn, so that each can be seen. A cell that did not end well ends in a cross at its last reading, and a line under the title says how it
    ended, and at which item. The memory limit of a cell, which counts all that its process takes, is a line where it is in sight.
    With `foretold`, the `metrics` frame of the same cells, a broken line goes on to what was foretold of the next larger cell, where that was left
    out for it. Both axes are logarithmic where strategies lie far apart: memory that grows with the items is then a rising line whose height
    tells the bytes an item.

    Raises InputError for a metric that does not exist, and for an `ax` that is no axes.
    """
    axes, samples = metric_axes(ax, metric, samples), named_apart(samples)
    wanted = samples[samples["metric"] == metric]
    lines = _lines(wanted, styles_of(samples["strategy"]))
    if not lines:
        others = ", ".join(dict.fromkeys(samples["metric"]))
        return note(axes, f"no samples of {metric}" + (f"; there are some of {others}" if others else ""))
    log = _needs_log(lines)
    drawn = [(line, artist) for line in lines if (artist := _draw(axes, line, log))]
    for line, artist in drawn:
        tip(artist, f"{line.name}: {METRICS[metric].format(line.values[-1])} at {line.items[-1]:,.0f} items")
    _scale(axes, log, metric)
    has_limit = METRICS[metric].unit == "bytes"
    top = max(max(line.values) for line in lines)
    told = [] if foretold is None else list(_foretold(axes, drawn, foretold[foretold["metric"] == metric]))
    notes = [*_endings(lines), *_left_out(told), *(_limit(axes, wanted, top) if has_limit else [])]
    family_legend(axes, "Memory over the items forked", {line.name: line.style for line in lines}, notes)
    axes.autoscale_view()
    _part(axes, [artist for _, artist in drawn])
    further = {line.name: artist for line, artist in told}
    labelled_ends(axes, [(line.name, further.get(line.name, artist)) for line, artist in drawn])
    return axes


def _lines(samples: pd.DataFrame, styles: dict[str, tuple[str, str]]) -> list[_Line]:
    """A line for each strategy and dispatch: that of the first cell of its largest size."""
    varied = samples["dispatch"].nunique() > 1
    shown = samples[samples["cell"].isin(_largest(samples))].groupby("cell", sort=False)
    return [_line(part, styles, named_dispatch=varied) for _, part in shown]


def _largest(samples: pd.DataFrame) -> set[str]:
    """Of each strategy and dispatch the first cell of the largest context, and of those with the most items."""
    cells = samples.drop_duplicates("cell")
    size = cells.assign(size=cells["items"].fillna(0).astype("int64"))
    ordered = size.sort_values(["context_bytes", "size"], ascending=False, kind="stable")
    return set(ordered.drop_duplicates(["strategy", "dispatch"])["cell"])


def _endings(lines: list[_Line]) -> list[str]:
    """How cells ended that did not end well: `✗ memory limit: pickle at 99, json at 100 of 200`, a line a kind of end and size."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for line in (line for line in lines if line.ending is not None):
        assert line.ending is not None
        outcome, place, size = line.ending
        kinds.setdefault((outcome, size), []).append(f"{line.name} at {place}")
    told = [f"✗ {outcome}: {', '.join(names)}{size}" for (outcome, size), names in kinds.items()]
    return [part for text in told for part in textwrap.wrap(text, NOTE_LENGTH, subsequent_indent="    ")]


def _line(cell: pd.DataFrame, styles: dict[str, tuple[str, str]], *, named_dispatch: bool) -> _Line:
    first, grown = cell.iloc[0], growing(cell)
    return _Line(
        f"{first['strategy']} ({first['dispatch']})" if named_dispatch else first["strategy"],
        first["strategy"],
        int(first["context_bytes"]),
        styles[first["strategy"]],
        None if first["outcome"] == "ok" else _ending(first, int(grown["item_index"].iloc[-1])),
        grown["item_index"].tolist(),
        grown["value"].tolist(),
    )


def _ending(cell: pd.Series, last: int) -> tuple[str, str, str]:
    """How a cell ended, where (and where its last reading stands if that is not there), and of how many items."""
    done, forks = cell["items_done"], cell["forks"]
    seen = "" if last >= max(done, forks) else f" (last reading at {last:,})"
    place, of, size = reached(done, forks, cell["items"]).partition(" of ")
    return cell["outcome"].replace("_", " "), f"{place}{seen}", f"{of}{size}"


def _needs_log(lines: list[_Line]) -> bool:
    tops = [max(line.values) for line in lines if max(line.values) > 0]
    return len(tops) > 1 and max(tops) / min(tops) > LOG_FROM


def _draw(axes: Axes, line: _Line, log: bool) -> Line2D | None:
    # A logarithmic axis has no zero; a single reading below one item's memory says nothing there.
    points = [(x, y) for x, y in zip(line.items, line.values, strict=True) if not log or (x > 0 and y > 0)]
    if not points:
        return None
    (xs, ys), (colour, marker) = zip(*points, strict=True), line.style
    (drawn,) = axes.plot(xs, ys, color=colour, linewidth=1.8, marker=marker, markersize=3.5, markevery=0.12)
    if line.ending:
        axes.plot(xs[-1], ys[-1], marker="X", markersize=11, color=colour, markeredgecolor="white")
    return drawn


def _foretold(
    axes: Axes, drawn: list[tuple[_Line, Line2D]], metrics: pd.DataFrame
) -> Iterator[tuple[_Line, Line2D]]:
    """Of each line that was not gone on with: to the next cell that was foretold, and left out."""
    known = metrics[
        metrics["source"].eq("estimated") & metrics["outcome"].eq("skipped") & metrics["value"].gt(0)
    ]
    for line, _ in drawn:
        own = known[known["strategy"].eq(line.strategy) & known["context_bytes"].eq(line.context)]
        beyond = own[own["items"] > line.items[-1]].sort_values("items")
        if len(beyond) and line.ending is None:
            xs, ys = (
                [line.items[-1], float(beyond["items"].iloc[0])],
                [line.values[-1], float(beyond["value"].iloc[0])],
            )
            (more,) = axes.plot(xs, ys, color=line.style[0], linewidth=1.2, linestyle=(0, (2, 2)))
            look: dict[str, Any] = {"color": line.style[0], "markerfacecolor": "none", "markersize": 9}
            axes.plot(xs[1:], ys[1:], marker="X", linestyle="none", **look)
            yield line, more


def _left_out(told: list[tuple[_Line, Line2D]]) -> list[str]:
    names = ", ".join(line.name for line, _ in told)
    text = f"✗ foretold to run out of memory, and left out: {names}"
    return textwrap.wrap(text, NOTE_LENGTH, subsequent_indent="    ") if told else []


def _limit(axes: Axes, samples: pd.DataFrame, top: float) -> list[str]:
    """The lowest limit of the cells as a line where it is in sight; else what is to be said of it."""
    limit = float(samples["memory_limit_bytes"].min())
    text = f"memory limit of the process: {format_limit(limit)}"
    if limit > top * LIMIT_IN_SIGHT[axes.get_yscale()]:
        return [f"{text}, further up"]
    axes.axhline(limit, color=axes.yaxis.label.get_color(), linewidth=1.1, linestyle=(0, (4, 3)))
    look: dict[str, Any] = {"textcoords": "offset points", "fontsize": SMALL}
    axes.annotate(text, (0.01, limit), (0, 3), xycoords=axes.get_yaxis_transform(), **look)
    return []


def _scale(axes: Axes, log: bool, metric: str) -> None:
    if log:
        axes.set_xscale("log")
        axes.set_yscale("log")
    unit_axis(axes.xaxis, "count", log_ticks=5 if log else 0)
    unit_axis(axes.yaxis, METRICS[metric].unit, log_ticks=8 if log else 0)
    axes.margins(x=0.02, y=0.16)
    kind = " (logarithmic)" if log else ""
    axes.set_xlabel(f"items forked{kind}")
    axes.set_ylabel(f"{metric}{kind}")


def _part(axes: Axes, lines: list[Line2D]) -> None:
    """Dashes in turn for lines that look like one: a line hides none of those below it."""
    shapes = [_shape(axes, line) for line in lines]
    groups: dict[int, list[int]] = {}
    for place, shape in enumerate(shapes):
        alike = next((first for first in groups if _coincide(shapes[first], shape)), place)
        groups.setdefault(alike, []).append(place)
    for group in groups.values():
        for turn, place in enumerate(group if len(group) > 1 else []):
            lines[place].set_linestyle((-DASH * turn, (DASH, DASH * (len(group) - 1))))
            lines[place].set_markevery((0.12 * turn / len(group), 0.12))


def _shape(axes: Axes, line: Line2D) -> Any:
    """The points of a line as shares of the axes."""
    points = np.column_stack((line.get_xdata(), line.get_ydata()))
    return (axes.transData + axes.transAxes.inverted()).transform(points)


def _coincide(one: Any, other: Any) -> bool:
    """Whether two lines are nowhere apart where both are, and both go about as far."""
    left, right = (choose(one[end, 0], other[end, 0]) for choose, end in ((max, 0), (min, -1)))
    if left > right or abs(one[-1, 0] - other[-1, 0]) > SAME:
        return False
    places = np.linspace(left, right, 50)
    heights = (np.interp(places, line[:, 0], line[:, 1]) for line in (one, other))
    return bool(np.abs(np.subtract(*heights)).max() < SAME)

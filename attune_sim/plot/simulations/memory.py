"""Memory over simulated time, for every strategy: who would hold what, and who dies when."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from attune_sim.metrics import format_bytes, format_s
from attune_sim.plot.axes import axes_or_new, legend_above, note, unit_axis
from attune_sim.plot.labels import labelled_ends
from attune_sim.plot.simulations.times import moment, time_axis
from attune_sim.plot.style import COLOURS, SMALL, family_of, plotting

LOG_FROM: Final = 50.0
"""From this ratio between the highest lines on the axis of bytes is logarithmic."""

ALIKE: Final = 0.02
"""Lines that are nowhere further apart, as a share of the axes' height, are drawn as one, which has all their names."""

LIMIT_IN_SIGHT: Final = {"linear": 3.0, "log": 1000.0}
"""How many times the highest line a limit may be and still be drawn."""

STRETCHES: Final = 120
"""At most so many stretches of time are drawn: of more, a line that rises in every cycle would fill its own band."""

_LISTED: Final = 3
_TOLD: Final = 5
_LEFT_IN: Final = 0.7
"""Inches of a figure that stand to the left of its axes, about."""

_LETTER: Final = 0.56
"""Width of a letter as a share of its size, about."""

_BESIDE: Final = 0.4
"""Crosses that are nearer to each other, as a share of the axes' width, have their names below each other."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Line:
    """The course of some strategies that look alike: stretches of time, the least and the most held in each."""

    names: tuple[str, ...]
    times: Floats
    low: Floats
    high: Floats
    is_dead: bool

    @property
    def label(self) -> str:
        shown, more = ", ".join(self.names[:_LISTED]), len(self.names) - _LISTED
        return f"{shown} and {more} more" if more > 0 else shown


@plotting
def plot_simulated_memory(memory: pd.DataFrame, deaths: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """What the process would hold under each strategy over simulated time, from the frames `memory` and `deaths` of one seed.

    The line is the most in each stretch of time, the band below it reaches down to the least. Strategies that look alike share a line; its colour is that of
    their family, a grey one for strategies of others. A strategy that runs out of memory ends in a cross, and a line under the title says when and
    where. The limit is drawn where it is in sight. The axis of bytes is logarithmic where strategies lie far apart.

    Raises InputError for an `ax` that is no axes.
    """
    axes = axes_or_new(ax, memory["strategy"])
    if memory.empty:
        return note(axes, "memory was not charged: no strategy has prices")
    dead = deaths[deaths["time_s"].notna()]
    span = float(memory["time_s"].max()) or float(dead["time_s"].max() if len(dead) else 0.0) or 1.0
    limit = float(deaths["limit_bytes"].min())
    lines = _lines(memory, set(dead["strategy"]))
    tops = [float(line.high.max()) for line in lines]
    is_log = max(tops) / max(min(tops), 1.0) > LOG_FROM
    _scale(axes, span, tops, limit, is_log)
    drawn = [(line, _draw(axes, line)) for line in _merged(axes, lines)]
    _heading(axes, [line for line, _ in drawn], [*_told(dead), *_limit(axes, limit, max(tops))])
    _name_crosses(axes, [line for line, _ in drawn if line.is_dead])
    labelled_ends(axes, [(line.label, artist) for line, artist in drawn if not line.is_dead])
    return axes


# -- lines -----------------------------------------------------------------------------------------------------------------


def _lines(memory: pd.DataFrame, dead: set[str]) -> list[_Line]:
    return [_line(str(name), part, name in dead) for name, part in memory.groupby("strategy", sort=False)]


def _line(name: str, part: pd.DataFrame, is_dead: bool) -> _Line:
    times, low, high = (
        part[column].to_numpy(dtype=float) for column in ("time_s", "low_bytes", "high_bytes")
    )
    together = -(-len(times) // STRETCHES)
    firsts = np.arange(0, len(times), together)
    return _Line(
        (name,),
        np.append(times[firsts], times[-1]) if len(times) > 1 else times,
        _ended(np.minimum.reduceat(low, firsts), len(times)),
        _ended(np.maximum.reduceat(high, firsts), len(times)),
        is_dead,
    )


def _ended(values: Floats, number: int) -> Floats:
    """The last value once more, so that its stretch has an end."""
    return np.append(values, values[-1]) if number > 1 else values


def _merged(axes: Axes, lines: Sequence[_Line]) -> list[_Line]:
    """One line for each group of a family whose lines look alike."""
    to_axes = axes.transData + axes.transAxes.inverted()

    def heights(line: _Line) -> Floats:
        points: Floats = to_axes.transform(np.column_stack([line.times, line.high]))
        return points[:, 1]

    groups: list[list[_Line]] = []
    for line in lines:
        for group in groups:
            first = group[0]
            same_kind = (family_of(first.names[0]), first.is_dead, len(first.times)) == (
                family_of(line.names[0]),
                line.is_dead,
                len(line.times),
            )
            if same_kind and np.abs(heights(first) - heights(line)).max() < ALIKE:
                group.append(line)
                break
        else:
            groups.append([line])
    return [_together(group) for group in groups]


def _together(group: Sequence[_Line]) -> _Line:
    first = group[0]
    low, high = (
        np.minimum.reduce([line.low for line in group]),
        np.maximum.reduce([line.high for line in group]),
    )
    return _Line(tuple(line.names[0] for line in group), first.times, low, high, first.is_dead)


def _draw(axes: Axes, line: _Line) -> Line2D:
    colour = COLOURS[family_of(line.names[0])]
    axes.fill_between(line.times, line.low, line.high, step="post", color=colour, alpha=0.15, linewidth=0)
    (drawn,) = axes.plot(line.times, line.high, drawstyle="steps-post", color=colour, linewidth=1.6)
    if line.is_dead:
        axes.plot(
            line.times[-1], line.high[-1], marker="X", markersize=10, color=colour, markeredgecolor="white"
        )
    return drawn


def _name_crosses(axes: Axes, lines: Sequence[_Line]) -> None:
    """The names of strategies that died beside their crosses, below each other where these are near to each other."""
    to_axes = axes.transData + axes.transAxes.inverted()
    before, turn = -1.0, 0
    for line in sorted(lines, key=lambda line: float(line.times[-1])):
        end = line.times[-1], line.high[-1]
        place = float(to_axes.transform(end)[0])
        turn = turn + 1 if before >= 0 and place - before < _BESIDE else 0
        before = place
        is_left = place < 0.6
        look: dict[str, Any] = {"textcoords": "offset points", "fontsize": SMALL, "va": "center"}
        offset = (10 if is_left else -10, -1.5 * SMALL * turn)
        axes.annotate(line.label, end, offset, ha="left" if is_left else "right", **look)


# -- axes and words --------------------------------------------------------------------------------------------------------


def _scale(axes: Axes, span: float, tops: Sequence[float], limit: float, is_log: bool) -> None:
    kind = "log" if is_log else "linear"
    axes.set_yscale(kind)
    top = max(tops)
    if limit == limit and limit <= top * LIMIT_IN_SIGHT[kind]:
        top = max(top, limit)
    axes.set_ylim((min(tops) / 2, top * 2) if is_log else (0.0, top * 1.12))
    axes.set_xlim(-0.01 * span, 1.01 * span)
    unit_axis(axes.yaxis, "bytes", log_ticks=8 if is_log else 0)
    time_axis(axes.xaxis, span)
    axes.set_xlabel("simulated time")
    axes.set_ylabel(f"memory of the process{' (logarithmic)' if is_log else ''}")


def _limit(axes: Axes, limit: float, top: float) -> list[str]:
    """The limit as a line where it is in sight; else what is to be said of it."""
    if limit != limit:
        return []
    text = f"limit: {format_bytes(limit)} of address space"
    if limit > top * LIMIT_IN_SIGHT[axes.get_yscale()]:
        return [f"{text}, further up"]
    axes.axhline(limit, color=axes.yaxis.label.get_color(), linewidth=1.1, linestyle=(0, (4, 3)))
    look: dict[str, Any] = {"textcoords": "offset points", "fontsize": SMALL, "ha": "right"}
    axes.annotate(text, (0.99, limit), (0, 3), xycoords=axes.get_yaxis_transform(), **look)
    return []


def _told(dead: pd.DataFrame) -> list[str]:
    """One line for all strategies that die at the same moment."""
    lines, in_time = [], dead.sort_values("time_s", kind="stable")
    for _, part in in_time.groupby(["time_s", "cycle"], sort=False):
        names, first = ", ".join(_with_item(row) for row in part.to_dict("records")), part.iloc[0]
        lines.append(f"✗ {_moment(float(first['time_s']))}, cycle {first['cycle']}: {names}")
    more = len(lines) - _TOLD
    return [*lines[:_TOLD], *([f"✗ and {more} more times"] if more > 0 else [])]


def _with_item(row: Mapping[Any, Any]) -> str:
    return f"{row['strategy']}" if pd.isna(row["item"]) else f"{row['strategy']} at item {row['item']:,}"


def _moment(time_s: float) -> str:
    """
    >>> _moment(2.5), _moment(754.2), _moment(21615.0)
    ('2.5 s', '12:34 min', '6:00 h')
    """
    if time_s < 100:
        return format_s(time_s)
    return moment(time_s, 60 if time_s < 7_200 else 3_600)


def _heading(axes: Axes, lines: Sequence[_Line], notes: Sequence[str]) -> None:
    """The title, the families, and between them and the axes a line for each note: in the axes they would cover lines, or each other."""
    title = "Memory over simulated time"
    letters = int((axes.figure.figure.get_figwidth() - _LEFT_IN) * 72 / (_LETTER * SMALL))
    notes = [part for text in notes for part in textwrap.wrap(text, letters, subsequent_indent="   ")]
    shown = dict.fromkeys(family_of(line.names[0]) for line in lines)
    handles = [Patch(color=COLOURS[name], label=name) for name in COLOURS if name in shown]
    legend = legend_above(axes, title, handles)
    room = 1.35 * SMALL
    height = legend.get_window_extent().height * 72 / axes.figure.figure.dpi
    look: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "fontsize": SMALL}
    for place, text in enumerate(reversed(list(notes))):
        axes.annotate(text, (0, 1), (0, height + 4 + room * place), annotation_clip=False, **look)
    axes.set_title(title, pad=height + 7 + room * len(notes))

"""Axes and what stands on them: units, names of rows, legends, notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from attune_sim.errors import InputError, UnknownNameError
from attune_sim.metrics import FORMATS, METRICS, Unit
from attune_sim.plot.style import COLOURS, SMALL
from attune_sim.plot.svg import ThemedFigure

LINE: Final = 1.35 * SMALL
"""Height in points of a line of small text."""

TITLE_LENGTH: Final = 44
"""Letters in a line of a title: as many as the narrowest picture has room for."""

NOTES_LEFT: Final = 40
"""Points that notes begin to the left of the axes: they are long."""


def axes_or_new(ax: Axes | None, names: Iterable[str] = ()) -> Axes:
    """`ax`, or the axes of a new pyplot figure with room for these strategies, so that a notebook shows it.

    Raises InputError if `ax` is something else.
    """
    if isinstance(ax, Axes):
        return ax
    if ax is not None:
        raise InputError(
            f"ax must be the Axes of one plot, as in `figure, ax = plt.subplots()`, not a {type(ax).__name__}"
        )
    figure = plt.figure(FigureClass=ThemedFigure, figsize=size_for(names), layout="constrained")
    return figure.subplots()


def metric_axes(ax: Axes | None, metric: str, frame: pd.DataFrame) -> Axes:
    """`axes_or_new` for the strategies of a frame. Raises InputError for a metric that is not declared, or no text, too;
    it names those that the frame has."""
    known = list(dict.fromkeys(frame["metric"])) or list(METRICS)
    if not isinstance(metric, str):
        raise InputError(
            f"a metric is one name, not a {type(metric).__name__}; choose from: {', '.join(known)}"
        )
    if metric not in METRICS:
        raise UnknownNameError("metric", metric, known)
    return axes_or_new(ax, frame["strategy"])


def size_for(names: Iterable[str]) -> tuple[float, float]:
    """Width and height in inches of a figure that names these strategies, each on a line or two."""
    return 7.2, max(4.0, 1.2 + 0.38 * len(set(names)))


def unit_axis(axis: Any, unit: Unit, *, log_ticks: int = 0) -> None:
    """Ticks of the axis as a person reads them: `10 MB`, `100 µs`, `1,000`. On a logarithmic axis at most `log_ticks`,
    and none between them."""
    if log_ticks:
        axis.set_major_locator(LogLocator(numticks=log_ticks))
        axis.set_minor_locator(NullLocator())  # dozens of marks without a name, each drawn
    show = FORMATS[unit]
    axis.set_major_formatter(FuncFormatter(lambda value, _: "0" if value == 0 else _trimmed(show(value))))


def named_rows(axes: Axes, places: Iterable[float], names: Iterable[str]) -> None:
    """A name at each of these places of the y axis, and no lines across."""
    axes.set_yticks(list(places), list(names))
    for label in axes.get_yticklabels():
        label.set_fontsize(SMALL)
        label.set_parse_math(False)  # axes that were brought made theirs before our settings held
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", visible=False)


def legend_above(axes: Axes, title: str, handles: Sequence[Artist]) -> Legend:
    """A legend that stands on the axes, in as many columns as fit over them, and the title above it."""
    figure = axes.figure.figure
    figure.draw_without_rendering()  # lays the axes out: only now it is known how much room the labels leave
    for columns in range(len(handles), 0, -1):
        legend = _legend(axes, columns, handles)
        box = legend.get_window_extent()
        if box.width <= axes.bbox.width:
            break
    if box.width > axes.bbox.width:  # it may stand above the labels too
        legend.set_loc("lower right")
        legend.set_bbox_to_anchor((1.0, 1.0))
    axes.set_title(title, pad=box.height * 72 / figure.dpi + 7)
    return legend


def family_legend(
    axes: Axes,
    title: str,
    styles: Mapping[str, tuple[str, str]],
    notes: Sequence[str] = (),
    marks: Sequence[Artist] = (),
) -> None:
    """The title, below it the families whose colours are there, then what `marks` stand for, then a line for each note: in the axes
    they would cover lines."""
    colours = {colour for colour, _ in styles.values()}
    families = [Patch(color=colour, label=name) for name, colour in COLOURS.items() if colour in colours]
    look: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "fontsize": SMALL}
    for place, text in enumerate(reversed(notes)):
        axes.annotate(text, (0, 1), (-NOTES_LEFT, 5 + LINE * place), annotation_clip=False, **look)
    height = LINE * len(notes)
    for handles in (list(marks), families):
        if handles:
            _legend_row(axes, height, handles)
            height += LINE + 3
    axes.set_title(title, pad=height + 6)


def _legend_row(axes: Axes, height: float, handles: Sequence[Artist]) -> None:
    """Handles beside each other, so many points above the axes."""
    figure = axes.figure.figure
    above = axes.transAxes + ScaledTranslation(0, height / 72, figure.dpi_scale_trans)
    row = Legend(
        axes, handles, [str(one.get_label()) for one in handles], loc="lower left", bbox_to_anchor=(-0.01, 1.0),
        bbox_transform=above, ncols=len(handles), handlelength=1.2, columnspacing=1.2, fontsize=SMALL, borderpad=0.2,
    )  # fmt: skip
    axes.add_artist(row)
    row.set_clip_on(False)


def _legend(axes: Axes, columns: int, handles: Sequence[Artist]) -> Legend:
    room = {"handlelength": 1.2, "columnspacing": 1.2, "fontsize": SMALL}
    return axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=columns, **room)


def _trimmed(text: str) -> str:
    """`10.0 MB` -> `10 MB`: a tick stands at a round value."""
    number, _, unit = text.partition(" ")
    return f"{number.removesuffix('.0')} {unit}".strip()


def note(axes: Axes, text: str) -> Axes:
    """Says in the middle of empty axes why they are empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color="0.4", wrap=True)
    axes.set_axis_off()
    return axes

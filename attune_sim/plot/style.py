"""How every plot looks: colours, markers, axis units. Plots restore what they change and never show anything."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from typing import Any, Final, ParamSpec, cast

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from attune_sim.errors import InputError, UnknownNameError
from attune_sim.metrics import FORMATS, METRICS, Unit

P = ParamSpec("P")

COLOURS: Final = (
    *("#D55E00", "#E69F00", "#009E73", "#0072B2", "#CC79A7", "#56B4E9", "#A6813B", "#808080"),
    *("#B5446E", "#7B68EE", "#44AA99", "#999933"),
)
"""Okabe and Ito's palette, which colour-blind readers can tell apart; what follows its first six continues it."""

MARKERS: Final = ("o", "s", "^", "D", "v", "P", "<", ">")
"""A second sign beside the colour, in the same order."""

RC: Final[Mapping[str, Any]] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "grid.linewidth": 0.6,
    "xtick.minor.visible": False,
    "ytick.minor.visible": False,
    "legend.frameon": False,
}

BESIDE: Final[Mapping[str, Any]] = {"textcoords": "offset points", "va": "center", "weight": "bold"}
"""How a value is written beside its mark."""


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
    axes: Axes = plt.subplots(figsize=size_for(names), layout="constrained")[1]
    return axes


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


@contextmanager
def rc_params(values: Mapping[str, Any]) -> Iterator[None]:
    """These rcParams inside the block, the former ones after it; all others are left alone.

    Not `rc_context`, which restores *all* of them: a notebook's backend is started by the first figure and switches
    `interactive` on then. Restored to off, no later plot of the notebook would be shown.
    """
    settings = cast("dict[str, Any]", rcParams)  # the stubs know the names of parameters only as literals
    before = {name: settings[name] for name in values}
    try:
        settings.update(values)
        yield
    finally:
        settings.update(before)


def plotting(draw: Callable[P, Axes]) -> Callable[P, Axes]:
    """Draws in the house style and leaves rcParams as they were."""

    @functools.wraps(draw)
    def plot(*args: P.args, **kwargs: P.kwargs) -> Axes:
        with rc_params(RC):
            return draw(*args, **kwargs)

    return plot


def styles_of(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Strategy -> (colour, marker), by order of appearance, so that all plots of one frame agree."""
    return dict(zip(dict.fromkeys(names), zip(cycle(COLOURS), cycle(MARKERS)), strict=False))


def unit_axis(axis: Any, unit: Unit, *, log_ticks: int = 0) -> None:
    """Ticks of the axis as a person reads them: `10 MB`, `100 us`, `1,000`. On a logarithmic axis at most `log_ticks`,
    and none that is named between them."""
    if log_ticks:
        axis.set_major_locator(LogLocator(numticks=log_ticks))
        axis.set_minor_formatter(NullFormatter())
    show = FORMATS[unit]
    axis.set_major_formatter(FuncFormatter(lambda value, _: "0" if value == 0 else _trimmed(show(value))))


def named_rows(axes: Axes, places: Iterable[float], names: Iterable[str]) -> None:
    """A name at each of these places of the y axis, and no lines across."""
    axes.set_yticks(list(places), list(names))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", visible=False)


def legend_above(axes: Axes, columns: int, handles: list[Patch] | None = None) -> Legend:
    """A legend in so many columns that stands on the axes; of these handles, or of what was drawn."""
    room = {"handlelength": 1.2, "columnspacing": 1.2}
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

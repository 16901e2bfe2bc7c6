"""How every plot looks: colours, markers, axis units. Plots restore what they change and never show anything."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, ParamSpec, cast

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

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


def check_metric(metric: str, frame: pd.DataFrame) -> None:
    """Raises InputError for a metric that is not declared, or no text; names those that the frame has."""
    known = list(dict.fromkeys(frame["metric"])) or list(METRICS)
    if not isinstance(metric, str):
        raise InputError(
            f"a metric is one name, not a {type(metric).__name__}; choose from: {', '.join(known)}"
        )
    if metric not in METRICS:
        raise UnknownNameError("metric", metric, known)


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
    order = dict.fromkeys(names)
    return {
        name: (COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)])
        for place, name in enumerate(order)
    }


def unit_axis(axis: Any, unit: Unit) -> None:
    """Ticks of the axis as a person reads them: `10 MB`, `100 us`, `1,000`."""
    show = FORMATS[unit]
    axis.set_major_formatter(FuncFormatter(lambda value, _: "0" if value == 0 else _trimmed(show(value))))


def few_ticks(axis: Any, most: int) -> None:
    """At most so many ticks on a logarithmic axis, and none that is named between them."""
    axis.set_major_locator(LogLocator(numticks=most))
    axis.set_minor_formatter(NullFormatter())


def _trimmed(text: str) -> str:
    """`10.0 MB` -> `10 MB`: a tick stands at a round value."""
    number, _, unit = text.partition(" ")
    return f"{number.removesuffix('.0')} {unit}".strip()


def note(axes: Axes, text: str) -> Axes:
    """Says in the middle of empty axes why they are empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color="0.4", wrap=True)
    axes.set_axis_off()
    return axes

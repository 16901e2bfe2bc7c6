"""A plot as inline SVG, in a size that keeps its letters legible in a narrow column too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attune_sim.plot.axes import size_for
from attune_sim.plot.style import RC, rc_params
from attune_sim.plot.svg import svg_of, with_prefix
from attune_sim.report.summary import Picture

WIDTH: Final = 4.7
"""Inches: in a column of 360 pixels, which a telephone has, a letter of 9 points is 9.6 pixels high."""

_RC: Final[Mapping[str, Any]] = {**RC, "font.family": "sans-serif", "axes.titlesize": 10.5}


def drawn(
    name: str, caption: str, plot: Callable[..., Axes], *frames: pd.DataFrame, rows: Iterable[str]
) -> Picture:
    """What `plot(*frames, ax=...)` draws, as a picture with room for these rows. No pyplot figure is made, so none stays behind."""
    figure = Figure(figsize=(WIDTH, size_for(rows)[1]), layout="constrained")
    with rc_params(_RC):
        plot(*frames, ax=figure.subplots())
        return Picture(name, caption, svg_of(figure))


def with_ids(picture: Picture, prefix: str) -> Picture:
    """The same picture with every id under `prefix`."""
    return replace(picture, svg=with_prefix(picture.svg, f"{prefix}-{picture.name}"))

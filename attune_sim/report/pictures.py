"""A plot as inline SVG: text stays text, ids are its own, colours of text and axes follow the page's theme."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attune_sim.plot.style import RC, rc_params, size_for
from attune_sim.report.summary import Picture

INK: Final = "#123457"
"""Drawn with this colour, which no plot uses, and replaced by `currentColor`: the page decides whether it is dark."""

_RC: Final[Mapping[str, Any]] = {
    **RC,
    "svg.fonttype": "none",  # text that can be selected, searched and read aloud; and a smaller file
    "svg.hashsalt": "attune-sim",  # the same frame gives the same bytes
    "font.family": "sans-serif",
    **{
        f"{part}color": INK for part in ("text.", "axes.edge", "axes.label", "axes.title", "xtick.", "ytick.")
    },
}
_REFERENCES: Final = re.compile(r'(\bid="|url\(#|href="#)')
_PROLOGUE: Final = re.compile(r"\A.*?(?=<svg )", re.DOTALL)
_METADATA: Final = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)


def drawn(name: str, caption: str, plot: Callable[..., Axes], frame: pd.DataFrame) -> Picture:
    """What `plot(frame, ax=...)` draws, as a picture. No pyplot figure is made, so none stays behind."""
    figure = Figure(figsize=size_for(frame["strategy"]), layout="constrained")
    with rc_params(_RC):
        plot(frame, ax=figure.subplots())
        return Picture(name, caption, _svg(figure))


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = _METADATA.sub("", _PROLOGUE.sub("", buffer.getvalue()))
    text = re.sub(r'\s(width|height)="[\d.]+pt"', "", text, count=2)
    return (
        text.replace(INK, "currentColor")
        .replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
        .replace("xlink:href", "href")
        .replace(' xmlns="http://www.w3.org/2000/svg"', "")
    )


def with_ids(picture: Picture, prefix: str) -> Picture:
    """The same picture with every id under `prefix`: several pictures, and several reports, share one page."""
    svg = _REFERENCES.sub(rf"\1{prefix}-{picture.name}-", picture.svg)
    return replace(picture, svg=svg)

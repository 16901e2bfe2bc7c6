"""Plots as inline SVG, in sizes that keep their letters legible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.figure import Figure

from attune_sim.plot.axes import size_for
from attune_sim.plot.style import RC, rc_params
from attune_sim.plot.svg import svg_of, with_prefix
from attune_sim.reports.summary import Picture, Summary

NARROW: Final = 4.7
"""Inches: in a column of 360 pixels, which a telephone has, a letter of 9 points is 9.6 pixels high."""

LARGE: Final = 10.0
"""Inches of a large picture on a page that is wide enough: as many points as the page has pixels, or nearly."""

_RC: Final[Mapping[str, Any]] = {**RC, "font.family": "sans-serif", "axes.titlesize": 10.5}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as it was drawn; `wide` is empty but for a large one."""

    name: str
    caption: str
    svg: str
    wide: str = ""

    def under(self, prefix: str) -> Drawing:
        """The same with every id under `prefix`, so that several reports share one page."""
        own = f"{prefix}-{self.name}"
        return Drawing(
            self.name, self.caption, with_prefix(self.svg, own), with_prefix(self.wide, f"{own}-wide")
        )


def drawings(summary: Summary) -> Iterator[Drawing]:
    """All its pictures. No pyplot figure is made, so none stays behind."""
    with rc_params(_RC):
        for picture in summary.pictures:
            wide = _svg(picture, LARGE) if picture.large else ""
            yield Drawing(picture.name, picture.caption, _svg(picture, NARROW), wide)


def _svg(picture: Picture, width: float) -> str:
    figure = Figure(figsize=(width, size_for(map(str, range(picture.rows)))[1]), layout="constrained")
    picture.draw(ax=figure.subplots())
    return svg_of(figure)

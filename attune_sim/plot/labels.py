"""Names of lines beside their ends."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from attune_sim.plot.style import SMALL

LINE_HEIGHT: Final = 1.3
"""Least distance of two names, in sizes of their letters."""

BESIDE, NEAR = 1.05, 0.008
"""Where names begin, and how far a thin line stays from a name and from the end of its line, as shares of the axes' width."""

AXES_SHARE: Final = 0.75
"""Of a figure's height the axes take about so much; what they take in the end is known only when it is drawn."""


def labelled_ends(axes: Axes, lines: list[tuple[str, Line2D]]) -> None:
    """Each line's name to the right of the axes, at the height of its end or near it, and a thin line from there to the end."""
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = [tuple(np.asarray(line.get_xydata())[-1]) for _, line in lines]
    room = SMALL * LINE_HEIGHT / (axes.figure.figure.get_figheight() * 72 * AXES_SHARE)
    heights = apart([float(to_axes.transform(end)[1]) for end in ends], room)
    look: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
    starts = [to_axes.transform(end) for end in ends]
    ways = [[(x + NEAR, y), (BESIDE - NEAR, height)] for (x, y), height in zip(starts, heights, strict=True)]
    colours = [line.get_color() for _, line in lines]
    axes.add_collection(LineCollection(ways, colors=colours, linewidths=0.9, **look), autolim=False)
    for (name, _), height in zip(lines, heights, strict=True):
        axes.text(BESIDE, height, name, va="center", fontsize=SMALL, **look)


def apart(heights: list[float], room: float) -> list[float]:
    """Heights `room` or more apart, each as near to its own as the others let it, all between 0 and 1 if they fit.

    >>> [round(height, 2) for height in apart([0.5, 0.52, 0.9], 0.1)]
    [0.46, 0.56, 0.9]
    """
    order = sorted(range(len(heights)), key=heights.__getitem__)
    groups: list[tuple[float, int]] = []  # the middle of some neighbours, and how many they are
    for place in order:
        middle, count = heights[place], 1
        while groups and middle - groups[-1][0] < room * (count + groups[-1][1]) / 2:
            before, many = groups.pop()
            middle, count = (middle * count + before * many) / (count + many), count + many
            half = room * (count - 1) / 2
            middle = max(half, min(middle, 1.0 - half))
        groups.append((middle, count))
    spread = [middle + room * (turn - (count - 1) / 2) for middle, count in groups for turn in range(count)]
    placed = dict(zip(order, spread, strict=True))
    return [placed[place] for place in range(len(heights))]

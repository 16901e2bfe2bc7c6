"""Bytes on the wire over the items, for several numbers of workers."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attune_sim.metrics import format_bytes
from attune_sim.plot.axes import axes_or_new, family_legend, note, unit_axis
from attune_sim.plot.labels import labelled_ends
from attune_sim.plot.style import plotting, styles_of
from attune_sim.plot.tips import tip

Dash = Literal["-", "--", "-.", ":"]

_DASHES: Final[tuple[Dash, ...]] = ("-", "--", "-.", ":")
"""Of the first four numbers of workers; further ones are dotted too."""


@plotting
def plot_wire(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """What the wire carries over the items, both axes logarithmic: a colour and mark a strategy, a dash a number of workers.

    `frame` is a `wire_frame`. A mark is what was measured; lines are estimated, by bytes once a worker and bytes an item. Of several contexts
    the largest is drawn, and the axis says which. Raises InputError for an `ax` that is no axes.
    """
    axes = axes_or_new(ax, frame["strategy"])
    if frame.empty:
        return note(axes, 'nothing was sent to workers: executor="dask" sends')
    context = frame["context_bytes"].max()
    known = frame[frame["context_bytes"].ge(context / 1.1)].sort_values("items")
    axes.set(xscale="log", yscale="log")
    styles, crews = styles_of(known["strategy"]), sorted(set(known["workers"]))
    dashes = {crew: _DASHES[min(place, len(_DASHES) - 1)] for place, crew in enumerate(crews)}
    ends = [
        (str(name), _drawn(axes, part, *styles[str(name)], dashes))
        for name, part in known.groupby("strategy", sort=False)
    ]
    unit_axis(axes.yaxis, "bytes", log_ticks=6)
    unit_axis(axes.xaxis, "count", log_ticks=6)
    over = f"\nover {format_bytes(context)} of context" if context else ""
    axes.set_xlabel(f"items (logarithmic){over}")
    notes = [f"Lines are estimated, for {_counted(crews)}; marks were measured."]
    family_legend(axes, "wire_bytes: sent to workers and home", styles, notes, _meant(dashes))
    axes.autoscale_view()
    labelled_ends(axes, ends)
    return axes


def _drawn(axes: Axes, part: pd.DataFrame, colour: str, marker: str, dashes: dict[int, Dash]) -> Line2D:
    """The lines of a strategy, and its marks; the uppermost line."""
    for crew, rows in part.groupby("workers"):
        count = int(str(crew))
        (line,) = axes.plot(
            rows["items"], rows["wire_bytes"], dashes[count], color=colour, linewidth=1.3, alpha=0.8
        )
        tip(line, f"{part['strategy'].iloc[0]}: {_counted([count])}, estimated but for its marks")
    seen = part[part["source"].eq("measured")]
    look: dict[str, Any] = {"color": colour, "markersize": 6, "linestyle": "none", "zorder": 3}
    axes.plot(seen["items"], seen["wire_bytes"], marker, **look)
    return line


def _meant(dashes: dict[int, Dash]) -> list[Line2D]:
    """What dashes stand for."""
    return [
        Line2D([], [], color="0.5", linestyle=dash, linewidth=1.3, label=_counted([crew]))
        for crew, dash in dashes.items()
    ]


def _counted(crews: list[int]) -> str:
    """`1, 2 and 4 workers`."""
    *first, last = map(str, crews)
    named = f"{', '.join(first)} and {last}" if first else last
    return f"{named} worker{'' if crews == [1] else 's'}"

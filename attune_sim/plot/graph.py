"""A workflow as a graph: what may follow what, and how each task of a run ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch

from attune_sim.plot.axes import axes_or_new, legend_above, note
from attune_sim.plot.style import SMALL, plotting
from attune_sim.plot.timeline import OUTCOMES, shortened

WIDE, HIGH = 0.84, 0.52
"""Share of its place that the box of a task takes."""

LINES: Final = {"failed": (0, (4, 2)), "timed_out": (0, (4, 2)), "custom": (0, (1.5, 1.5))}
"""Kind of transition -> how its line is broken; all others are whole."""

LEAST_LETTERS: Final = 9

MOST: Final = 80
"""Tasks of a graph that can be read; of more it is told how many there are."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Of a task: its layer from the top, and its middle from the left, in shares of the width."""

    layer: int
    middle: float
    width: float


@plotting
def plot_workflow(graph: pd.DataFrame, tasks: pd.DataFrame | None = None, *, ax: Axes | None = None) -> Axes:
    """A workflow from the top to the bottom, from its `graph` frame; with the `tasks` frame of a run each box has the colour of how its task
    ended, and the number of its items.

    A task stands below all that lead to it, loops aside. Broken lines are taken after a failure, dotted ones under a condition; a task with
    a thick edge is a fan-out. Raises InputError for an `ax` that is no axes.
    """
    names = list(dict.fromkeys([*graph["task"], *graph["to"].dropna()]))
    axes = axes_or_new(ax, names)
    if not names:
        return note(axes, "the workflow has no task")
    if len(names) > MOST:
        return note(axes, f"{len(names):,} tasks: too many to draw")
    edges = list(dict.fromkeys(zip(graph["task"], graph["to"], graph["kind"], strict=True)))
    known = [(start, end, kind) for start, end, kind in edges if isinstance(end, str)]
    layers = _layers(names, [(start, end) for start, end, _ in known])
    places = _places(layers)
    ended, counts = _ended(tasks)
    fan_outs = set(graph.loc[graph["with_items"], "task"])
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(len(layers) - 0.1, -0.1)
    for start, end, kind in known:
        _arrow(axes, places[start], places[end], kind)
    for name in names:
        _box(axes, places[name], name, ended.get(name), counts.get(name), fan_out=name in fan_outs)
    _legend(axes, ended, {kind for _, _, kind in known})
    return axes


def _layers(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Tasks by the longest way to them that goes round no loop, in each layer by the middle of what leads to them."""
    before = _before(names, edges)
    depth: dict[str, int] = {}
    for name in TopologicalSorter(before).static_order():
        depth[name] = 1 + max((depth[one] for one in before[name]), default=-1)
    layers: list[list[str]] = [[] for _ in range(1 + max(depth.values()))]
    for name in names:
        layers[depth[name]].append(name)
    for above, layer in pairwise(layers):
        places = {name: place / max(len(above) - 1, 1) for place, name in enumerate(above)}
        layer.sort(key=lambda name: _middle([places[one] for one in before[name] if one in places]))
    return layers


def _before(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """What leads to each task, without what leads back to it: found by going down from the first task on."""
    after: dict[str, list[str]] = {name: [] for name in names}
    for start, end in edges:
        after[start].append(end)
    before: dict[str, list[str]] = {name: [] for name in names}
    done: set[str] = set()
    for root in names:
        way = [(root, iter(after[root]))] if root not in done else []
        on_the_way = {root}
        done.add(root)
        while way:
            name, rest = way[-1]
            for end in rest:
                if end in on_the_way:
                    continue
                before[end].append(name)
                if end not in done:
                    done.add(end)
                    on_the_way.add(end)
                    way.append((end, iter(after[end])))
                    break
            else:
                way.pop()
                on_the_way.discard(name)
    return before


def _middle(places: Sequence[float]) -> float:
    return sum(places) / len(places) if places else 0.5


def _places(layers: Sequence[Sequence[str]]) -> dict[str, _Place]:
    widest = max(map(len, layers))
    return {
        name: _Place(row, (place + 0.5) / len(layer), min(1 / len(layer), max(1 / widest, 0.42)))
        for row, layer in enumerate(layers)
        for place, name in enumerate(layer)
    }


def _ended(tasks: pd.DataFrame | None) -> tuple[dict[str, str], dict[str, int]]:
    """How the last visit of each task ended, and its items."""
    if tasks is None or tasks.empty:
        return {}, {}
    last = tasks.drop_duplicates("task", keep="last").set_index("task")
    items = last["items"].dropna()
    return {str(name): str(status) for name, status in last["status"].items()}, {
        str(k): int(v) for k, v in items.items()
    }


def _box(
    axes: Axes, place: _Place, name: str, status: str | None, items: int | None, *, fan_out: bool
) -> None:
    colour = "#808080" if status is None else OUTCOMES.get(status, OUTCOMES[""])
    letters = max(
        LEAST_LETTERS,
        int(place.width * WIDE * axes.get_window_extent().width * 72 / axes.figure.figure.dpi / 5.6),
    )
    lines = [shortened(name, letters)]
    if status is not None or items is not None:
        lines.append(
            ", ".join([*([f"{items:,} items"] if items is not None else []), *([status] if status else [])])
        )
    box: dict[str, Any] = {
        "boxstyle": "round,pad=0.45",
        "facecolor": (0.5, 0.5, 0.5, 0.1),
        "edgecolor": colour,
        "linewidth": 3.4 if fan_out else 1.4,
    }
    look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": SMALL, "bbox": box}
    axes.text(place.middle, place.layer + 0.4, "\n".join(lines), **look)


def _arrow(axes: Axes, start: _Place, end: _Place, kind: str) -> None:
    """From the bottom of a box to the top of another; what leads back, or past a layer, goes in a bow."""
    steps = end.layer - start.layer
    straight = steps == 1 or (steps > 1 and abs(start.middle - end.middle) > 0.15)
    bow = 0.0 if straight else (0.45 if steps > 0 else -0.5)
    ends = ((start.middle, start.layer + 0.4 + HIGH / 2), (end.middle, end.layer + 0.4 - HIGH / 2))
    if steps <= 0:
        side = start.width * WIDE / 2
        ends = (
            (start.middle + side, start.layer + 0.4),
            (end.middle + end.width * WIDE / 2, end.layer + 0.4),
        )
    look: dict[str, Any] = {
        "linestyle": LINES.get(kind, "-"),
        "linewidth": 1.1,
        "mutation_scale": 10,
        "zorder": 0.8,
    }
    axes.add_patch(
        FancyArrowPatch(*ends, arrowstyle="-|>", connectionstyle=f"arc3,rad={bow}", color="#808080", **look)
    )


def _legend(axes: Axes, ended: Mapping[str, str], kinds: set[str]) -> None:
    colours = [
        Patch(color=OUTCOMES[one], label=one.replace("_", " ")) for one in OUTCOMES if one in ended.values()
    ]
    words = {"failed": "after a failure", "custom": "under a condition"}
    lines = [
        Line2D([], [], color="#808080", linestyle=LINES[kind], label=word)
        for kind, word in words.items()
        if kind in kinds
    ]
    handles = [*colours, *lines]
    if handles:
        legend_above(axes, "What follows what", handles)
    else:
        axes.set_title("What follows what")

"""Memory over simulated time: a line a strategy or group of them, the limit, and who dies where."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from attune_sim import plot
from attune_sim.contexts.registry import strategies
from attune_sim.errors import InputError
from attune_sim.frame import deaths_frame, memory_frame
from attune_sim.plot.simulations.memory import STRETCHES
from attune_sim.plot.style import COLOURS, family_of

MB = 1e6
Deaths = dict[str, tuple[float, int, int | None]]


def frames(
    courses: dict[str, list[tuple[float, float]]], deaths: Deaths | None = None, limit: float | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Of each strategy its least and most in stretches of 10 s; where and when those that die do."""
    rows = [
        (name, 10.0 * place, low, high)
        for name, course in courses.items()
        for place, (low, high) in enumerate(course)
    ]
    columns = dict(
        zip(("strategy", "time_s", "low_bytes", "high_bytes"), zip(*rows, strict=True), strict=True)
    )
    ends = [(deaths or {}).get(name, (None, None, None)) for name in courses]
    dead = {
        "strategy": list(courses),
        "time_s": [end[0] for end in ends],
        "cycle": [end[1] for end in ends],
        "item": [end[2] for end in ends],
        "limit_bytes": [limit] * len(courses),
    }
    return memory_frame({0: {name: list(values) for name, values in columns.items()}}), deaths_frame(
        {0: dead}
    )


def drawn(*given: Any, **more: Any) -> Axes:
    axes = Figure(figsize=(7.2, 5), layout="constrained").subplots()
    assert plot.plot_simulated_memory(*frames(*given, **more), ax=axes) is axes
    return axes


def texts_of(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def level(high: float, n: int = 20) -> list[tuple[float, float]]:
    return [(high / 2, high)] * n


def test_each_line_has_the_colour_of_its_family_and_its_name_beside_it() -> None:
    axes = drawn({"deepcopy": level(90 * MB), "hamt": level(60 * MB), "mine": level(30 * MB)})
    assert [to_hex(line.get_color()).upper() for line in axes.lines] == [
        COLOURS[name] for name in ("copying", "persistent", "other")
    ]
    assert {"deepcopy", "hamt", "mine"} <= set(texts_of(axes))


def test_every_registered_strategy_has_a_family() -> None:
    assert {family_of(name) for name in strategies} == {"copying", "persistent", "sharing"}


def test_strategies_of_one_family_that_look_alike_share_a_line() -> None:
    axes = drawn(
        {
            "json": level(90 * MB),
            "pickle": level(90.2 * MB),
            "orjson": level(89.9 * MB),
            "shared": level(90 * MB),
        }
    )
    assert {"json, pickle, orjson", "shared"} <= set(texts_of(axes))
    assert len(axes.lines) == 2


def test_the_limit_is_a_line_and_who_dies_ends_in_a_cross_that_is_told() -> None:
    axes = drawn(
        {"deepcopy": level(95 * MB, 3), "shared": level(20 * MB)},
        {"deepcopy": (21.0, 4, 172)},
        limit=100 * MB,
    )
    assert any(line.get_marker() == "X" for line in axes.lines)
    assert any(set(line.get_ydata()) == {100 * MB} for line in axes.lines)
    texts = texts_of(axes)
    assert "✗ 21.0 s, cycle 4: deepcopy at item 172" in texts
    assert "limit: 100 MB of address space" in texts


def test_a_death_that_is_no_items_names_none() -> None:
    axes = drawn({"frozen": level(95 * MB, 3)}, {"frozen": (25.0, 1, None)}, limit=100 * MB)
    assert any(text.endswith("cycle 1: frozen") for text in texts_of(axes))


def test_a_limit_that_is_far_off_is_told_and_not_drawn() -> None:
    axes = drawn({"shared": level(20 * MB)}, limit=64e9)
    assert "limit: 64 GB of address space, further up" in [
        text.replace("64.0", "64") for text in texts_of(axes)
    ]
    assert axes.get_ylim()[1] < 30 * MB


def test_the_axis_is_logarithmic_where_strategies_lie_far_apart() -> None:
    assert drawn({"deepcopy": level(90e9), "shared": level(20 * MB)}).get_yscale() == "log"
    assert drawn({"deepcopy": level(90 * MB), "shared": level(20 * MB)}).get_yscale() == "linear"


def test_of_many_stretches_the_most_and_the_least_are_kept() -> None:
    course = [(10 * MB, 20 * MB)] * 500
    course[321] = (1 * MB, 77 * MB)
    axes = drawn({"shared": course})
    (line,) = axes.lines
    assert len(line.get_ydata()) <= STRETCHES + 1
    assert max(line.get_ydata()) == 77 * MB


def test_names_of_twelve_strategies_do_not_cover_each_other() -> None:
    courses = {name: level((20 + 3 * place) * MB, 20) for place, name in enumerate(strategies)}
    courses.update(
        {name: level((90 + place) * MB, 3) for place, name in enumerate(("deepcopy", "json", "pickle"))}
    )
    dead: Deaths = {name: (21.0 + place, 0, 5) for place, name in enumerate(("deepcopy", "json", "pickle"))}
    axes = drawn(courses, dead, limit=100 * MB)
    figure = axes.figure
    assert isinstance(figure, Figure)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    # without the thin line that leads from a name to its line
    boxes = [Text.get_window_extent(text, renderer) for text in axes.texts if text.get_text()]
    for one, other in combinations(boxes, 2):
        assert not one.shrunk(0.95, 0.8).overlaps(other.shrunk(0.95, 0.8))


def test_without_prices_the_axes_say_so() -> None:
    axes = Figure().subplots()
    empty = memory_frame({0: {}}), deaths_frame({0: {}})
    plot.plot_simulated_memory(*empty, ax=axes)
    assert "no strategy has prices" in texts_of(axes)[0]


def test_what_is_no_axes_is_refused_and_settings_stay_as_they_were() -> None:
    before = dict(mpl.rcParams)
    with pytest.raises(InputError, match="ax must be the Axes"):
        plot.plot_simulated_memory(*frames({"shared": level(MB)}), ax="mine")  # type: ignore[arg-type]
    drawn({"shared": level(20 * MB)})
    assert dict(mpl.rcParams) == before

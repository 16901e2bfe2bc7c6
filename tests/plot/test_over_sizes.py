"""The N x C map, a time over the context, how far cells lie from their laws, promises against prices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attune_sim import plot
from attune_sim.contexts.registry import strategies
from attune_sim.errors import InputError
from attune_sim.frame import metrics_frame, promises_frame
from attune_sim.plot.style import COLOURS

PROMISES = promises_frame(
    {
        "strategy": name,
        "isolates": strategies[name].guarantees.isolates,
        **strategies[name].guarantees.as_dict(),
    }
    for name in strategies
)

PLOTS = {
    "plot_map": plot.plot_map,
    "plot_context": plot.plot_context,
    "plot_residuals": plot.plot_residuals,
    "plot_promises": lambda frame, **given: plot.plot_promises(frame, PROMISES, **given),
}


def texts_of(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def legends_of(axes: Axes) -> list[str]:
    return [text.get_text() for legend in axes.artists for text in getattr(legend, "get_texts", list)()]


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_draws_on_the_axes_it_is_given_and_leaves_settings_as_they_were(
    name: str, swept: pd.DataFrame
) -> None:
    axes, before = Figure().subplots(), dict(rcParams)

    assert PLOTS[name](swept, ax=axes) is axes
    assert axes.has_data()
    assert dict(rcParams) == before


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_of_what_was_not_measured_says_so(name: str, record_of) -> None:
    axes = PLOTS[name](metrics_frame([record_of(readings=(), samples=())]), ax=Figure().subplots())

    [text] = texts_of(axes)
    assert "needed" in text or "measured" in text


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_refuses_axes_that_are_none(name: str, swept: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="ax must be the Axes of one plot"):
        PLOTS[name](swept, ax=3)


def test_the_map_has_a_line_for_each_strategy_that_meets_the_limit_where_its_law_does(
    swept: pd.DataFrame,
) -> None:
    axes = plot.plot_map(swept, ax=Figure().subplots())

    room = 2**29 - 8e7
    [copying] = [
        line for line in axes.lines if line.get_color() == COLOURS["copying"] and line.get_linestyle() == "-"
    ]
    xs, ys = (np.asarray(values, dtype=float) for values in copying.get_data())
    known = ~np.isnan(ys)
    assert np.allclose(ys[known] * xs[known] * 2.0, room, rtol=0.05)
    assert {"deepcopy", "hamt", "shared"} <= set(texts_of(axes))
    assert axes.get_title(loc="left") == "Items that fit into 512 MiB"
    assert legends_of(axes)[:2] == ["all cells lived", "some died, or were foretold to"]


def test_another_memory_gives_another_map(swept: pd.DataFrame) -> None:
    one, other = (plot.plot_map(swept, memory=size, ax=Figure().subplots()) for size in (2**29, 2**32))

    assert other.get_ylim()[1] > 5 * one.get_ylim()[1]
    assert other.get_title(loc="left") == "Items that fit into 4 GiB"


def test_over_the_context_copying_rises_and_sharing_lies_flat(swept: pd.DataFrame) -> None:
    axes = plot.plot_context(swept, ax=Figure().subplots())

    rises = {line.get_color(): line.get_ydata()[-1] / line.get_ydata()[0] for line in axes.lines}
    assert rises[COLOURS["copying"]] == pytest.approx(25)
    assert rises[COLOURS["sharing"]] == rises[COLOURS["persistent"]] == 1
    assert axes.get_xlabel().endswith("median and range of n = 2 to 3 cells")


def test_cells_that_follow_their_law_lie_on_the_line(swept: pd.DataFrame) -> None:
    axes = plot.plot_residuals(swept, ax=Figure().subplots())

    ratios = [value for line in axes.lines[1:] for value in line.get_ydata()]
    assert len(ratios) == 17
    assert np.allclose(ratios, 1.0, rtol=0.05)
    with pytest.raises(InputError, match="unknown size 'weight'"):
        plot.plot_residuals(swept, along="weight", ax=Figure().subplots())


def test_promises_are_lanes_the_most_at_the_top_and_what_is_given_up_is_counted(swept: pd.DataFrame) -> None:
    axes = plot.plot_promises(swept, PROMISES, ax=Figure().subplots())

    assert [label.get_text() for label in axes.get_yticklabels()] == ["all", "top level", "nothing"]
    assert texts_of(axes) == ["deepcopy", "hamt, gives up 4 more", "shared"]
    assert axes.yaxis_inverted()


def test_memory_goes_on_with_a_broken_line_to_what_was_foretold(record_of) -> None:
    from attune_sim.frame import samples_frame
    from attune_sim.record import Reading

    ran = record_of(strategy="deepcopy", items=100)
    told = (Reading("live_heap_bytes", 2.9e9, source="estimated"),)
    left_out = record_of(
        strategy="deepcopy", items=1_000, outcome="skipped", items_done=0, readings=told, samples=()
    )
    frames = samples_frame([ran]), metrics_frame([ran, left_out])

    axes = plot.plot_memory(frames[0], foretold=frames[1], ax=Figure().subplots())
    assert "✗ foretold to run out of memory, and left out: deepcopy" in texts_of(axes)
    assert max(max(line.get_ydata()) for line in axes.lines if len(line.get_xdata()) == 2) >= 2.9e9

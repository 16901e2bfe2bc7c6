"""Plots of simulations: from frames to axes, as every plot here."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attune_sim import plot
from attune_sim.errors import InputError, UnknownNameError
from attune_sim.frame import cycles_frame, queue_frame, simulated_items_frame, workers_frame
from attune_sim.plot.simulations.gantt import MANY


def cycles(n: int = 5, took: float = 30.0) -> pd.DataFrame:
    due = [60.0 * place for place in range(n)]
    zeros = [0] * n
    return cycles_frame({0: {
        "cycle": list(range(n)), "due_s": due, "started_s": due, "ended_s": [one + took for one in due],
        "status": ["succeeded"] * (n - 1) + ["failed"], "items": [10] * n, "succeeded": [9] * n, "failed": [1] * n,
        "timed_out": zeros, "cancelled": zeros, "retries": zeros, "lost": zeros, "max_in_flight": [3] * n,
        "skipped": [False] * n,
    }})  # fmt: skip


def items(n: int = 12, workers: int = 0) -> pd.DataFrame:
    begins = [float(place // 3) for place in range(n)]
    return simulated_items_frame({0: {
        "cycle": [4] * n, "task": ["check"] * n, "visit": [0] * n, "index": list(range(n)),
        "status": ["succeeded"] * (n - 1) + ["failed"], "attempts": [1] * n, "queued_s": [0.0] * n,
        "started_s": begins, "ended_s": [one + 1.0 for one in begins],
        "worker": [place % workers if workers else -1 for place in range(n)],
    }}, {0: None})  # fmt: skip


def queue() -> pd.DataFrame:
    return queue_frame(
        {
            0: {
                "time_s": [0.0, 1.0, 2.0],
                "waiting": [3.0, 1.0, 0.0],
                "in_service": [2.0, 2.0, 1.0],
                "most_waiting": [4, 2, 1],
            }
        }
    )


def workers(n: int = 3) -> pd.DataFrame:
    return workers_frame({0: {
        "worker": list(range(n)), "busy_s": [10.0] * n, "utilisation": [place / n for place in range(n)],
        "attempts": [5] * n, "lost": [0] * n, "failures": [0] * n, "down_s": [0.0] * n, "shipped_bytes": [0.0] * n,
        "peak_bytes": [0.0] * n, "over_s": [None] * n,
    }})  # fmt: skip


def figures(n: int = 6) -> pd.DataFrame:
    one = {
        "seed": range(n),
        "strategy": "",
        "metric": "cycle_p99_s",
        "unit": "s",
        "value": np.linspace(1, 2, n),
    }
    two = [
        {"seed": seed, "strategy": name, "metric": "peak_bytes", "unit": "bytes", "value": 1e6 * seed}
        for seed in range(n)
        for name in ("shared", "json")
    ]
    return pd.concat([pd.DataFrame(one), pd.DataFrame(two)], ignore_index=True)


Draw = Callable[..., Axes]
PLOTS: dict[str, tuple[Draw, Callable[[], pd.DataFrame], Any]] = {
    "cycles": (plot.plot_cycles, cycles, cycles_frame({})),
    "queue": (plot.plot_queue, queue, queue_frame({})),
    "workers": (plot.plot_utilisation, workers, workers_frame({})),
    "gantt": (lambda frame, ax=None: plot.plot_gantt(frame, 4, ax=ax), items, simulated_items_frame({}, {})),
    "distribution": (plot.plot_distribution, figures, None),
}
each = pytest.mark.parametrize(("draw", "frame", "empty"), PLOTS.values(), ids=PLOTS.keys())


@each
def test_a_plot_takes_the_axes_that_it_is_given_and_leaves_settings_alone(
    draw: Draw, frame: Callable[[], pd.DataFrame], empty: Any
) -> None:
    before, axes = dict(mpl.rcParams), Figure().subplots()

    assert draw(frame(), ax=axes) is axes
    assert dict(mpl.rcParams) == before
    assert axes.get_title(loc="left")
    assert axes.get_xlabel()


@each
def test_other_axes_are_refused(draw: Draw, frame: Callable[[], pd.DataFrame], empty: Any) -> None:
    with pytest.raises(InputError, match="ax must be the Axes"):
        draw(frame(), ax=Figure())


@each
def test_a_frame_without_rows_says_why_there_is_nothing(
    draw: Draw, frame: Callable[[], pd.DataFrame], empty: Any
) -> None:
    if empty is not None:
        axes = Figure().subplots()
        assert draw(empty, ax=axes) is axes
        assert len(axes.texts) == 1


def legend(axes: Axes) -> list[str]:
    found = axes.get_legend()
    assert found is not None
    return [text.get_text() for text in found.get_texts()]


def test_the_time_to_the_next_cycle_is_a_line_where_it_is_in_sight() -> None:
    near, far = (plot.plot_cycles(cycles(took=took), ax=Figure().subplots()) for took in (30.0, 1.0))

    assert [text.get_text() for text in near.texts] == ["the next cycle is due"]
    assert not far.texts
    assert legend(near) == ["succeeded", "failed"]


def test_lanes_of_workers_hold_each_item_once_and_none_overlaps() -> None:
    axes = plot.plot_gantt(items(workers=2), 4, ax=Figure().subplots())

    bars = [(round(bar.get_y(), 3), bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]  # type: ignore[attr-defined]
    assert len(bars) == 12
    for row in {y for y, _, _ in bars}:
        spans = sorted(span[1:] for span in bars if span[0] == row)
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["worker 0", "worker 1"]


def test_by_item_each_has_a_row_and_its_wait_is_seen() -> None:
    axes = plot.plot_gantt(items(workers=2), 4, by="item", ax=Figure().subplots())

    assert len(axes.patches) == 12
    assert "waiting" in legend(axes)


def test_many_items_are_drawn_as_pixels() -> None:
    axes = plot.plot_gantt(items(MANY + 1), 4, ax=Figure().subplots())

    assert not axes.patches
    assert any(lines.get_rasterized() for lines in axes.collections)


def test_a_cycle_that_is_not_kept_and_workers_that_were_not_simulated_are_refused() -> None:
    with pytest.raises(InputError, match=r"no item of cycle 7 .* some of 4"):
        plot.plot_gantt(items(), 7, ax=Figure().subplots())
    with pytest.raises(InputError, match="by='item'"):
        plot.plot_gantt(items(), 4, by="worker", ax=Figure().subplots())


def test_many_workers_are_one_falling_line() -> None:
    axes = plot.plot_utilisation(workers(100), ax=Figure().subplots())

    assert not axes.patches
    assert axes.get_xlabel() == "workers, the busiest first"


def test_a_figure_of_strategies_has_a_row_each_and_a_wrong_one_lists_those_there_are() -> None:
    axes = plot.plot_distribution(figures(), "peak_bytes", ax=Figure().subplots())

    assert [label.get_text() for label in axes.get_yticklabels()] == ["shared", "json"]
    with pytest.raises(UnknownNameError, match="cycle_p99_s"):
        plot.plot_distribution(figures(), "cycle_p9_s", ax=Figure().subplots())

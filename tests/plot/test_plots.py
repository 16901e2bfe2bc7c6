from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from attune_sim import plot
from attune_sim.frame import metrics_frame, samples_frame
from attune_sim.metrics import METRICS
from attune_sim.record import Sample

PLOTS = {
    "plot_memory": (plot.plot_memory, samples_frame),
    "plot_fork_time": (plot.plot_fork_time, metrics_frame),
    "plot_fork_memory": (plot.plot_fork_memory, metrics_frame),
    "plot_time_split": (plot.plot_time_split, metrics_frame),
}


@pytest.fixture(autouse=True)
def _no_window() -> Iterator[None]:
    with mpl.rc_context({"backend": "agg"}):
        plt.switch_backend("agg")
        yield
        plt.close("all")


def texts_of(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_draws_on_the_axes_it_is_given_and_gives_them_back(name: str, comparison_records) -> None:
    draw, frame = PLOTS[name]
    axes = Figure().subplots()

    assert draw(frame(comparison_records), ax=axes) is axes
    assert axes.has_data()


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_without_axes_makes_a_figure_of_its_own(name: str, comparison_records) -> None:
    draw, frame = PLOTS[name]

    assert draw(frame(comparison_records)).figure.number in plt.get_fignums()


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_leaves_rc_params_as_they_were(name: str, comparison_records) -> None:
    draw, frame = PLOTS[name]
    before = dict(mpl.rcParams)

    draw(frame(comparison_records), ax=Figure().subplots())
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_of_an_empty_frame_says_that_there_is_nothing(name: str) -> None:
    draw, frame = PLOTS[name]

    (text,) = texts_of(draw(frame([]), ax=Figure().subplots()))
    assert "measured" in text or "no samples" in text


def test_a_cell_that_ended_early_is_a_marked_point_with_its_outcome(comparison_records) -> None:
    axes = plot.plot_memory(samples_frame(comparison_records), ax=Figure().subplots())

    assert "✗ deepcopy: memory limit at 673 of 1,000" in texts_of(axes)
    assert any(line.get_marker() == "X" for line in axes.lines)


def test_strategies_far_apart_are_drawn_on_logarithmic_axes(comparison_records, record_of) -> None:
    far = plot.plot_memory(samples_frame(comparison_records), ax=Figure().subplots())
    near = plot.plot_memory(
        samples_frame([record_of(strategy="chainmap"), record_of()]), ax=Figure().subplots()
    )

    assert (far.get_yscale(), near.get_yscale()) == ("log", "linear")


def test_each_strategy_is_named_beside_its_line(comparison_records) -> None:
    axes = plot.plot_memory(samples_frame(comparison_records), ax=Figure().subplots())

    assert {"deepcopy", "chainmap", "persistent", "shared"} <= set(texts_of(axes))


def test_a_dozen_strategies_have_a_colour_each_and_room_for_their_names(record_of) -> None:
    from attune_sim.plot.style import size_for, styles_of

    names = [f"strategy-{n}" for n in range(12)]
    assert len({colour for colour, _ in styles_of(names).values()}) == 12
    axes = plot.plot_fork_time(metrics_frame([record_of(strategy=name) for name in names]))
    assert tuple(axes.figure.get_size_inches()) == size_for(names) > size_for(names[:4])


def test_a_strategy_has_one_colour_in_all_plots_of_a_comparison(comparison_records) -> None:
    from attune_sim.plot.style import styles_of

    by_metrics = styles_of(metrics_frame(comparison_records)["strategy"])
    assert by_metrics == styles_of(samples_frame(comparison_records)["strategy"])


def test_medians_are_written_in_their_unit(comparison_records) -> None:
    axes = plot.plot_fork_time(metrics_frame(comparison_records), ax=Figure().subplots())

    assert "26.1 ms" in texts_of(axes)


@pytest.mark.parametrize("metric", METRICS)
def test_every_declared_metric_can_be_plotted(metric: str, record_of) -> None:
    from attune_sim.record import Reading

    frame = metrics_frame([record_of(readings=(Reading(metric, 3.0),))])
    axes = plot.plot_metric(frame, metric, ax=Figure().subplots())

    assert METRICS[metric].format(3.0) in texts_of(axes)


def test_memory_that_stays_zero_can_be_drawn(record_of) -> None:
    samples = tuple(Sample(n, n / 10, "live_heap_bytes", 0.0) for n in range(5))

    frame = samples_frame([record_of(strategy="deepcopy"), record_of(samples=samples)])
    assert plot.plot_memory(frame, ax=Figure().subplots()).has_data()

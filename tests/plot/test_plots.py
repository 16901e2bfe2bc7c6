from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from attune_sim import plot
from attune_sim.errors import InputError
from attune_sim.frame import items_frame, metrics_frame, samples_frame, tasks_frame
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


@pytest.mark.parametrize("ax", [3, "axes", plt, plt.subplots])
@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_refuses_axes_that_are_none_before_it_makes_a_figure(name, ax, comparison_records) -> None:
    draw, frame = PLOTS[name]

    with pytest.raises(InputError, match=r"ax must be the Axes of one plot, .* not a \w+"):
        draw(frame(comparison_records), ax=ax)
    assert not plt.get_fignums()


def test_a_metric_that_does_not_exist_is_answered_with_those_that_do(comparison_records) -> None:
    samples, metrics = samples_frame(comparison_records), metrics_frame(comparison_records)

    with pytest.raises(InputError, match=r"unknown metric 'zz'; choose from: .*live_heap_bytes"):
        plot.plot_memory(samples, "zz")
    with pytest.raises(InputError, match=r"unknown metric 'live_heap' \(did you mean 'live_heap_bytes'\?\)"):
        plot.plot_memory(samples, "live_heap")
    with pytest.raises(InputError, match=r"unknown metric 'fork_time'.*choose from: .*fork_us"):
        plot.plot_metric(metrics, "fork_time")
    assert not plt.get_fignums()


def test_a_metric_that_was_not_measured_is_no_mistake(comparison_records) -> None:
    axes = plot.plot_metric(metrics_frame(comparison_records), "rss_anon_bytes", ax=Figure().subplots())
    memory = plot.plot_memory(samples_frame(comparison_records), "fork_us", ax=Figure().subplots())

    assert texts_of(axes) == ["rss_anon_bytes was not measured"]
    assert texts_of(memory) == ["no samples of fork_us; there are some of live_heap_bytes"]


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


def test_a_cell_whose_items_nobody_knows_is_drawn_too(record_of) -> None:
    records = [record_of(items=0, items_done=40, outcome="killed"), record_of(items=0, strategy="deepcopy")]
    axes = plot.plot_memory(samples_frame(records))

    assert "✗ shared: killed at 40" in texts_of(axes)


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


def run_frames(tasks=(), items=()):
    """The frames of a run whose tasks and items are given as rows, in the order of the columns."""
    names = ("task", "visit", "status", "items", "started_s", "ended_s", "error")
    columns = {name: [row[n] for row in tasks] for n, name in enumerate(names)}
    times = dict.fromkeys(("fork_us", "render_us", "action_us"), [1.0] * len(items))
    kinds = ("task", "visit", "index", "outcome", "attempts", "started_s", "ended_s", "error")
    item_columns = {name: [row[n] for row in items] for n, name in enumerate(kinds)}
    return tasks_frame(columns), items_frame({**item_columns, **times})


NEVER = float("nan")
RAN = run_frames(
    [
        ("find", 0, "succeeded", None, 0.0, 1.0, None),
        ("each", 0, "failed", 3, 1.0, 4.0, "1 of 3"),
        ("poll", 0, "succeeded", None, 1.0, 1.5, None),
        ("poll", 1, "", None, 2.0, NEVER, None),
    ],
    [
        ("each", 0, 0, "succeeded", 1, 1.0, 2.5, None),
        ("each", 0, 1, "timed_out", 2, 2.5, 4.0, "late"),
        ("each", 0, 2, "cancelled", 0, NEVER, NEVER, None),
    ],
)


def test_a_timeline_has_a_row_a_task_in_the_order_in_which_they_began() -> None:
    axes = plot.plot_timeline(*RAN, ax=Figure().subplots())

    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["find", "each\n3 items", "poll\n2 visits"]
    assert list(axes.get_yticks()) == sorted(axes.get_yticks())
    assert axes.get_ylim()[0] > axes.get_ylim()[1] == 0
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "succeeded", "failed", "timed out", "cancelled", "did not end",
    ]  # fmt: skip


def test_a_timeline_draws_what_was_called_from_its_start_to_its_end() -> None:
    axes = plot.plot_timeline(*RAN, ax=Figure().subplots())

    (lines,) = [one for one in axes.collections if isinstance(one, LineCollection)]
    spans = [(float(start[0]), float(end[0])) for start, end in lines.get_segments()]
    bars = [
        (box.x0, box.x1)
        for box in (bar.get_paths()[0].get_extents() for bar in axes.collections if bar is not lines)
    ]
    crosses = [line.get_xdata().tolist() for line in axes.lines]
    assert spans == [(1.0, 2.5), (2.5, 4.0)]
    assert bars == [(0.0, 1.0), (1.0, 4.0), (1.0, 1.5), (2.0, 4.0)]
    assert crosses == [[4.0]]


def test_a_timeline_without_tasks_says_so_and_refuses_what_are_no_axes() -> None:
    assert texts_of(plot.plot_timeline(*run_frames(), ax=Figure().subplots())) == ["no task has begun"]
    with pytest.raises(InputError, match="ax must be the Axes of one plot"):
        plot.plot_timeline(*RAN, ax=3)
    assert plot.plot_timeline(*RAN).figure.number in plt.get_fignums()


def test_a_timeline_of_very_many_items_is_one_collection() -> None:
    items = [("each", 0, n, "succeeded", 1, n / 10_000, (n + 5) / 10_000, None) for n in range(20_000)]
    frames = run_frames([("each", 0, "succeeded", 20_000, 0.0, 2.1, None)], items)

    axes = plot.plot_timeline(*frames, ax=Figure().subplots())
    assert len(axes.collections) == 2

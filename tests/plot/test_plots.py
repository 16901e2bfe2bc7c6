from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from attune_sim import plot
from attune_sim.engine.events import ActionEnded
from attune_sim.errors import InputError
from attune_sim.frame import attempts_frame, items_frame, metrics_frame, samples_frame, tasks_frame
from attune_sim.metrics import METRICS
from attune_sim.plot.timeline import OUTCOMES
from attune_sim.probes import recorder as recording
from attune_sim.record import Sample

PLOTS = {
    "plot_memory": (plot.plot_memory, samples_frame),
    "plot_fork_time": (plot.plot_fork_time, metrics_frame),
    "plot_fork_memory": (plot.plot_fork_memory, metrics_frame),
    "plot_time_split": (plot.plot_time_split, metrics_frame),
    "plot_growth": (plot.plot_growth, metrics_frame),
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

    assert "✗ memory limit: deepcopy at 673 (last reading at 660) of 1,000" in texts_of(axes)
    assert any(line.get_marker() == "X" for line in axes.lines)


def test_a_cell_whose_items_nobody_knows_is_drawn_too(record_of) -> None:
    records = [record_of(items=0, items_done=40, outcome="killed"), record_of(items=0, strategy="deepcopy")]
    axes = plot.plot_memory(samples_frame(records))

    assert "✗ killed: shared at 40" in texts_of(axes)


def test_strategies_far_apart_are_drawn_on_logarithmic_axes(comparison_records, record_of) -> None:
    far = plot.plot_memory(samples_frame(comparison_records), ax=Figure().subplots())
    near = plot.plot_memory(
        samples_frame([record_of(strategy="chainmap"), record_of()]), ax=Figure().subplots()
    )

    assert (far.get_yscale(), near.get_yscale()) == ("log", "linear")


def test_each_strategy_is_named_beside_its_line(comparison_records) -> None:
    axes = plot.plot_memory(samples_frame(comparison_records), ax=Figure().subplots())

    assert {"deepcopy", "chainmap", "persistent", "shared"} <= set(texts_of(axes))


def test_a_dozen_strategies_have_a_marker_each_and_room_for_their_names(record_of) -> None:
    from attune_sim.plot.axes import size_for
    from attune_sim.plot.style import styles_of

    names = [f"strategy-{n}" for n in range(12)]
    assert len({marker for _, marker in styles_of(names).values()}) == 12
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
    recorder = recording.Recorder(lambda: 0.0)
    for (task, visit), count in Counter((row[0], row[1]) for row in items).items():
        recorder.task_started(task, visit, count)
    for task, visit, index, outcome, attempts, started, ended, error in items:
        if attempts:
            event = ActionEnded(task, visit, index, 0, outcome, started=started, ended=ended)
            recorder.action_ended(event)
        if outcome not in ("", "succeeded"):
            recorder.item_failed(task, visit, index, outcome, attempts, error or outcome)
    columns = {name: [row[n] for row in tasks] for n, name in enumerate(names)}
    return tasks_frame(columns), items_frame(recorder.item_columns(), recording.OUTCOMES, recorder.errors)


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

    (lines,) = [artist for artist in axes.collections if isinstance(artist, LineCollection)]
    spans = [(float(start[0]), float(end[0])) for start, end in lines.get_segments()]
    bars = [
        (box.x0, box.x1)
        for bar in axes.collections
        if bar is not lines
        for box in (path.get_extents() for path in bar.get_paths())
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


LONG = "notify_every_customer_of_the_region_by_mail_and_then_by_telephone"


def drawn_pixels(axes) -> np.ndarray:
    """The picture as rows of RGB."""
    canvas = FigureCanvasAgg(axes.figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def has_colour(pixels: np.ndarray, colour: str) -> bool:
    wanted = np.array(to_rgb(colour)) * 255
    return bool((np.abs(pixels - wanted).max(axis=-1) < 12).any())


def row_pixels(axes, row: int) -> np.ndarray:
    """What is drawn inside the axes in the middle of a task's row."""
    pixels = drawn_pixels(axes)
    height = axes.transData.transform((0, axes.get_yticks()[row]))[1]
    return pixels[round(len(pixels) - height), round(axes.bbox.x0) + 2 : round(axes.bbox.x1)]


@pytest.mark.parametrize("took", [0.0, 1e-6, 0.003, 0.02])
@pytest.mark.parametrize("began", [0.0, 0.5, 1.15])
def test_a_timeline_shows_every_task_however_short_in_its_colour(took: float, began: float) -> None:
    tasks = [
        ("long", 0, "succeeded", None, 0.0, 1.15, None),
        ("short", 0, "failed", None, began, began + took, None),
    ]
    axes = plot.plot_timeline(*run_frames(tasks))

    assert has_colour(row_pixels(axes, 1), OUTCOMES["failed"])


def test_a_timeline_shows_the_short_visits_of_a_loop_in_full_colour_and_parts_the_long_ones() -> None:
    short = [("poll", n, "succeeded", None, n * 0.002, n * 0.002 + 0.002, None) for n in range(500)]
    long = [("wait", n, "succeeded", None, n * 0.3, n * 0.3 + 0.3, None) for n in range(3)]
    axes = plot.plot_timeline(*run_frames([*short, *long]))

    poll, wait = row_pixels(axes, 0), row_pixels(axes, 1)
    assert (poll.min(axis=-1) < 60).mean() > 0.9  # green up to 1 s of 1.03 s
    bright = (wait.min(axis=-1) > 120).astype(int)
    gaps = int((np.diff(bright[: int(len(bright) * 0.85)]) == 1).sum())
    assert gaps == 2


def test_a_run_that_took_no_time_has_a_timeline() -> None:
    axes = plot.plot_timeline(*run_frames([("find", 0, "succeeded", None, 0.0, 0.0, None)]))

    assert has_colour(row_pixels(axes, 0), OUTCOMES["succeeded"])


def test_a_long_task_name_is_shortened_in_its_middle_and_leaves_room_for_the_bars() -> None:
    tasks = [(f"{LONG}_{n}", 0, "succeeded", None, 0.0, 1.0, None) for n in range(2)]
    axes = plot.plot_timeline(*run_frames([*tasks, ("x" * 30, 0, "succeeded", None, 0.0, 1.0, None)]))
    drawn_pixels(axes)

    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["notify_every_cu…by_telephone_0", "notify_every_cu…by_telephone_1", "x" * 30]
    assert axes.bbox.width > axes.figure.bbox.width / 2


@pytest.mark.parametrize("count", [6, 25])
@pytest.mark.parametrize("name", ["a", LONG])
@pytest.mark.parametrize("width", [3.5, 7.2])
def test_the_legend_of_a_timeline_fits_into_the_figure_below_the_title(count, name, width) -> None:
    outcomes = list(OUTCOMES)
    tasks = [(f"{name}{n}", 0, outcomes[n % 6], None, n * 0.1, n * 0.1 + 0.1, None) for n in range(count)]
    figure = Figure(figsize=(width, 5), layout="constrained")
    axes = plot.plot_timeline(*run_frames(tasks), ax=figure.subplots())
    drawn_pixels(axes)

    (heading,) = axes.findobj(
        lambda artist: isinstance(artist, Text) and artist.get_text() == "What ran when"
    )
    legend, title = axes.get_legend().get_window_extent(), heading.get_window_extent()
    assert len(axes.get_legend().get_texts()) == 6
    assert figure.bbox.x0 <= legend.x0 < legend.x1 <= figure.bbox.x1
    assert legend.y1 - 2 <= title.y0 < title.y1 <= figure.bbox.y1


@pytest.mark.parametrize("metric", [["fork_us"], None, 3, {"fork_us"}])
def test_a_metric_that_is_no_text_is_answered_with_those_that_exist(metric, comparison_records) -> None:
    kind = type(metric).__name__
    with pytest.raises(InputError, match=rf"a metric is one name, not a {kind}; choose from: .*fork_us"):
        plot.plot_metric(metrics_frame(comparison_records), metric)
    with pytest.raises(InputError, match=rf"a metric is one name, not a {kind}; .*live_heap_bytes"):
        plot.plot_memory(samples_frame(comparison_records), metric)
    assert not plt.get_fignums()


def test_every_strategy_of_ours_has_its_colour_and_keeps_it_whatever_stands_beside_it() -> None:
    from attune_sim.contexts.registry import strategies
    from attune_sim.plot.style import COLOURS, FAMILIES, styles_of

    ours = list(strategies)
    assert {name for names in FAMILIES.values() for name in names} == set(ours)
    alone = {name: styles_of([name])[name] for name in ours}
    assert styles_of(["mine", *ours[::-1], "yours"]).items() >= alone.items()
    assert {alone[name][0] for name in FAMILIES["sharing"]} == {COLOURS["sharing"]}
    assert styles_of(["mine"])["mine"][0] == COLOURS["other"]
    assert len({marker for _, marker in styles_of([*ours[:5], "mine", "yours"]).values()}) == 7


@pytest.mark.parametrize("background", ["#ffffff", "#14181d"])
def test_every_colour_stands_out_three_to_one_from_a_white_and_from_a_dark_page(background: str) -> None:
    from attune_sim.plot.style import COLOURS
    from attune_sim.plot.time import EDGE

    colours = [*COLOURS.values(), *OUTCOMES.values(), EDGE]
    assert [colour for colour in colours if contrast(colour, background) < 3] == []


def contrast(one: str, other: str) -> float:
    """The contrast of WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)
        ]
        return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", PLOTS)
def test_text_has_the_colour_of_text_and_is_no_smaller_than_nine_points(
    name: str, comparison_records
) -> None:
    draw, frame = PLOTS[name]
    axes = draw(frame(comparison_records), ax=Figure().subplots())

    assert {text.get_color() for text in axes.texts} <= {"black", "#222222"}
    assert min(text.get_fontsize() for text in axes.findobj(Text) if text.get_text()) >= 9


def test_lines_that_coincide_are_dashed_in_turn_so_that_each_is_seen(record_of) -> None:
    twins = [record_of(strategy=name) for name in ("json", "orjson", "merge")]  # of equal figures
    axes = plot.plot_memory(samples_frame([*twins, record_of()]))

    has_all = [has_colour(drawn_pixels(axes), line.get_color()) for line in axes.lines]
    assert has_all == [True] * 4
    assert [line.is_dashed() for line in axes.lines] == [True, True, True, False]


def test_a_memory_limit_in_sight_is_drawn_and_one_far_up_is_told(comparison_records, record_of) -> None:
    near = plot.plot_memory(samples_frame(comparison_records), ax=Figure().subplots())
    far = plot.plot_memory(samples_frame([record_of()]), ax=Figure().subplots())

    assert "memory limit of the process: 2.0 GB" in texts_of(near)
    assert any(list(line.get_ydata()) == [2e9, 2e9] for line in near.lines)
    assert "memory limit of the process: 2.0 GB, further up" in texts_of(far)


def test_a_name_beside_a_line_is_joined_to_its_end(comparison_records) -> None:
    axes = plot.plot_memory(samples_frame(comparison_records), ax=Figure().subplots())

    names = {text.get_text(): text.get_position()[1] for text in axes.texts if text.get_position()[0] == 1.05}
    [joined] = [one for one in axes.collections if isinstance(one, LineCollection)]
    ends = [
        (axes.transData + axes.transAxes.inverted()).transform(line.get_xydata()[-1])[1]
        for line in axes.lines
    ]
    assert len(names) == len(joined.get_segments()) == 4
    for (start, end), height in zip(joined.get_segments(), names.values(), strict=True):
        assert end[1] == height
        assert min(abs(start[1] - one) for one in ends) < 0.01


def test_marks_have_stems_only_where_the_axis_begins_at_zero(comparison_records, record_of) -> None:
    far = plot.plot_fork_time(metrics_frame(comparison_records), ax=Figure().subplots())
    near = plot.plot_fork_time(
        metrics_frame([record_of(), record_of(strategy="chainmap")]), ax=Figure().subplots()
    )

    assert (far.get_xscale(), len(far.collections)) == ("log", 0)
    assert (near.get_xscale(), len(near.collections), near.get_xlim()[0]) == ("linear", 2, 0)


def test_a_total_of_a_run_that_was_cut_short_has_an_empty_mark_and_says_at_least(comparison_records) -> None:
    total = plot.plot_metric(metrics_frame(comparison_records), "peak_rss_bytes", ax=Figure().subplots())
    of_one = plot.plot_metric(metrics_frame(comparison_records), "fork_bytes", ax=Figure().subplots())

    assert [text for text in texts_of(total) if "≥" in text] == ["≥ 2.0 GB"]
    assert [text for text in texts_of(of_one) if "≥" in text] == []
    assert "none" in {line.get_markerfacecolor() for line in total.lines}


def test_dollars_in_the_name_of_a_task_are_dollars() -> None:
    tasks = [("pay $x $y_{", 0, "succeeded", None, 0.0, 1.0, None)]
    axes = plot.plot_timeline(*run_frames(tasks), ax=plt.subplots()[1])

    drawn_pixels(axes)
    assert not any(label.get_parse_math() for label in axes.get_yticklabels())


def attempts_of(*spans: tuple) -> object:
    """The attempts frame of rows (task, index, attempt, outcome, started, ended)."""
    recorder = recording.Recorder(lambda: 0.0)
    tasks = {task: [row for row in spans if row[0] == task] for task, *_ in spans}
    for task, rows in tasks.items():
        items = None if rows[0][1] is None else 1 + max(row[1] for row in rows)
        recorder.task_started(task, 0, items)
    for task, index, attempt, outcome, started, ended in spans:
        recorder.action_ended(ActionEnded(task, 0, index, attempt, outcome, started=started, ended=ended))
    return attempts_frame(recorder.attempt_columns())


def test_the_pause_of_a_retry_is_thin_and_its_attempts_are_solid() -> None:
    tasks = [("send", 0, "succeeded", None, 0.0, 10.0, None), ("each", 0, "succeeded", 2, 0.0, 10.0, None)]
    items = [("each", 0, n, "succeeded", 1, 0.0, 10.0, None) for n in range(2)]
    spans = [
        (task, index, attempt, outcome, *times)
        for task, index in (("send", None), ("each", 1))
        for attempt, outcome, times in ((0, "failed", (0.0, 1.0)), (1, "succeeded", (9.0, 10.0)))
    ]
    axes = plot.plot_timeline(*run_frames(tasks, items), attempts_of(*spans))

    boxes = [path.get_extents() for bar in axes.collections[:2] for path in bar.get_paths()]
    pause, *solid = sorted(boxes, key=lambda box: box.height)
    assert (pause.x0, pause.x1) == (0.0, 10.0)
    assert [(box.x0, box.x1) for box in solid] == [(0.0, 1.0), (9.0, 10.0)]
    assert pause.height < solid[0].height / 3
    lines = [artist for artist in axes.collections if isinstance(artist, LineCollection)]
    widths = {len(each.get_segments()): each.get_linewidth()[0] for each in lines}
    thin, whole = lines[0].get_linewidth()[0], lines[1].get_linewidth()[0]
    assert thin < whole / 3
    assert set(widths) == {1, 2}


def test_a_figure_of_a_notebook_is_dark_where_the_notebook_is() -> None:
    html = plot.plot_timeline(*RAN).figure._repr_html_()

    light, dark = (base64.b64decode(part).decode() for part in re.findall(r"base64,([^\"]+)", html))
    assert "background: #ffffff; color: #000000" in light
    assert "background: none; color: #e6e8eb" in dark
    assert "#000000" not in dark.partition(">")[2]
    assert 'body[data-jp-theme-light="false"]' in html
    assert html.count('alt="What ran when"') == 2
    assert html.count("display: none") == 2  # of the dark one, until a page says that it is dark


# -- growth ------------------------------------------------------------------------------------------------------------


def marks_of(axes, *, full: bool) -> list[tuple[float, float]]:
    """The points of marks that are full, or empty."""
    lines = [line for line in axes.lines if line.get_linestyle() == "None"]
    chosen = [line for line in lines if (line.get_markerfacecolor() != "none") is full]
    return [tuple(point) for line in chosen for point in line.get_xydata()]


def test_growth_is_drawn_over_the_items_at_one_context_with_its_laws(sweep_records) -> None:
    axes = plot.plot_growth(metrics_frame(sweep_records), ax=Figure().subplots())

    assert {x for x, _ in marks_of(axes, full=True)} == {16, 64, 256}
    assert (256.0, 2.4e8) in marks_of(axes, full=False)
    assert [axes.get_xscale(), axes.get_yscale()] == ["log", "log"]
    assert "over 320 KB of context" in axes.get_xlabel()
    laws = [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 10]
    assert len(laws) == 2
    assert {"deepcopy", "shared"} <= set(texts_of(axes))


def test_a_strategy_of_too_few_sizes_for_a_law_has_its_name_beside_its_marks(sweep_records) -> None:
    few = [record for record in sweep_records if record.key.context_bytes == 20_000]
    axes = plot.plot_growth(metrics_frame(few), ax=Figure().subplots())

    assert not [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 10]
    assert {"deepcopy", "shared"} <= set(texts_of(axes))


def test_growth_over_the_context_holds_the_items(sweep_records) -> None:
    axes = plot.plot_growth(metrics_frame(sweep_records), "fork_us", "context_bytes", ax=Figure().subplots())

    assert {x for x, _ in marks_of(axes, full=True)} == {20_000, 80_000, 320_000}
    assert "with 256 items" in axes.get_xlabel() or "with 64 items" in axes.get_xlabel()


def test_growth_along_anything_else_is_refused(sweep_records) -> None:
    with pytest.raises(InputError, match="size 'repeat'"):
        plot.plot_growth(metrics_frame(sweep_records), along="repeat")

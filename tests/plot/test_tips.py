"""What marks of a picture say when they are pointed at."""

from __future__ import annotations

from matplotlib.figure import Figure

from attune_sim.frame import metrics_frame, samples_frame
from attune_sim.plot.memory import plot_memory
from attune_sim.plot.svg import svg_of
from attune_sim.plot.time import plot_time_split
from attune_sim.plot.tips import tip


def test_a_mark_says_its_text_whatever_stands_in_it() -> None:
    figure = Figure()
    (line,) = figure.subplots().plot([1, 2])
    tip(line, 'mine & "yours": 2 < 3 µs')

    svg = svg_of(figure)
    assert svg.count("<title>") == 1
    assert "<g><title>mine &amp; &quot;yours&quot;: 2 &lt; 3 µs</title>" in svg
    assert "tip:" not in svg


def test_lines_that_lie_on_each_other_are_told_apart_by_pointing_at_them(comparison_records) -> None:
    figure = Figure()
    samples = samples_frame(comparison_records)
    plot_memory(samples, ax=figure.subplots())

    svg = svg_of(figure)
    assert all(f"<title>{name}: " in svg for name in samples["strategy"].unique())


def test_a_part_of_the_time_that_is_too_small_for_its_figure_has_it_when_it_is_pointed_at(
    comparison_records,
) -> None:
    figure = Figure()
    plot_time_split(metrics_frame(comparison_records), ax=figure.subplots())

    assert "<title>shared: fork " in svg_of(figure)

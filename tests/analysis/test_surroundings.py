"""Figures of unequal surroundings are neither one median nor a pair, unless nothing that they depend on differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from attune_sim.analysis.comparison import summarise, summary_rows
from attune_sim.analysis.figures import JUDGED, figures_of
from attune_sim.analysis.laws import fits_of
from attune_sim.analysis.surroundings import Where, differences, named_apart, names_of
from attune_sim.frame import cells_frame, metrics_frame, samples_frame
from attune_sim.metrics import METRICS
from attune_sim.plot import plot_metric, plot_time_split
from attune_sim.record import CellRecord, Reading
from attune_sim.reports import comparison_summary

HERE = {"python": "3.11.7", "cpu": "one", "versions": {"orjson": "3.10"}}
OTHER_SOFTWARE = {**HERE, "versions": {"orjson": "3.11"}}
OTHER_MACHINE = {**HERE, "cpu": "another"}


def repeats(record_of: Callable[..., CellRecord], strategy: str, factor: float, where: dict[str, Any]) -> Any:
    names = ("fork_us", "paid_fork_us", "fork_bytes")
    readings = tuple(Reading(name, 2.0 * factor) for name in names)
    return [
        record_of(strategy=strategy, repeat=n, surroundings=where, readings=readings, samples=())
        for n in range(5)
    ]


def frames_of(records: list[CellRecord]) -> tuple[Any, Any]:
    return metrics_frame(records), cells_frame(records)


@pytest.mark.parametrize("other", [OTHER_SOFTWARE, OTHER_MACHINE])
def test_cells_of_other_surroundings_are_no_repeats_of_one_case(record_of, other) -> None:
    here, there = repeats(record_of, "shared", 1.0, HERE), repeats(record_of, "shared", 3.0, other)

    figures = figures_of(metrics_frame([*here, *there]))
    assert sorted(known["fork_us"].median for known in figures.values()) == [2.0, 6.0]


def test_no_pair_reaches_from_one_software_to_another(record_of) -> None:
    base, own = repeats(record_of, "deepcopy", 10.0, HERE), repeats(record_of, "shared", 1.0, OTHER_SOFTWARE)

    row = summarise(*frames_of([*base, *own])).set_index("strategy").loc["shared"]
    assert row["verdict"].startswith(
        "fork: cannot tell (deepcopy: measured in other surroundings), memory a fork: cannot tell (deepcopy:"
    )
    assert row[["fork_us_ratio", "fork_bytes_ratio"]].isna().all()


def test_on_another_machine_with_the_same_software_bytes_are_compared_and_times_are_not(record_of) -> None:
    base, own = repeats(record_of, "deepcopy", 10.0, HERE), repeats(record_of, "shared", 1.0, OTHER_MACHINE)

    [row] = [row for row in summary_rows(*frames_of([*base, *own])) if not row.is_reference]
    assert row.word("fork_us") == "cannot tell"
    assert row.ratio("fork_us") is None
    assert row.word("fork_bytes") == "changed"
    assert row.ratio("fork_bytes") == pytest.approx(10.0)


def test_figures_of_the_same_surroundings_go_before_those_of_others(record_of) -> None:
    bases = [*repeats(record_of, "deepcopy", 99.0, OTHER_MACHINE), *repeats(record_of, "deepcopy", 5.0, HERE)]

    rows = summary_rows(*frames_of([*bases, *repeats(record_of, "shared", 1.0, HERE)]))
    [own] = [row for row in rows if not row.is_reference]
    assert own.ratio("fork_bytes") == pytest.approx(5.0)


def test_rows_of_other_surroundings_are_named_by_what_differs_and_the_report_warns(record_of) -> None:
    here, there = repeats(record_of, "shared", 1.0, HERE), repeats(record_of, "shared", 1.0, OTHER_SOFTWARE)

    metrics, cells = frames_of([*here, *there])
    found = comparison_summary(cells, metrics, samples_frame([]))
    assert [row[0] for row in found.tables[0].rows] == ["shared (orjson 3.10)", "shared (orjson 3.11)"]
    [doubts] = [lines for heading, lines in found.remarks if heading == "When not to believe it"]
    assert "measured in different surroundings (versions)" in doubts[-1]


def test_one_place_needs_no_name_and_no_warning(record_of) -> None:
    metrics, cells = frames_of(repeats(record_of, "shared", 1.0, HERE))

    found = comparison_summary(cells, metrics, samples_frame([]))
    assert [row[0] for row in found.tables[0].rows] == ["shared"]
    assert "surroundings" not in str(found.remarks)


def test_a_plot_has_a_mark_of_its_own_for_each_place(record_of) -> None:
    records = [*repeats(record_of, "shared", 1.0, HERE), *repeats(record_of, "shared", 3.0, OTHER_MACHINE)]
    frame = metrics_frame(records)

    for plotted in (plot_metric(frame, "fork_us"), plot_time_split(frame)):
        names = [label.get_text() for label in plotted.get_yticklabels()]
        assert {"shared (cpu one)", "shared (cpu another)"} <= set(names)
    one_place = frame[frame["machine"] == frame["machine"][0]]
    assert set(named_apart(one_place)["strategy"]) == {"shared"}


def test_what_differs_is_named_and_of_much_only_the_first(record_of) -> None:
    frame = cells_frame(
        [
            record_of(surroundings={"python": "3.11", "libc": "a", "commit": "b", "gc": "c", "cpu": "d"}),
            record_of(repeat=1, surroundings={"python": "3.12", "libc": "e", "commit": "f", "gc": "g"}),
        ]
    )
    places = [Where(*pair) for pair in zip(frame["machine"], frame["software"], strict=True)]

    assert list(names_of(frame.attrs, places).values()) == [
        "cpu d, python 3.11, libc a, 2 more",
        "cpu unknown, python 3.12, libc e, 2 more",
    ]
    assert differences(({}, places[0]), ({}, places[1]))[0].startswith("machine ")


@pytest.mark.parametrize("metric", JUDGED)
def test_a_figure_may_always_be_set_beside_one_of_its_own_place_and_never_beside_other_software(
    metric,
) -> None:
    here = Where("a", "x")

    assert here.may_be_set_beside(here, metric)
    assert not here.may_be_set_beside(Where("a", "y"), metric)
    assert here.may_be_set_beside(Where("b", "x"), metric) != METRICS[metric].noisy


def test_no_law_is_drawn_through_points_of_several_places(record_of) -> None:
    records = [
        record_of(items=items, surroundings=where, readings=(Reading("fork_us", factor),), samples=())
        for where, factor in ((HERE, 1.0), (OTHER_MACHINE, 3.0))
        for items in (10, 20, 40)
    ]

    fits = fits_of(metrics_frame(records), only=["fork_us"])
    assert [group.strategy for group, _ in fits] == ["shared (cpu one)", "shared (cpu another)"]
    assert [fit.predict(20, 1_060_000).value for fit in fits.values()] == pytest.approx([1.0, 3.0])

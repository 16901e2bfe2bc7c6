"""What is found between two names of one strategy is noise: how large it is, and how often the rule takes it for a change."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from attune_sim.analysis.looks import looks_of
from attune_sim.analysis.noise import COMPARISONS, NOISE_COLUMNS, NoiseFloor
from attune_sim.frame import metrics_frame
from attune_sim.record import Reading


def same_again(
    record_of: Callable[..., Any], noise: float, rounds: int = 20, bias: float = 1.0, **given: Any
) -> NoiseFloor:
    """Three names of one strategy whose times move by `noise`; of the last one all are `bias` times as large."""
    draw = Random(0)
    names = {"shared": 1.0, "shared~2": 1.0, "shared~3": bias}
    records = [
        record_of(
            strategy=name,
            repeat=n,
            readings=(
                Reading("fork_us", factor * draw.uniform(1 - noise, 1 + noise)),
                Reading("fork_bytes", 72.0),
            ),
            samples=(),
            **given,
        )
        for n in range(rounds)
        for name, factor in names.items()
    ]
    return NoiseFloor(metrics_frame(records))


def test_the_same_thing_makes_no_alarm_and_has_the_interval_that_it_moves_by(record_of) -> None:
    frame = same_again(record_of, 0.03).frame(10).set_index("metric")

    assert list(frame.reset_index().columns[:1]) == ["metric"]
    assert {"metric", *frame.columns} == set(NOISE_COLUMNS)
    assert frame.loc["fork_us", "false_alarm_rate"] == 0
    assert 0.005 < frame.loc["fork_us", "interval"] < 0.03
    assert frame.loc["fork_us", "low"] < 1 < frame.loc["fork_us", "high"]
    assert list(frame.loc["fork_bytes", ["interval", "alarms", "rounds", "disjoint"]]) == [0, 0, 20, 4]
    assert (frame["comparisons"] == COMPARISONS).all()


def test_a_machine_that_changes_its_speed_is_no_noise_of_what_grows_with_a_power_of_the_pace(
    record_of,
) -> None:
    """Each comparison is freed of it by its own pairs, as one that somebody asked for."""
    draw = Random(0)
    floors = [0.1 * draw.uniform(1, 2) for _ in range(40)]
    records = [
        record_of(
            strategy=name,
            repeat=n,
            readings=(Reading("fork_us", floor**0.5), Reading("floor_us", floor)),
            samples=(),
        )
        for name, of_name in (("shared", floors[:20]), ("shared~2", floors[20:]))
        for n, floor in enumerate(of_name)
    ]
    metrics = metrics_frame(records)
    paced, unpaced = NoiseFloor(metrics), NoiseFloor(metrics[metrics["metric"] == "fork_us"])

    known, read = (floor.frame(10).set_index("metric").loc["fork_us"] for floor in (paced, unpaced))
    assert known["alarms"] == 0
    assert known["interval"] < read["interval"] / 2
    assert known["finds"] < 0.1 < read["finds"]


def test_more_pairs_make_less_noise_and_find_less_of_a_difference(record_of) -> None:
    floor = same_again(record_of, 0.1)
    few, many = (floor.frame(n).set_index("metric").loc["fork_us"] for n in (5, 15))

    assert many["interval"] < few["interval"]
    assert many["finds"] < few["finds"]
    assert same_again(record_of, 0.01).frame().set_index("metric").loc["fork_us", "finds"] < 0.05


def test_a_rule_that_errs_is_seen_to_err(record_of) -> None:
    """What one name does in every round is no chance: the rule calls it a change, and here that is a false alarm."""
    found = same_again(record_of, 0.01, bias=1.2).false_alarms("fork_us", 5)

    assert found.alarms / found.comparisons == pytest.approx(2 / 3, abs=0.02)
    assert str(found) == f"{found.alarms} of 500"


def test_the_rate_is_that_of_the_number_of_pairs_and_looks_that_are_asked_about(record_of) -> None:
    floor = same_again(record_of, 0.2)

    assert floor.false_alarms("fork_us", 5).n == 5
    assert floor.false_alarms("fork_us", 30, looks=looks_of(5, 30)).rate <= 0.02
    assert floor.false_alarms("fork_us", 5) == floor.false_alarms("fork_us", 5)
    assert floor.false_alarms("render_us", 5) is None


def test_cells_of_the_same_workload_count_alone_and_of_others_if_there_are_none(record_of) -> None:
    floor = same_again(record_of, 0.03, workload="baseline")

    assert floor.false_alarms("fork_us", 5, workload="health_check").workload == "baseline"
    assert floor.workloads == ["baseline"]


def test_no_pair_is_made_of_names_from_two_places(record_of) -> None:
    records = [
        record_of(strategy=name, repeat=n, surroundings={"cpu": name}, samples=())
        for name in ("shared", "shared~2")
        for n in range(12)
    ]

    assert NoiseFloor(metrics_frame(records)).false_alarms("fork_us", 5) is None


def test_without_cells_there_is_no_noise(record_of) -> None:
    floor = NoiseFloor(metrics_frame([]))

    assert floor.frame().empty
    assert floor.false_alarms("fork_us", 5) is None

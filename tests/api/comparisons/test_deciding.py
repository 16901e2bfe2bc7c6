"""Repeats go on until every verdict is safe, or what may be spent is spent; then it is said what one cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from math import exp
from random import Random
from typing import Any

import pytest

import attune_sim as at
from attune_sim.api.comparisons.deciding import Deciding
from attune_sim.errors import InputError
from attune_sim.record import Reading
from attune_sim.reports.asked import command_of


class Machine:
    """Makes the cells of one repeat after the other: two strategies whose forks differ by a factor, and move by noise."""

    def __init__(
        self, record_of: Callable[..., Any], factor: float, noise: float, looks: tuple[int, ...]
    ) -> None:
        self._record_of, self._factor, self._noise, self._looks = record_of, factor, noise, looks
        self._draw = Random(4)

    def __iter__(self) -> Iterator[list[Any]]:
        for repeat in count():
            yield [
                self._cell(name, factor, repeat)
                for name, factor in (("deepcopy", self._factor), ("shared", 1.0))
            ]

    def _cell(self, name: str, factor: float, repeat: int) -> Any:
        value = factor * exp(self._draw.gauss(0, self._noise))
        readings = (Reading("fork_us", value), Reading("fork_bytes", 72.0))
        return self._record_of(strategy=name, repeat=repeat, looks=self._looks, readings=readings, samples=())


def repeats_of(record_of: Any, deciding: Deciding, factor: float, noise: float) -> list[Any]:
    """The cells that there are when it ends."""
    records: list[Any] = []
    for cells in Machine(record_of, factor, noise, deciding.looks):
        records += cells
        if deciding(records):
            return records
    raise AssertionError


def test_a_large_difference_is_safe_after_the_first_look(record_of) -> None:
    deciding = Deciding()

    assert len(repeats_of(record_of, deciding, factor=10.0, noise=0.1)) == 2 * 5
    assert deciding.unsettled is None


def test_the_budget_does_not_pay_the_time_between_a_stop_and_going_on() -> None:
    times = iter([0.0, 0.0, 4.0, 3600.0, 3602.0, 3606.0])
    deciding = Deciding(budget_s=10.0, clock=lambda: next(times))

    with deciding.timed():
        pass
    with deciding.timed():
        assert deciding._end(1) == ""
        assert deciding._end(1) == "the budget of 10 s ended"
        times = iter([3607.0])


def test_a_small_difference_takes_more_repeats_and_ends_at_a_look_with_a_verdict(record_of) -> None:
    deciding = Deciding()
    records = repeats_of(record_of, deciding, factor=1.1, noise=0.03)

    repeats = len(records) // 2
    assert repeats in deciding.looks
    assert 5 < repeats < 50
    found = at.Comparison(records).verdicts().query("metric == 'fork_us'")
    assert list(found["verdict"]) == ["changed"]
    assert deciding.unsettled is None


def test_what_cannot_be_told_ends_with_the_last_repeat_and_is_said(record_of) -> None:
    deciding = Deciding(most=9)

    assert len(repeats_of(record_of, deciding, factor=1.0, noise=0.3)) == 2 * 9
    assert deciding.unsettled == (
        "it ended with the last repeat after 9 repeats, and one cannot tell: shared (fork_us)"
    )


def test_a_budget_of_time_ends_it_between_two_looks_as_well(record_of) -> None:
    clock = iter([0.0, *(n * 10.0 for n in range(1, 40))])
    deciding = Deciding(budget_s=60.0, clock=lambda: next(clock))

    assert len(repeats_of(record_of, deciding, factor=1.0, noise=0.3)) == 2 * 6
    assert (
        deciding.unsettled
        == "the budget of 60 s ended after 6 repeats, and one cannot tell: shared (fork_us)"
    )


def test_cells_that_are_too_slow_to_be_repeated_end_it(record_of) -> None:
    deciding = Deciding()
    first = [record_of(strategy=name, wall_s=7.0) for name in ("deepcopy", "shared")]
    skipped = [
        record_of(strategy=name, repeat=1, outcome="skipped", readings=(), samples=())
        for name in ("deepcopy", "shared")
    ]

    assert not deciding(first)
    assert deciding([*first, *skipped])


def test_a_single_strategy_has_no_verdict_to_wait_for(record_of) -> None:
    deciding = Deciding()
    records = [record_of(repeat=n) for n in range(5)]

    assert [deciding(records[: n + 1]) for n in range(5)] == [False] * 4 + [True]


@pytest.mark.slow
def test_stopping_at_the_first_verdict_makes_few_false_alarms_all_the_way_through(record_of) -> None:
    """The rule alone is tried a thousand times in tests/analysis/test_looks.py; here with grid, frames and pairs around it."""
    alarms = 0
    for seed in range(60):
        deciding = Deciding()
        machine = Machine(record_of, 1.0, 0.1, deciding.looks)
        machine._draw.seed(seed)
        records: list[Any] = []
        for cells in machine:
            records += cells
            if deciding(records):
                break
        words = at.Comparison(records).verdicts().query("metric == 'fork_us'")["verdict"]
        alarms += list(words) == ["changed"]
    assert alarms <= 3


def test_the_command_in_a_report_asks_for_the_same_again(record_of) -> None:
    cells = at.Comparison([record_of(looks=(5, 7, 9))]).cells

    assert "--repeats auto" in command_of(cells, ())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"repeats": "some"}, "give a number from 1 on, or 'auto'"),
        ({"repeats": 3, "budget": "9s"}, "ends repeats='auto'"),
        ({"repeats": "auto", "budget": "soon"}, "budget 'soon' is no time"),
    ],
)
def test_what_cannot_be_used_is_refused(wrong, says) -> None:
    with pytest.raises(InputError, match=says):
        at.compare("baseline", "shared", items=2, progress=False, **wrong)


@pytest.mark.slow
def test_compare_goes_on_and_a_store_ends_at_the_same_place(tmp_path) -> None:
    def compared() -> at.Comparison:
        return at.compare(
            "baseline", ["deepcopy", "shared"], items=20, repeats="auto", budget="1s",
            store=tmp_path / "cells.jsonl", progress=False,
        )  # fmt: skip

    first = compared()
    assert {record.looks for record in first.records} == {Deciding().looks}
    again = compared()
    assert len(again.records) >= len(first.records)
    assert list(again.records[: len(first.records)]) == list(first.records)
    assert at.load_comparison(tmp_path / "cells.jsonl").verdicts().equals(again.verdicts())

"""Goals and prices as texts: what can be said, and what is said of what cannot."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest

from attune_sim.errors import InputError
from attune_sim.simulation.goals import FIGURES, Goal, read_goals, shown
from attune_sim.simulation.rates import Rates, rates_of


@pytest.mark.parametrize(
    ("text", "figure", "limit", "strict"),
    [
        ("cycle_p99 < 60s", "cycle_p99", 60.0, True),
        ("cycle_p99_s<=1.5min", "cycle_p99", 90.0, False),
        ("memory < 2GiB", "memory", 2**31, True),
        ("memory_bytes<100MB", "memory", 10**8, True),
        ("late <= 0", "late", 0.0, False),
        ("late < 5%", "late", 0.05, True),
        ("skipped <= 3", "skipped", 3.0, False),
        ("cost < 3/day", "cost", 3.0, True),
        ("cost < 3", "cost", 3.0, True),
        ("cost < 90 / month", "cost", 3.0, True),
        ("cost <= 0.5/h", "cost", 12.0, False),
    ],
)
def test_a_goal_is_a_figure_and_its_bound(text: str, figure: str, limit: float, strict: bool) -> None:
    (goal,) = read_goals(text)

    assert (goal.figure, goal.strict) == (figure, strict)
    assert goal.limit == pytest.approx(limit)
    assert goal.holds(limit) is not strict
    assert not goal.holds(limit * 1.01 + 1e-9)
    assert not goal.holds(nan)
    assert str(goal) == text


@pytest.mark.parametrize(
    ("goals", "message"),
    [
        ("speed < 3", r"goal 'speed < 3': there is no figure 'speed'; choose from: cycle_p50, .*memory, cost"),
        ("as fast as can be", r"goal 'as fast as can be' cannot be read; write for example 'cycle_p99 < 60s'"),
        ("cycle_p99 > 60s", r"'cycle_p99 > 60s': less is better of cycle_p99; write cycle_p99 < 60s"),
        ("cycle_p99 < 60 parsecs", r"goal 'cycle_p99 < 60 parsecs': '60 parsecs' is no time"),
        ("memory < 2 gigs", r"goal 'memory < 2 gigs': '2 gigs' is no number of bytes; write for example 2GiB"),
        ("late < 0", r"goal 'late < 0' can never be met; write late <= 0"),
        ("cost < 0/day", r"'cost < 0/day' can never be met; write cost <= 0/day"),
        ("cost < 3/fortnight", r"a cost is for one of h, day, d, week, month, not 'fortnight'"),
        ("cost < -3", r"a cost is 0 or more, not -3"),
        ("skipped <= -1", r"a count is 0 or more, not -1"),
        ([], r"goals: name at least one"),
        ([60], r"goal 60 cannot be read"),
    ],
)  # fmt: skip
def test_a_bad_goal_is_quoted_and_told_what_may_stand_there(goals: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_goals(goals)


def test_goals_may_be_given_as_they_are() -> None:
    goal = Goal("cost < 1", "cost", 1.0)

    assert read_goals(goal) == (goal,)
    assert read_goals([goal, "late <= 0"])[0] is goal


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_told_as_a_person_reads_it(figure: str) -> None:
    assert shown(figure, 12.0)
    assert shown(figure, nan) == "–"


def test_rates_are_what_is_named_and_else_the_defaults() -> None:
    rates = rates_of({"worker_hour": 1, "gb_shipped": 0})

    assert rates == Rates(worker_hour=1, gb_shipped=0)
    assert rates_of(None) == Rates()
    assert rates.text == "worker_hour 1, gb_hour 0.005"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"gpu_hour": 1}, r"price 'gpu_hour'.*choose from: worker_hour, slot_hour, gb_hour, gb_shipped"),
        ({"worker_hour": -1}, r"rates: worker_hour is -1; give a price, 0 or more"),
        ({"gb_hour": "cheap"}, r"rates: gb_hour is 'cheap'"),
        (3, r"rates are a mapping of prices"),
    ],
)
def test_a_bad_rate_says_which_there_are(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rates_of(given)


def test_a_day_costs_its_workers_its_memory_and_what_is_shipped() -> None:
    rates = Rates(worker_hour=1.0, slot_hour=0.5, gb_hour=2.0, gb_shipped=3.0)

    day = rates.a_day(workers=2, slots=4, memory_bytes=3e9, shipped_bytes=5e9)
    assert day == pytest.approx(24 * (2 * (1.0 + 2.0) + 6.0) + 15.0)

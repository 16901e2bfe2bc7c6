from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.errors import InputError
from attune_sim.simulation.schedules import Cron, Every, Poisson, Recorded, read_schedule

DAY = 86_400.0

schedules = st.one_of(
    st.builds(Every, st.floats(0.5, 1e5)),
    st.builds(Poisson, st.floats(1e-5, 1)),
    st.builds(Recorded.of, st.lists(st.floats(0, 1e4), min_size=1, max_size=12)),
    st.sampled_from([Cron("*/5 * * * *"), Cron("0 6 * * 1-5"), Cron("@hourly")]),
)


@given(schedules, st.floats(1, 1e4), st.integers(0, 2**32))
@settings(max_examples=60)
def test_moments_come_in_order_within_the_duration_and_the_same_for_a_seed(
    schedule, duration_s, seed
) -> None:
    moments = list(schedule.moments(duration_s, seed))

    assert moments == sorted(moments) == list(schedule.moments(duration_s, seed))
    assert all(0 <= moment < duration_s for moment in moments)
    assert isinstance(schedule, Poisson) or len(moments) == schedule.count(duration_s)
    assert pickle.loads(pickle.dumps(schedule)) == schedule


@given(schedules, st.floats(1, 1e4))
@settings(max_examples=40)
def test_a_longer_simulation_begins_as_a_shorter_one_does(schedule, duration_s) -> None:
    short, long = (list(schedule.moments(seconds, seed=5)) for seconds in (duration_s, 2 * duration_s))

    assert long[: len(short)] == short


def test_every_five_minutes_is_288_times_a_day() -> None:
    assert Every(300).count(DAY) == len(list(Every(300).moments(DAY, seed=0))) == 288


def test_a_period_that_no_binary_number_holds_is_counted_as_written() -> None:
    assert list(Every(0.1).moments(0.3, seed=0)) == [0.0, 0.1, 0.2]


def test_cron_counts_from_the_begin_of_the_simulation() -> None:
    assert list(Cron("30 * * * *", "2026-01-31T12:15:00Z").moments(7200, seed=0)) == [900.0, 4500.0]
    assert len(list(Cron("*/5 * * * *").moments(DAY, seed=0))) == 288


def test_poisson_comes_as_often_as_it_says() -> None:
    moments = list(Poisson(12 / 3600).moments(1000 * 3600, seed=1))

    assert len(moments) == pytest.approx(12_000, rel=0.03)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"every": "5min"}, Every(300)),
        ({"every": 90}, Every(90)),
        ({"cron": "*/5 * * * *"}, Cron("*/5 * * * *")),
        ({"arrivals": "poisson(12/h)"}, Poisson(12 / 3600)),
        ({"arrivals": "12/h"}, Poisson(12 / 3600)),
        ({"arrivals": "recorded(1s, 90s)"}, Recorded((1.0, 90.0))),
        ({"arrivals": [90, 1.5]}, Recorded((1.5, 90.0))),
        ({"arrivals": Every(3)}, Every(3)),
        ({}, None),
    ],
)
def test_a_schedule_is_read_from_what_is_typed(given, expected) -> None:
    assert read_schedule(**given) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"every": "0s"}, "every '0s' is no time above 0"),
        ({"every": "often"}, "every 'often' is no time; write for example 60s"),
        ({"every": "5min", "arrivals": "12/h"}, "every and arrivals both say when cycles are due; give one of them"),
        ({"cron": "0 0 31 2 *"}, "'0 0 31 2 *' never fires; write for example */5 * * * *"),
        ({"cron": "* * *"}, "'* * *' is not minute, hour, day, month and weekday"),
        ({"cron": "60 * * * *"}, "'60 * * * *' cannot be read"),
        ({"cron": "*/5 * * * * *"}, "is not minute, hour, day, month and weekday"),
        ({"cron": "R * * * *"}, "leaves a field to chance"),
        ({"cron": 5}, "5 is not minute, hour, day, month and weekday"),
        ({"arrivals": "poisson(0/h)"}, "rate '0/h' is no rate; write for example 12/h, or 50/s"),
        ({"arrivals": "poisson(12 per hour)"}, "rate '12 per hour' is no rate"),
        ({"arrivals": "gamma(2)"}, "unknown model 'gamma'; choose from: poisson(12/h), recorded(0s, 90s, 4min), every(5min)"),
        ({"arrivals": []}, "there are no moments: it never fires"),
        ({"arrivals": [-1, 3]}, "moments are seconds from 0 on, not -1.0 to 3.0"),
        ({"arrivals": ["soon"]}, "moments are numbers of seconds"),
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused_with_what_to_write(given, message) -> None:
    with pytest.raises(InputError) as refused:
        read_schedule(**given)

    assert message in str(refused.value)

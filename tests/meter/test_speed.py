"""At which speed of the machine what was told and what was metered are set beside each other."""

import pytest

from attune_sim.meter.speed import Speed, full_speed


def repeats(name, *paces):
    return [({name: told}, {name: metered}) for told, metered in paces]


def test_full_speed_is_that_of_the_fastest_repeat_on_either_side():
    pairs = repeats("floor_us", (0.17, 24.0), (0.24, 17.0), (0.2, 20.0))

    assert full_speed(pairs, "fork_us") == Speed("floor_us", 0.17, 17.0)
    assert full_speed(pairs, "paid_fork_us") is None  # nobody read how fast the machine was in the run
    assert full_speed([({"floor_us": 0.17}, {})], "fork_us") is None


@pytest.mark.parametrize(
    ("metric", "name", "colder"), [("fork_us", "floor_us", 1.015), ("render_us", "pace_us", 1.18)]
)
def test_a_strategy_that_leaves_caches_cold_has_a_speed_of_its_own_and_one_that_was_slow_has_not(
    metric, name, colder
):
    quick, cold, slow = (repeats(name, (x, 10 * x)) for x in (1.0, colder, 1.4))
    beside = [quick, cold, slow]

    assert full_speed(cold, metric, beside) == Speed(name, colder, 10 * colder)
    found = full_speed(slow, metric, beside)
    assert found is not None
    assert found.told < 1.21
    assert not any(map(found.is_of, slow))


def test_a_repeat_counts_where_both_sides_were_nearly_at_full_speed_and_is_as_slow_as_its_paces_say():
    speed = Speed("floor_us", 1.0, 10.0)
    nearly, late, blind = repeats("floor_us", (1.05, 10.9), (1.2, 10.0), (None, 10.0))

    assert [speed.is_of(pair) for pair in (nearly, late, blind)] == [True, False, False]
    assert speed.unequal(nearly) == pytest.approx(1.09 / 1.05)


def test_of_a_run_the_pace_tells_which_repeats_count_and_corrects_nothing():
    speed = Speed("pace_us", 1.0, 10.0)
    nearly, late = repeats("pace_us", (1.04, 10.0), (1.06, 10.0))

    assert [speed.is_of(pair) for pair in (nearly, late)] == [True, False]
    assert speed.unequal(nearly) == 1.0


@pytest.mark.parametrize(
    ("name", "quick", "slow", "tells"),
    [
        ("floor_us", 1, 4, True),
        ("pace_us", 1, 0, False),
        ("pace_us", 2, 3, False),
        ("pace_us", 3, 2, True),
    ],
)
def test_fewer_than_three_repeats_of_a_run_at_full_speed_tell_nothing_and_one_of_a_price_does(
    name, quick, slow, tells
):
    pairs = repeats(name, *[(1.0, 10.0)] * quick, *[(1.4, 14.0)] * slow)

    assert Speed(name, 1.0, 10.0).chosen(pairs) == pairs[: quick * tells]

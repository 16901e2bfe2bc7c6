"""Waits in batches, and the intervals that come of them."""

from math import inf, isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.simulation.waits import BATCHES, Waits, interval_of


def waits_of(values):
    waits = Waits()
    for value in values:
        waits.add(value)
    return waits


@given(values=st.lists(st.integers(0, 1000).map(float), min_size=1, max_size=300))
def test_mean_count_and_longest_are_those_of_all_of_them(values):
    waits = waits_of(values)
    assert waits.count == len(values)
    assert waits.total == pytest.approx(sum(values))
    assert waits.longest == max(values)


def test_nobody_has_no_mean():
    assert isnan(Waits().mean)


def test_too_few_have_an_interval_without_an_end():
    interval = waits_of([1.0] * (BATCHES - 1)).interval()
    assert (interval.mean, interval.low, interval.high) == (1.0, 0.0, inf)


def test_where_nobody_has_waited_nothing_is_said_of_how_long_it_takes():
    assert waits_of([0.0] * 1000).interval().high == inf


def test_of_independent_waits_the_interval_holds_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = [waits_of(rng.exponential(1.0, 1000).tolist()).interval(0.95).holds(1.0) for _ in range(1000)]
    assert sum(held) / 1000 == pytest.approx(0.95, abs=0.02)


def test_an_interval_of_waits_never_reaches_below_nothing():
    rng = np.random.default_rng(0)
    assert waits_of(rng.pareto(1.05, 100).tolist()).interval().low > 0


def test_of_replications_the_interval_is_students():
    from scipy.stats import t

    means = [3.0, 5.0, 4.0, 8.0]
    low, high = t.interval(0.99, 3, loc=5.0, scale=np.std(means, ddof=1) / 2)
    assert interval_of(means) == pytest.approx((5.0, low, high, 0.99))

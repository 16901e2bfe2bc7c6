"""Counts over time, in bins that never become too many."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.simulation.workers.occupancy import BINS, Occupancy

STEPS = st.lists(
    st.tuples(st.floats(0, 1e5) | st.floats(0, 1e-3), st.integers(0, 9), st.integers(0, 9)), max_size=60
)


@given(since=st.sampled_from([0.0, 7.5]), steps=STEPS)
def test_bins_add_up_to_the_integrals_of_the_counts(since, steps):
    occupancy, now = Occupancy(since), since
    waited = served = 0.0
    for passed, waiting, in_service in steps:
        occupancy.waiting, occupancy.in_service = waiting, in_service
        occupancy.most = max(occupancy.most, waiting)
        waited, served, now = waited + waiting * passed, served + in_service * passed, now + passed
        occupancy.advance(now)
    assert occupancy.areas == pytest.approx((waited, served), rel=1e-9, abs=1e-9)
    columns = occupancy.columns()
    times = [*columns["time_s"], now]
    assert len(columns["time_s"]) <= BINS + 1
    widths = [later - time for time, later in pairwise(times)]
    assert sum(w * n for w, n in zip(widths, columns["waiting"], strict=True)) == pytest.approx(
        waited, rel=1e-6, abs=1e-6
    )
    assert all(
        most >= mean - 1e-9 for most, mean in zip(columns["most_waiting"], columns["waiting"], strict=True)
    )


def test_the_most_is_kept_though_it_lasts_for_a_moment_only():
    occupancy = Occupancy(0.0)
    occupancy.advance(1e6)
    occupancy.waiting = occupancy.most = 1000
    occupancy.advance(1e6 + 1e-6)
    occupancy.waiting = 0
    occupancy.advance(2e6)
    assert max(occupancy.columns()["most_waiting"]) == occupancy.most_waiting == 1000


def test_there_are_bins_enough_for_a_plot_however_long_it_takes():
    for end in (1.0, 3600.0, 2.6e6):
        occupancy = Occupancy(0.0)
        for step in range(1, 5001):
            occupancy.advance(end * step / 5000)
        assert BINS / 2 - 1 <= len(occupancy.columns()["time_s"]) <= BINS

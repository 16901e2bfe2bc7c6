"""A fixed piece of work, by which the speed of a machine is told."""

import gc
from time import perf_counter

import pytest

from attune_sim.probes.pace import pace_us


def test_the_shortest_of_three_times_counts():
    moments = iter([0.0, 5e-6, 1.0, 1.0 + 2e-6, 2.0, 2.0 + 9e-6])
    assert pace_us(lambda: next(moments)) == pytest.approx(2.0)


def test_the_work_takes_time_and_leaves_nothing_to_the_collector():
    gc.collect()
    assert pace_us(perf_counter) > 0
    assert gc.collect() == 0

"""A station comes to the recursions of queueing theory, wait by wait: so what they come to over millions of arrivals, quickly, it comes to as well."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.simulation.waits import Waits
from attune_sim.simulation.workers.arrivals import Arrivals
from attune_sim.simulation.workers.pool import Pool
from attune_sim.simulation.workers.setting import Workers

TIMES = st.integers(0, 4000).map(lambda eighths: eighths / 8)  # which sums of floats hold exactly


class Listed(Waits):
    def __init__(self):
        super().__init__()
        self.every = []

    def add(self, wait):
        self.every.append(wait)
        super().add(wait)


def waits_of_a_station(gaps, services, servers):
    timeline = VirtualTimeline()
    pool = Pool(Workers(servers), timeline)
    pool.waits = Listed()
    Arrivals(timeline, pool, gaps, services).run()
    return pool.waits


@given(
    customers=st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=60), servers=st.integers(1, 4)
)  # fmt: skip
@settings(max_examples=60)
def test_each_wait_is_that_of_the_recursion(recursion, customers, servers):
    gaps, services = zip(*customers, strict=True)
    expected = recursion.waits(np.array(gaps), np.array(services), servers)
    assert waits_of_a_station(gaps, services, servers).every == expected.tolist()


@pytest.mark.parametrize("servers", [1, 3])
def test_of_thousands_mean_and_interval_are_the_same(recursion, served, servers):
    waits = recursion.drawn(0.8, 128 * 100, seed=0, servers=servers)
    pool = served(0.8, 128 * 100, seed=0, workers=servers)
    assert pool.waits.mean == pytest.approx(waits.mean())
    assert recursion.interval(waits) == pytest.approx(pool.waits.interval())

"""From what the probes saw to the readings of a cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.contexts.registry import strategies
from attune_sim.experiment.readings import fork_readings, memory_readings, time_readings
from attune_sim.probes.memory import Memory
from attune_sim.probes.recorder import Totals

some_us = st.floats(0, 1e6)


def totals(done=10, forks=10, plain=0.0, fork=0.0, render=0.0, action=0.0):
    return Totals(forks, forks, done, 0, 0, forks, plain, fork, render, action)


def by_metric(readings):
    return {one.metric: one for one in readings}


@given(done=st.integers(1, 1000), fork=some_us, render=some_us, action=some_us, plain=some_us, rest=some_us)
def test_the_parts_of_an_item_add_up_to_the_run(done, fork, render, action, plain, rest):
    wall_s = (fork + render + action + plain + rest) / 1e6
    seen = totals(done, done, plain, fork, render, action)
    found = by_metric(time_readings(seen, wall_s, inline=True))
    parts = sum(found[name].value for name in ("render_us", "action_us", "bookkeeping_us"))
    assert (parts * done + fork + plain) / 1e6 == pytest.approx(wall_s, rel=1e-6, abs=1e-9)


def test_bookkeeping_is_unknown_where_actions_overlap():
    found = by_metric(time_readings(totals(), 1.0, inline=False))
    assert found["bookkeeping_us"].value is None
    assert found["bookkeeping_us"].label == "unavailable: actions overlap"


def test_without_an_item_that_ended_there_is_no_time_of_one():
    found = by_metric(time_readings(totals(done=0), 1.0, inline=True))
    assert found["wall_s"].value == 1.0
    assert {found[name].value for name in ("render_us", "action_us", "bookkeeping_us")} == {None}


def test_a_counter_that_is_missing_is_a_row_without_value():
    labels = {"allocated_blocks": "unavailable: bypassed", "live_heap_bytes": "resident memory stands in"}
    found = by_metric(memory_readings({"live_heap_bytes": 5.0}, labels))
    assert (found["live_heap_bytes"].value, found["live_heap_bytes"].label) == (
        5.0,
        "resident memory stands in",
    )
    assert (found["allocated_blocks"].value, found["allocated_blocks"].label) == (
        None,
        "unavailable: bypassed",
    )


class Source:
    """What a fan-out forked from."""

    def __init__(self, name=None):
        self.context = self.forker = None
        self.item = {"id": 1}
        if name is not None:
            strategy = strategies[name]()
            results = {"fetch": [{"id": n, "load": n / 7} for n in range(2_000)]}
            self.context = strategy.begin({"parameters": {}, "workflow": {}, "task": results})
            self.forker = strategy.fan_out(self.context, None)


def test_a_run_without_a_fan_out_says_so():
    [readings] = fork_readings(Source(), totals(), Memory(), 1e8)
    assert {one.label for one in readings} == {"unavailable: nothing fanned out"}


def test_fast_forks_are_timed_in_batches_and_slow_ones_as_they_were_in_the_run():
    fast = by_metric(next(fork_readings(Source("shared"), totals(fork=20.0), Memory(), 1e8)))
    assert fast["fork_us"].value < 1.0
    assert fast["fork_us"].n > 1000
    assert 0.2 < fast["fork_us"].value / fast["floor_us"].value < 5
    slow = by_metric(next(fork_readings(Source("deepcopy"), totals(fork=5000.0), Memory(), 1e8)))
    assert slow["fork_us"].value == pytest.approx(500, rel=0.02)
    assert slow["fork_us"].n == 10


def test_copied_and_alive_bytes_come_from_the_bytes_of_one_fork():
    seen = Totals(100, 100, 100, 0, 0, 20, 0.0, 1e6, 0.0, 0.0)
    _, memory, _ = fork_readings(Source("deepcopy"), seen, Memory(), 1e8)
    found = by_metric(memory)
    assert found["copied_bytes"].value == pytest.approx(100 * found["fork_bytes"].value)
    assert found["alive_bytes"].value == pytest.approx(20 * found["fork_bytes"].value)

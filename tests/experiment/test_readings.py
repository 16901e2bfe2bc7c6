"""From what the probes saw to the readings of a cell."""

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.experiment.readings import fork_readings, memory_readings, time_readings
from attune_sim.probes.memory import Memory
from attune_sim.probes.recorder import Totals
from attune_sim.probes.typical import Typical

NOBODY = Typical(None, None, None)


def totals(done=10, forks=10, plain=0.0, fork=0.0, render=0.0, action=0.0):
    return Totals(forks, forks, done, 0, 0, forks, plain, fork, render, action)


def by_metric(readings):
    return {one.metric: one for one in readings}


def timed(typical=NOBODY, wall_s=1.0, inline=True, eager=False, **seen):
    return by_metric(time_readings(totals(**seen), typical, wall_s, clock_us=0.1, inline=inline, eager=eager))


def test_bookkeeping_is_what_neither_fork_nor_rendering_nor_action_took():
    typical = Typical(fork_us=2.0, render_us=3.1, between_us=9.0)
    windowed = timed(typical, action=50.0)
    assert windowed["render_us"].value == pytest.approx(3.0)
    assert windowed["action_us"].value == pytest.approx(5.0)
    assert windowed["bookkeeping_us"].value == pytest.approx(3.9)
    assert timed(typical, eager=True)["bookkeeping_us"].value == pytest.approx(5.9)


def test_a_preempted_run_is_seen_in_its_wall_time_and_in_no_figure_of_the_engine():
    typical = Typical(fork_us=2.0, render_us=3.0, between_us=9.0)
    calm = timed(typical, wall_s=0.001)
    disturbed = timed(typical, wall_s=0.006, fork=5_000.0, render=5_000.0)
    for metric in ("render_us", "bookkeeping_us"):
        assert disturbed[metric].value == calm[metric].value
    assert disturbed["wall_s"].value == 0.006


def test_bookkeeping_is_unknown_where_actions_overlap():
    found = timed(Typical(1.0, 1.0, 5.0), inline=False)
    assert found["bookkeeping_us"].value is None
    assert found["bookkeeping_us"].label == "unavailable: actions overlap"


def test_bookkeeping_of_one_item_is_unknown():
    found = timed(Typical(1.0, 1.0, None), done=1)
    assert found["bookkeeping_us"].value is None
    assert "fewer than two" in found["bookkeeping_us"].label


def test_without_an_item_that_ended_there_is_no_time_of_one():
    found = timed(done=0)
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


def forks_of(source, seen=None, fork_us=None):
    typical = Typical(fork_us, None, None)
    return fork_readings(source, seen or totals(), typical, Memory(), 1e8, clock_us=0.1)


def test_a_run_without_a_fan_out_says_so():
    [readings] = forks_of(Source())
    assert {one.label for one in readings} == {"unavailable: nothing fanned out"}


def test_fast_forks_are_timed_in_batches_however_disturbed_the_run_was():
    found = by_metric(next(forks_of(Source("shared"), totals(fork=5e6), fork_us=5_000.0)))
    assert found["fork_us"].value < 5_000.0
    assert found["fork_us"].n == found["floor_us"].n > 1000


def test_slow_forks_that_took_seconds_are_their_mean_because_the_collector_is_part_of_it():
    found = by_metric(next(forks_of(Source("deepcopy"), totals(fork=5e6), fork_us=300_000.0)))
    assert found["fork_us"].value == pytest.approx(500_000, rel=1e-3)


def test_slow_forks_of_a_short_run_are_their_median_however_disturbed_it_was():
    found = by_metric(next(forks_of(Source("deepcopy"), totals(fork=5e6), fork_us=500.1)))
    assert found["fork_us"].value == pytest.approx(500.0)
    assert found["fork_us"].n == 10


class Slow:
    """A forker that takes its time, and that of nobody else: no fork of the run was finished."""

    def fork(self, item, index):
        return sum(range(5_000))


def test_without_a_finished_fork_the_time_of_one_is_missing():
    source = Source()
    source.forker = Slow()
    found = by_metric(next(forks_of(source, totals(forks=0, done=0))))
    assert found["fork_us"].value is None
    assert found["floor_us"].value > 0


def test_copied_and_alive_bytes_come_from_the_bytes_of_one_fork():
    seen = Totals(100, 100, 100, 0, 0, 20, 0.0, 1e6, 0.0, 0.0)
    _, memory, _ = forks_of(Source("deepcopy"), seen, fork_us=1e4)
    found = by_metric(memory)
    assert found["copied_bytes"].value == pytest.approx(100 * found["fork_bytes"].value)
    assert found["alive_bytes"].value == pytest.approx(20 * found["fork_bytes"].value)

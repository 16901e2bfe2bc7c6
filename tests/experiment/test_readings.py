"""From what the probes saw to the readings of a cell."""

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.engine.events import ActionEnded
from attune_sim.engine.offer import Offer
from attune_sim.experiment.readings import fork_readings, memory_readings, time_readings
from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.memory import Memory
from attune_sim.probes.recorder import Totals
from attune_sim.probes.typical import Typical

NOBODY = Typical(None, None)


def totals(done=10, plain=0.0, fork=0.0, render=0.0, action=0.0):
    return Totals(done, 0, 0, plain, fork, render, action)


def log_of(usual=None, forks=10, total=None):
    """Forks of which all took the usual microseconds but the last one, which took what is left of the total."""
    log = ForkLog()
    log.task_started("each", 0, forks)
    if usual is not None:
        left = usual if total is None else total - (forks - 1) * usual
        for index, us in enumerate([usual] * (forks - 1) + [left]):
            log.forked("each", index, object(), us)
    return log


def by_metric(readings):
    return {reading.metric: reading for reading in readings}


def timed(typical=NOBODY, fork_us=None, wall_s=1.0, inline=True, eager=False, **seen):
    return by_metric(
        time_readings(
            totals(**seen), typical, log_of(fork_us), wall_s, clock_us=0.1, inline=inline, eager=eager
        )
    )


def test_bookkeeping_is_what_neither_fork_nor_rendering_nor_action_took():
    typical = Typical(render_us=3.1, between_us=9.0)
    windowed = timed(typical, 2.0, action=50.0)
    assert windowed["render_us"].value == pytest.approx(3.0)
    assert windowed["action_us"].value == pytest.approx(5.0)
    assert windowed["bookkeeping_us"].value == pytest.approx(3.9)
    assert timed(typical, 2.0, eager=True)["bookkeeping_us"].value == pytest.approx(5.9)


def test_a_preempted_run_is_seen_in_its_wall_time_and_in_no_figure_of_the_engine():
    typical = Typical(render_us=3.0, between_us=9.0)
    calm = timed(typical, 2.0, wall_s=0.001)
    disturbed = timed(typical, 2.0, wall_s=0.006, fork=5_000.0, render=5_000.0)
    for metric in ("render_us", "bookkeeping_us"):
        assert disturbed[metric].value == calm[metric].value
    assert disturbed["wall_s"].value == 0.006


def test_bookkeeping_is_unknown_where_actions_overlap():
    found = timed(Typical(1.0, 5.0), 1.0, inline=False)
    assert found["bookkeeping_us"].value is None
    assert found["bookkeeping_us"].label == "unavailable: actions overlap"


def test_bookkeeping_of_one_item_is_unknown():
    found = timed(Typical(1.0, None), 1.0, done=1)
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


def offer_of(name, forker=None):
    """What a fan-out forked from, under the strategy of this name."""
    strategy = strategies[name]()
    results = {"fetch": [{"id": n, "load": n / 7} for n in range(2_000)]}
    context = strategy.begin({"parameters": {}, "workflow": {}, "task": results})
    chosen = forker or strategy.fan_out(context, None)
    return Offer(task="each", visit=0, items=[{"id": 1}], forker=chosen, context=context)


def forks_of(offer, forks):
    return fork_readings(offer, forks, Memory(), 1e8, clock_us=0.1)


def test_a_run_without_a_fan_out_says_so():
    [readings] = forks_of(None, log_of())
    assert {reading.label for reading in readings} == {"unavailable: nothing fanned out"}


def test_fast_forks_are_timed_in_batches_however_disturbed_the_run_was():
    found = by_metric(next(forks_of(offer_of("shared"), log_of(5_000.0, total=5e6))))
    assert found["fork_us"].value < 5_000.0
    assert found["fork_us"].n == found["floor_us"].n > 1000


def test_slow_forks_that_took_seconds_are_their_mean_because_the_collector_is_part_of_it():
    found = by_metric(next(forks_of(offer_of("deepcopy"), log_of(300_000.0, total=5e6))))
    assert found["fork_us"].value == pytest.approx(500_000, rel=1e-3)


def test_slow_forks_of_a_short_run_are_their_median_however_disturbed_it_was():
    found = by_metric(next(forks_of(offer_of("deepcopy"), log_of(500.1, total=5e6))))
    assert found["fork_us"].value == pytest.approx(500.0)
    assert found["fork_us"].n == 10


class Slow:
    """A forker that takes its time, and that of nobody else: no fork of the run was finished."""

    def fork(self, item, index):
        return sum(range(5_000))


def test_without_a_finished_fork_the_time_of_one_is_missing():
    found = by_metric(next(forks_of(offer_of("shared", Slow()), log_of())))
    assert found["fork_us"].value is None
    assert found["floor_us"].value > 0


def test_copied_and_alive_bytes_come_from_the_bytes_of_one_fork():
    log = log_of(1e4, forks=20)
    for index in range(80):
        log.action_ended(ActionEnded("each", 0, index % 20, 0, "succeeded"))
        log.forked("each", index % 20, object(), 1e4)
    _, memory, _ = forks_of(offer_of("deepcopy"), log)
    found = by_metric(memory)
    assert found["copied_bytes"].value == pytest.approx(100 * found["fork_bytes"].value)
    assert found["alive_bytes"].value == pytest.approx(20 * found["fork_bytes"].value)

"""Every fork as it is made, whichever way forks and ends interleave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.engine.events import ActionEnded
from attune_sim.engine.observe import Watch
from attune_sim.probes.forklog import ForkLog

FORK_US, PREEMPTION_US = 2.0, 5_000.0


class Telling:
    """Tells a log of forks and of ends; one fork in it may be `disturbed`."""

    def __init__(self, disturbed=None):
        self.log, self.disturbed = ForkLog(), disturbed
        self.watch = Watch([self.log])

    def tell(self, hook, *args):
        for method in getattr(self.watch, hook):
            method(*args)

    def fork(self, task, index):
        us = FORK_US + (PREEMPTION_US if index == self.disturbed else 0.0)
        self.tell("forked", task, index, object(), us)

    def end(self, task, index, attempt=0):
        self.tell("action_ended", ActionEnded(task, 0, index, attempt, "succeeded"))


def eager(items, disturbed=None):
    telling = Telling(disturbed)
    telling.tell("task_started", "each", 0, items)
    for index in range(items):
        telling.fork("each", index)
    for index in range(items):
        telling.end("each", index)
    return telling.log


def windowed(items, window, disturbed=None):
    telling = Telling(disturbed)
    telling.tell("task_started", "each", 0, items)
    under_way = []
    for index in range(items):
        if len(under_way) == window:
            telling.end("each", under_way.pop(0))
        telling.fork("each", index)
        under_way.append(index)
    for index in under_way:
        telling.end("each", index)
    return telling.log


@given(items=st.integers(1, 30), window=st.integers(1, 8))
def test_every_fork_is_counted_and_timed_whether_forks_come_first_or_interleaved(items, window):
    for log in (eager(items), windowed(items, window)):
        assert log.forks == items
        assert log.total_us == pytest.approx(items * FORK_US)
        assert log.typical_us == FORK_US


@given(items=st.integers(1, 30), window=st.integers(1, 8))
def test_the_most_alive_are_all_when_eager_and_the_window_when_windowed(items, window):
    assert eager(items).most_alive == items
    assert windowed(items, window).most_alive == min(items, window)


def test_a_run_that_dies_while_it_forks_leaves_what_it_forked():
    telling = Telling()
    telling.tell("task_started", "each", 0, 1000)
    for index in range(7):
        telling.fork("each", index)
    assert (telling.log.forks, telling.log.most_alive, telling.log.total_us) == (7, 7, 7 * FORK_US)


def test_the_fork_of_a_retry_counts_and_is_alive_alone():
    telling = Telling()
    telling.tell("task_started", "each", 0, 2)
    for attempt in range(2):
        telling.fork("each", 1)
        telling.end("each", 1, attempt)
    assert (telling.log.forks, telling.log.most_alive) == (2, 1)
    assert telling.log.total_us == 2 * FORK_US


def test_the_fork_of_a_plain_task_is_none_of_an_item():
    telling = Telling()
    telling.tell("task_started", "fetch", 0, None)
    telling.fork("fetch", None)
    telling.end("fetch", None)
    assert (telling.log.forks, telling.log.total_us, telling.log.typical_us) == (0, 0.0, None)


@pytest.mark.parametrize("log", [eager(100, disturbed=7), windowed(100, 4, disturbed=7)])
def test_one_preemption_does_not_move_the_typical_fork(log):
    assert log.typical_us == FORK_US
    assert log.total_us == pytest.approx(100 * FORK_US + PREEMPTION_US)


def test_the_largest_fan_out_speaks_and_a_long_one_is_looked_at_evenly():
    telling = Telling(disturbed=20_000)
    for task, items, us in (("small", 3, 100.0), ("large", 25_000, FORK_US), ("late", 5, 100.0)):
        telling.tell("task_started", task, 0, items)
        for index in range(items):
            telling.tell("forked", task, index, object(), us)
    assert telling.log.typical_us == FORK_US
    assert telling.log.forks == 25_008


def test_a_fork_in_the_log_takes_four_bytes():
    assert eager(1000).nbytes == 4 * 1000

"""Forks that were kept, and forks that attempts made."""

from hypothesis import given
from hypothesis import strategies as st

from attune_sim.engine.events import ActionEnded
from attune_sim.engine.observe import ForksMade
from attune_sim.engine.offer import Offer
from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.recorder import Recorder

FORK_US = 2.0


def offer(items):
    return Offer(task="each", visit=0, forker=None, items=[0] * items)


def log_of(items, *, kept=None, ended=0, attempts=1):
    recorder = Recorder(lambda: 0.0)
    log = ForkLog(recorder)
    recorder.task_started("each", 0, items)
    if kept is not None:
        made = ForksMade(items)
        log.forking(offer(items), made)
        for slot in range(kept):
            made.fork_us[slot] = FORK_US
            made.number += 1
    for index in range(ended):
        for attempt in range(attempts):
            recorder.action_ended(
                ActionEnded("each", 0, index, attempt, "succeeded", started=0.0, ended=0.0, fork_us=FORK_US)
            )
    return log


@given(items=st.integers(1, 30), ended=st.integers(0, 30))
def test_every_fork_is_counted_and_timed_whether_forks_come_first_or_with_their_attempts(items, ended):
    ended = min(ended, items)
    eager, windowed = log_of(items, kept=items, ended=ended), log_of(items, ended=ended)
    assert (eager.forks, eager.total_us) == (items, items * FORK_US)
    assert (windowed.forks, windowed.total_us) == (ended, ended * FORK_US)
    assert (eager.kept, windowed.kept) == (items, 0)


def test_forks_for_retries_count():
    log = log_of(4, ended=4, attempts=3)
    assert (log.forks, log.total_us) == (12, 12 * FORK_US)


def test_a_run_that_dies_while_it_forks_leaves_what_it_forked():
    log = log_of(1_000, kept=7)
    assert (log.forks, log.total_us) == (7, 7 * FORK_US)


def test_what_it_took_to_let_go_is_summed():
    log = log_of(2, kept=2)
    log.fan_out_closed(offer(2), 3.0)
    log.fan_out_closed(offer(2), 4.0)
    assert log.drop_us == 7.0

"""Forks that were kept, and forks that attempts made."""

import gc
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.engine.events import ActionEnded
from attune_sim.engine.observe import ForksMade
from attune_sim.engine.offer import Offer
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.memory import Memory
from attune_sim.probes.recorder import Recorder
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of
from attune_sim.workflow import Task, Workflow

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


def test_times_of_forks_are_the_run_s_while_its_fan_out_is_open_and_the_log_s_behind_it():
    log, opened = ForkLog(Recorder(lambda: 0.0)), offer(100)
    log.forking(opened, ForksMade(100))
    assert log.nbytes == 0
    log.fan_out_closed(opened, 0.0)
    assert log.nbytes == 400
    log.fan_out_closed(offer(2), 0.0)  # a windowed one, of which nothing was kept
    assert log.nbytes == 400


class AtItsEnd:
    """What the heap holds as the task ends, beyond what instruments say of themselves."""

    def __init__(self, memory, *instruments):
        self._memory, self._instruments = memory, instruments
        self.held = 0.0

    def task_ended(self, *how):
        self.held = self._memory.heap() - sum(one.nbytes for one in self._instruments)


def held_each(memory, items, dispatch, *, watched):
    timeline = RealTimeline()
    recorder = Recorder(timeline.now)
    log = ForkLog(recorder)
    instruments = (recorder, log) if watched else ()
    end = AtItsEnd(memory, *instruments)
    task = Task("each", action="t.each", with_items="{{ parameters.numbers }}", input={"n": "{{ item }}"})
    spec = RunSpec(
        workflow=Workflow((task,), ref="t"), parameters={"numbers": list(range(items))}, dispatch=dispatch
    )
    session = session_of(spec, {"t.each": lambda n: None}, observers=(*instruments, end))
    gc.collect()
    before = memory.heap()
    executor_named("inline").run(session.job, timeline)
    return (end.held - before) / items


@pytest.mark.skipif(sys.platform != "linux", reason="the live heap is read from glibc")
@pytest.mark.parametrize("dispatch", ["eager", "windowed"])
def test_what_instruments_say_they_hold_is_what_a_run_holds_more_with_them(dispatch):
    memory, items = Memory(), 20_000
    held_each(memory, 1_000, dispatch, watched=True)

    bare = held_each(memory, items, dispatch, watched=False)
    assert held_each(memory, items, dispatch, watched=True) == pytest.approx(bare, abs=1.0)

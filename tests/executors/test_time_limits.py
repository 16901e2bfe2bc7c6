"""The timeout of a task that runs a sub-workflow: the sub-workflow ends with it, under every executor."""

import asyncio
import json
import threading
import time

import pytest

from attune_sim.errors import ActionTimeout
from attune_sim.executors import executor_named
from attune_sim.executors.drive import Drive
from attune_sim.executors.fates import Fate, Foretold
from attune_sim.executors.simulated import SimulatedPerformer
from attune_sim.executors.timeline import RealTimeline, VirtualTimeline
from attune_sim.loader import load
from attune_sim.probes.fake import FakeClock
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of

EXECUTORS = ["inline", "threads", "asyncio"]
# A limit is whole seconds, and they have to pass. Workers of `threads` make their calls as `inline` does.
SLOW_THREADS = pytest.param("threads", marks=pytest.mark.slow)
SLOW_ASYNCIO = pytest.param("asyncio", marks=pytest.mark.slow)

PARENT = load("""
version: '1'
tasks:
  - name: call
    action: demo.child
    timeout: 1
    next: [{when: "{{ timed_out() }}", do: [after], publish: [{said: "{{ result().error }}"}]}]
  - {name: after, action: t.note, input: {what: after}}
output_map: {said: "{{ said }}"}
""")
CHILD = load("""
version: '1'
ref: demo.child
tasks:
  - name: work
    action: t.nap
    with_items: "{{ range(4) }}"
    input: {n: "{{ item }}"}
    next: [{do: [then]}]
  - {name: then, action: t.note, input: {what: child}}
""")


class Notes:
    """Actions that note what was called: item 1 takes a quarter of a second, and item `hangs` does not come back before
    something outside of the sub-workflow is called, or the test is over."""

    def __init__(self, hangs=None):
        self.hangs, self.seen, self.outside = hangs, [], threading.Event()

    def table(self):
        return {"t.nap": self.nap, "t.note": self.note}

    def nap(self, n):
        self.seen.append(n)
        if n == self.hangs:
            self.outside.wait(timeout=30)
        elif n == 1:
            time.sleep(0.25)

    def note(self, what):
        self.seen.append(what)
        if what != "child":
            self.outside.set()


def _spec(workflow=PARENT, workflows=(CHILD,)):
    return RunSpec(workflow=workflow, workflows=tuple(workflows))


def _run(executor, notes, **options):
    session = session_of(_spec(**options), notes.table())
    executor_named(executor).run(session.job)
    notes.outside.set()
    return session.state


@pytest.mark.parametrize("executor", ["inline", SLOW_THREADS, "asyncio"])
def test_a_sub_workflow_that_takes_longer_than_its_task_may_is_dropped(executor):
    notes = Notes(hangs=2)

    state = _run(executor, notes)

    assert state.status == "succeeded"
    assert state.task_statuses == {"call": "timed_out", "after": "succeeded"}
    assert state.output["said"] == "timed out after 1 s"
    assert notes.seen == [0, 1, 2, "after"], "nothing of the child begins once it is over"


@pytest.mark.parametrize("executor", ["inline", SLOW_THREADS, SLOW_ASYNCIO])
def test_one_action_that_never_ends_cannot_hold_the_sub_workflow(executor):
    notes = Notes(hangs=0)

    state = _run(executor, notes)

    assert state.task_statuses["call"] == "timed_out"
    assert notes.seen == [0, "after"]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_sub_workflow_in_time_is_not_touched(executor):
    notes = Notes()

    state = _run(executor, notes)

    assert state.task_statuses == {"call": "succeeded"}
    assert notes.seen == [0, 1, 2, 3, "child"]


def test_a_coroutine_of_a_dropped_sub_workflow_is_cancelled():
    cancelled = []

    async def nap(n):
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.append(n)
            raise

    session = session_of(_spec(), {"t.nap": nap, "t.note": lambda what: None})
    executor_named("asyncio").run(session.job)

    assert session.state.task_statuses["call"] == "timed_out"
    assert cancelled == [0]


def _virtually(durations, **options):
    session, timeline = session_of(_spec(**options), {"t.nap": None, "t.note": None}), VirtualTimeline()
    performer = SimulatedPerformer(Foretold(lambda command: Fate(duration=durations[command.action])))
    Drive(session.job, timeline, performer).run()
    return session.state, timeline


def test_in_virtual_time_the_task_ends_at_its_limit_to_the_second():
    state, timeline = _virtually({"t.nap": 0.4, "t.note": 0.25})

    assert state.task_statuses == {"call": "timed_out", "after": "succeeded"}
    assert timeline.now() == 1.25


RETRIED = load("""
version: '1'
tasks:
  - {name: call, action: demo.child, timeout: 1, retry: {count: 2, delay: 3}}
""")


def test_each_attempt_has_the_whole_time_and_the_pause_of_a_retry_is_not_cut():
    state, timeline = _virtually({"t.nap": 0.4, "t.note": 0}, workflow=RETRIED)

    assert state.task_statuses == {"call": "timed_out"}
    assert state.task_starts == ["call"] * 3
    assert timeline.now() == 1 + 3 + 1 + 3 + 1


OUTER = load("""
version: '1'
tasks:
  - {name: outer, action: demo.middle, timeout: 1}
""")
MIDDLE = load("""
version: '1'
ref: demo.middle
tasks:
  - name: inner
    action: demo.child
    timeout: 10
    next: [{when: "{{ timed_out() }}", do: [never]}]
  - {name: never, action: t.note, input: {what: never}}
""")


@pytest.mark.parametrize("executor", ["inline", SLOW_THREADS, SLOW_ASYNCIO])
def test_the_limit_of_the_outermost_holds_for_all_inside(executor):
    notes = Notes(hangs=0)

    state = _run(executor, notes, workflow=OUTER, workflows=[MIDDLE, CHILD])

    assert state.task_statuses == {"outer": "timed_out"}
    assert notes.seen == [0]


ITEMS = load("""
version: '1'
tasks:
  - {name: each, action: demo.child, timeout: 1, with_items: "{{ [1, 2, 3] }}", concurrency: 3}
""")


def test_every_item_of_a_fan_out_has_its_own_limit():
    state, timeline = _virtually({"t.nap": 0.4, "t.note": 0}, workflow=ITEMS)

    failed = state.task_results["each"]["failed_items"]
    assert [one["error"] for one in failed] == ["timed out after 1 s"] * 3
    assert timeline.now() == 1


def _lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("executor", ["inline", SLOW_THREADS, "asyncio"])
def test_a_run_that_is_taken_up_after_the_drop_does_nothing_of_the_sub_workflow_again(
    journaled, executor, tmp_path
):
    whole = tmp_path / "whole.jsonl"
    undisturbed = journaled(whole, _spec(), Notes(hangs=2).table(), executor=executor)
    lines = whole.read_bytes().splitlines(keepends=True)
    kinds = [line[0] for line in _lines(whole)[1:]]
    assert kinds.count("t") == 1

    for cut in range(kinds.index("t") + 2, len(lines) + 1):
        path = tmp_path / f"{cut}.jsonl"
        path.write_bytes(b"".join(lines[:cut]))
        notes = Notes(hangs=2)
        again = journaled(path, _spec(), notes.table(), executor=executor, resume=True)
        assert (again.output, again.task_statuses) == (undisturbed.output, undisturbed.task_statuses)
        assert set(notes.seen) <= {"after"}


@pytest.mark.parametrize("executor", ["inline", "asyncio"])
def test_an_attempt_that_outlasts_its_run_before_anybody_rings_takes_no_later_one_with_it(executor):
    """Whoever tells of its end is not asked to stop: what would be stopped then is the attempt after it."""
    clock, seen = FakeClock(), []

    async def nap(n):
        clock.advance(5.0)  # past the limit of the sub-workflow, while its timer could not ring
        raise ActionTimeout("late")

    async def note(what):
        await asyncio.sleep(0)  # where a stop that was meant for another attempt would reach it
        seen.append(what)

    session = session_of(_spec(), {"t.nap": nap, "t.note": note})
    executor_named(executor).run(session.job, RealTimeline(clock=clock))

    assert session.state.status == "succeeded", session.state.error
    assert seen == ["after"]

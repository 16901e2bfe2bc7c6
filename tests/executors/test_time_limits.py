"""The timeout of a task that runs a sub-workflow: the sub-workflow ends with it, under every executor."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.engine.definition import definition
from attune_sim.engine.journal import Journal, Recorded
from attune_sim.engine.runner import Runner
from attune_sim.executors import executor_named
from attune_sim.executors.virtual import Foretold, VirtualExecutor
from attune_sim.loader import load

EXECUTORS = ["inline", "threads", "asyncio"]

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
    """Actions that note what was called, with naps of a given length."""

    def __init__(self, nap, *, asynchronous=False):
        self.nap, self.asynchronous, self.seen = nap, asynchronous, []

    def table(self):
        async def nap(n):
            self.seen.append(n)
            await asyncio.sleep(self.nap)

        def sync_nap(n):
            self.seen.append(n)
            time.sleep(self.nap)

        return {"t.nap": nap if self.asynchronous else sync_nap, "t.note": self.note}

    def note(self, what):
        self.seen.append(what)


def _runner(actions, workflow=PARENT, workflows=(CHILD,), **options):
    return Runner(workflow, strategy=strategies["shared"](), actions=actions, workflows=workflows, **options)


def _run(executor, notes, **options):
    runner = _runner(notes.table(), **options)
    executor_named(executor).run(runner)
    return runner.state


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_sub_workflow_that_takes_longer_than_its_task_may_is_dropped(executor):
    notes = Notes(nap=0.4)

    state = _run(executor, notes)

    assert state.status == "succeeded"
    assert state.task_statuses == {"call": "timed_out", "after": "succeeded"}
    assert state.output["said"] == "timed out after 1 s"
    assert notes.seen in ([0, 1, 2, "after"], [0, 1, "after"]), "nothing of the child begins once it is over"


@pytest.mark.parametrize("executor", EXECUTORS)
def test_one_action_that_never_ends_cannot_hold_the_sub_workflow(executor):
    notes = Notes(nap=3)
    began = time.monotonic()

    state = _run(executor, notes)

    assert state.task_statuses["call"] == "timed_out"
    assert time.monotonic() - began < 2.5
    assert notes.seen == [0, "after"]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_sub_workflow_in_time_is_not_touched(executor):
    state = _run(executor, Notes(nap=0))

    assert state.task_statuses == {"call": "succeeded"}


def test_a_coroutine_of_a_dropped_sub_workflow_is_cancelled():
    cancelled = []

    async def nap(n):
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.append(n)
            raise

    runner = _runner({"t.nap": nap, "t.note": lambda what: None})
    executor_named("asyncio").run(runner)

    assert runner.state.task_statuses["call"] == "timed_out"
    assert cancelled == [0]


def _virtually(durations, **options):
    runner = _runner({"t.nap": None, "t.note": None}, **options)
    executor = VirtualExecutor(lambda command: Foretold(duration=durations[command.action]))
    executor.run(runner)
    return runner, executor.now


def test_in_virtual_time_the_task_ends_at_its_limit_to_the_second():
    runner, ended = _virtually({"t.nap": 0.4, "t.note": 0.25})

    assert runner.state.task_statuses == {"call": "timed_out", "after": "succeeded"}
    assert ended == 1.25


RETRIED = load("""
version: '1'
tasks:
  - {name: call, action: demo.child, timeout: 1, retry: {count: 2, delay: 3}}
""")


def test_each_attempt_has_the_whole_time_and_the_pause_of_a_retry_is_not_cut():
    runner, ended = _virtually({"t.nap": 0.4, "t.note": 0}, workflow=RETRIED)

    assert runner.state.task_statuses == {"call": "timed_out"}
    assert runner.state.task_starts == ["call"] * 3
    assert ended == 1 + 3 + 1 + 3 + 1


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


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_limit_of_the_outermost_holds_for_all_inside(executor):
    notes = Notes(nap=5)

    state = _run(executor, notes, workflow=OUTER, workflows=[MIDDLE, CHILD])

    assert state.task_statuses == {"outer": "timed_out"}
    assert notes.seen == [0]


ITEMS = load("""
version: '1'
tasks:
  - {name: each, action: demo.child, timeout: 1, with_items: "{{ [1, 2, 3] }}", concurrency: 3}
""")


def test_every_item_of_a_fan_out_has_its_own_limit():
    runner, ended = _virtually({"t.nap": 0.4, "t.note": 0}, workflow=ITEMS)

    failed = runner.state.task_results["each"]["failed_items"]
    assert [one["error"] for one in failed] == ["timed out after 1 s"] * 3
    assert ended == 1


def _lines(path):
    return [json.loads(line) for line in Path(path).read_bytes().splitlines()]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_run_that_is_taken_up_after_the_drop_does_nothing_of_the_sub_workflow_again(executor, tmp_path):
    whole = tmp_path / "whole.jsonl"
    undisturbed = _journalled(whole, executor, Notes(nap=0.4))
    lines = whole.read_bytes().splitlines(keepends=True)
    kinds = [line[0] for line in _lines(whole)[1:]]
    assert kinds.count("t") == 1

    for cut in range(kinds.index("t") + 2, len(lines) + 1):
        path = tmp_path / f"{cut}.jsonl"
        path.write_bytes(b"".join(lines[:cut]))
        notes = Notes(nap=0.4)
        again = _journalled(path, executor, notes, recorded=Recorded.open(path))
        assert (again.output, again.task_statuses) == (undisturbed.output, undisturbed.task_statuses)
        assert set(notes.seen) <= {"after"}


def _journalled(path, executor, notes, recorded=None):
    journal = Journal(path)
    runner = _runner(notes.table(), journal=journal, recorded=recorded)
    if recorded is None:
        journal.begin({"workflow": definition(PARENT)})
    executor_named(executor).run(runner)
    journal.close()
    return runner.state

"""Actions that are made ready for each attempt: they know which one it is, and what that takes is no part of it."""

import time

import pytest

from attune_sim.executors import executor_named
from attune_sim.executors.readied import Readied, around
from attune_sim.loader import load
from attune_sim.probes.recorder import Recorder
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of

FILE = """
version: 1.0.0
ref: t.each
tasks:
  - {name: each, action: t.act, with_items: "{{ range(3) }}", timeout: 30, input: {n: "{{ item }}"}}
"""


class Slowly(Readied):
    """Takes a while to know what it answers."""

    def call_for(self, command):
        time.sleep(0.05)
        return lambda n: (n, command.index, command.attempt)

    def __repr__(self):
        return "<Slowly>"


@pytest.mark.parametrize("executor", ["inline", "threads", "asyncio"])
def test_an_action_is_made_ready_outside_of_the_times_of_its_attempt(executor):
    slowly, recorder = Slowly(), Recorder(lambda: 0.0)
    session = session_of(RunSpec(workflow=load(FILE)), {"t.act": slowly}, observers=[recorder])
    executor_named(executor).run(session.job)

    assert session.state.task_results["each"]["results"] == [(n, n, 0) for n in range(3)]
    (columns,) = recorder.items
    assert min(slowly.took) >= 0.05
    assert (len(slowly.began), slowly.nbytes) == (3, 48)
    assert all(us < 50_000 for us in (*columns.action_us, *columns.fork_us, *columns.render_us))


def test_something_around_an_action_stands_around_each_of_its_calls():
    class Command:
        index, attempt = 1, 0

    doubled = around(Slowly(), lambda call: lambda n: 2 * call(n))
    assert doubled.ready(Command())(5) == (5, 1, 0) * 2
    with pytest.raises(TypeError, match="is called for an attempt"):
        doubled(n=1)

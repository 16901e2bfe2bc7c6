"""A run whose renderings are watched, beside the same run without a watch."""

import pytest

import attune_sim as at
from attune_sim.executors import executor_named
from attune_sim.executors.drive import Drive
from attune_sim.executors.timeline import RealTimeline
from attune_sim.meter.opened import Opened
from attune_sim.meter.rendered import WatchingPerformer
from attune_sim.session import session_of

WORKFLOW = """
version: 1.0.0
ref: tests.rendered
tasks:
  - name: each
    action: test.act
    with_items: "{{ range(5) }}"
    retry: {count: 2, delay: 0}
    input: {n: "{{ item }}"}
    next: [{do: [last]}]
  - name: last
    action: test.act
    input: {n: "{{ task.each.result | length }}"}
"""


def job_of(dispatch, seen, observers=()):
    def act(n):
        seen.append(n)
        if n == 3 and seen.count(3) == 1:
            raise ValueError("once")
        return n

    spec = at.workload_of(at.load(WORKFLOW)).spec({}, strategy=at.strategies["chainmap"], dispatch=dispatch)
    return session_of(spec, {"test.act": act}, observers=observers)


@pytest.mark.parametrize("dispatch", ["eager", "windowed"])
def test_renderings_of_a_fan_out_are_timed_and_the_run_is_the_same(dispatch):
    seen, opened, timeline = [], Opened(), RealTimeline()
    session = job_of(dispatch, seen, (opened,))
    performer = WatchingPerformer(timeline)

    Drive(session.job, timeline, performer).run()

    as_ever = []
    other = job_of(dispatch, as_ever)
    executor_named("inline").run(other.job)
    assert seen == as_ever
    assert session.state.output == other.state.output
    times = performer.nanoseconds(opened.offer)
    assert len(times) == 5 + (
        dispatch == "windowed"
    )  # a retry of a fork that was kept is made anew, without the watch
    assert min(times) > 0
    assert performer.nanoseconds(None) is None

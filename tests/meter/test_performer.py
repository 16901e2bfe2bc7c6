"""A run of which the meter performs some of the attempts itself, beside the same run without it."""

import pytest

import attune_sim as at
from attune_sim.executors import executor_named
from attune_sim.executors.drive import Drive
from attune_sim.executors.timeline import RealTimeline
from attune_sim.meter.opened import Opened
from attune_sim.meter.performer import MeteringPerformer, read
from attune_sim.session import session_of

ITEMS = 8
FAILS_ONCE, FAILS = 3, 5
WORKFLOW = """
version: 1.0.0
ref: tests.performer
tasks:
  - name: each
    action: test.act
    with_items: "{{ range(8) }}"
    retry: {count: 1, delay: 0}
    input: {n: "{{ item }}", other: "{{ 12 // (item - 7) }}"}
    next: [{when: "{{ completed() }}", do: [last]}]
  - name: last
    action: test.act
    input: {n: "{{ task.each.result | length }}"}
"""


def job_of(dispatch, observers=(), text=WORKFLOW, concurrent=True):
    seen = []

    def act(n, other=None):
        seen.append(n)
        if n == FAILS or (n == FAILS_ONCE and seen.count(n) == 1):
            raise ValueError("no")
        return n

    class Own(at.strategies["chainmap"]):
        name = "own"
        guarantees = at.Guarantees(isolated_items=True, isolated_nested=False, concurrent_forks=concurrent)

    spec = at.workload_of(at.load(text)).spec({}, strategy=Own, dispatch=dispatch)
    return session_of(spec, {"test.act": act}, observers=observers, strategy=Own()), seen


def metered(dispatch, chosen, **more):
    opened, timeline = Opened(), RealTimeline()
    session, seen = job_of(dispatch, (opened,), **more)
    performer = MeteringPerformer(timeline, chosen)
    Drive(session.job, timeline, performer).run()
    return session, seen, performer.times(opened.offer)


def slots(times):
    return {slot for slot, took in enumerate(times) if took}


@pytest.mark.parametrize("dispatch", ["eager", "windowed"])
@pytest.mark.parametrize("concurrent", [True, False])
def test_a_run_is_the_same_whoever_performs_its_attempts(dispatch, concurrent):
    other, as_ever = job_of(dispatch, concurrent=concurrent)
    executor_named("inline").run(other.job)

    for chosen in (lambda slot: True, lambda slot: slot % 2 == 0, lambda slot: False):
        session, seen, times = metered(dispatch, chosen, concurrent=concurrent)
        assert seen == as_ever
        assert session.state.output == other.state.output
        once = {slot for slot in range(ITEMS - 1) if chosen(slot)} - {FAILS_ONCE, FAILS}
        assert slots(times.render) == slots(times.action) == once
        forked = (
            once | {7} if chosen(7) and dispatch == "eager" else once
        )  # 7 cannot be rendered, which the engine tells
        assert slots(times.fork) - {FAILS_ONCE, FAILS} == forked


def test_what_was_not_read_is_no_time():
    assert list(read(metered("eager", lambda slot: slot < 2)[2].action)) != []
    assert not list(read(metered("eager", lambda slot: False)[2].action))


def test_plain_tasks_and_calls_that_have_a_limit_are_left_to_the_engine():
    limited = WORKFLOW.replace("    retry:", "    timeout: 60\n    retry:")

    _, seen, times = metered("eager", lambda slot: True, text=limited)
    assert times is None
    assert len(seen) > ITEMS - 1

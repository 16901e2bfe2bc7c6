"""The instruments of a cell in a run that somebody else drives."""

from collections import Counter
from math import isnan
from statistics import fmean

import pytest

import attune_sim as at
from attune_sim.collector import collector_at_rest
from attune_sim.contexts.registry import strategies
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.experiment.instruments import RunInstruments
from attune_sim.meter.speed import PAID
from attune_sim.session import session_of

ITEMS = 200


@pytest.mark.parametrize("dispatch", ["eager", "windowed"])
def test_they_tell_the_mean_fork_of_the_run_that_has_ended(dispatch):
    class Counting:
        """Seconds that pass only while one of the forks is made."""

        now = 0.0

    class Late(strategies["shared"]):
        name = "late"

        def fan_out(self, context, reads):
            return Delayed(super().fan_out(context, reads))

    class Delayed:
        def __init__(self, forker):
            self._forker = forker

        def fork(self, item, index):
            Counting.now += 1e-3 * (index == ITEMS // 2)
            return self._forker.fork(item, index)

        def __getattr__(self, name):
            return getattr(self._forker, name)

    timeline = RealTimeline(clock=lambda: Counting.now)
    instruments = RunInstruments(timeline, items=ITEMS)
    workload = at.workload_of("baseline", items=ITEMS)
    spec = workload.spec({}, strategy=Late, dispatch=dispatch)
    session = session_of(
        spec, workload.actions(False, None), observers=instruments.observers, strategy=Late()
    )
    executor_named("inline").run(session.job, timeline)

    # One item took a millisecond and the others nothing: 5 us is the mean, and 0 the middle.
    assert instruments.paid_fork_us() == pytest.approx(1_000 / ITEMS, abs=1.5)


@pytest.mark.parametrize("looks", [True, False])
def test_what_items_took_comes_to_what_a_cell_tells_of_a_run_without_collections(looks):
    timeline = RealTimeline()
    instruments = RunInstruments(timeline, items=ITEMS, looks=looks)
    workload = at.workload_of("baseline", items=ITEMS)
    spec = workload.spec({}, strategy=strategies["shared"], dispatch="windowed")
    session = session_of(spec, workload.actions(False, None), observers=instruments.observers)
    with collector_at_rest():
        executor_named("inline").run(session.job, timeline)

    times = instruments.item_times()
    instruments.close()
    assert {metric: len(each) for metric, each in times.items()} == dict.fromkeys(PAID, ITEMS)
    assert fmean(times["paid_fork_us"]) == pytest.approx(instruments.paid_fork_us(), abs=0.05)


def test_an_item_that_was_tried_again_has_no_time_and_a_run_without_items_has_none_at_all():
    tries = Counter()

    def act(n):
        tries[n] += 1
        if n == 2 and tries[n] == 1:
            raise ValueError("once")

    def read(text):
        timeline = RealTimeline()
        instruments = RunInstruments(timeline, items=3, looks=False)
        spec = at.workload_of(at.load(f"version: 1.0.0\ntasks: [{text}]")).spec(
            {}, strategy=strategies["shared"]
        )
        executor_named("inline").run(
            session_of(spec, {"t.act": act}, observers=instruments.observers).job, timeline
        )
        return instruments.item_times()

    each = '{name: each, action: t.act, with_items: "{{ [1, 2, 3] }}", retry: {count: 1, delay: 0}, input: {n: "{{ item }}"}}'
    assert [isnan(us) for us in read(each)["action_us"]] == [False, True, False]
    assert read("{name: one, action: t.act, input: {n: 1}}") == {}

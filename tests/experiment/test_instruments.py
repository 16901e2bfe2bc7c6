"""The instruments of a cell in a run that somebody else drives."""

import pytest

import attune_sim as at
from attune_sim.contexts.registry import strategies
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.experiment.instruments import RunInstruments
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

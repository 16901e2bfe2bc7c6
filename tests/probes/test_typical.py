"""The typical item: medians that one disturbed item does not move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.engine.events import ActionEnded
from attune_sim.probes.fake import FakeClock
from attune_sim.probes.recorder import Recorder
from attune_sim.probes.typical import Typical, typical_of

FORK_S, RENDER_S, ACTION_S, REST_S = 2e-6, 3e-6, 5e-6, 1e-6
PREEMPTION_S = 5e-3


class Run:
    """A windowed fan-out on a fake clock, told to a recorder; `disturbed` names the moment of one preemption."""

    def __init__(self, items, disturbed=None, at=7, attempts=1):
        self.clock = FakeClock()
        self.recorder = Recorder(self.clock)
        self.recorder.task_started("each", 0, items)
        for index in range(items):
            for attempt in range(attempts):
                outcome = "succeeded" if attempt == attempts - 1 else "failed"
                self._attempt(index, attempt, outcome, disturbed if index == at else None)

    def _attempt(self, index, attempt, outcome, disturbed):
        started = self.clock.now
        parts = {"fork": FORK_S, "render": RENDER_S, "action": ACTION_S}
        took = {f"{part}_us": self._pass(seconds, disturbed == part) * 1e6 for part, seconds in parts.items()}
        event = ActionEnded("each", 0, index, attempt, outcome, started=started, ended=self.clock.now, **took)
        self.recorder.action_ended(event)
        self._pass(REST_S, disturbed == "rest")

    def _pass(self, seconds, disturbed):
        passed = seconds + (PREEMPTION_S if disturbed else 0.0)
        self.clock.advance(passed)
        return passed


def us(seconds):
    return pytest.approx(seconds * 1e6, rel=1e-3)


@pytest.mark.parametrize("disturbed", [None, "fork", "render", "action", "rest"])
def test_one_preemption_wherever_it_falls_moves_no_figure(disturbed):
    found = typical_of(Run(100, disturbed).recorder.items)
    assert found.render_us == us(RENDER_S)
    assert found.between_us == us(FORK_S + RENDER_S + REST_S)


@given(attempts=st.integers(1, 5), items=st.integers(2, 30))
def test_retries_are_divided_by_the_attempts_that_were_made(attempts, items):
    assert typical_of(Run(items, attempts=attempts).recorder.items).render_us == us(RENDER_S)


def test_a_single_item_has_no_next_one():
    found = typical_of(Run(1).recorder.items)
    assert (found.render_us, found.between_us) == (us(RENDER_S), None)


def test_without_a_fan_out_there_is_no_typical_item():
    assert typical_of([]) == Typical(None, None)


def test_an_item_that_never_began_counts_for_nothing():
    recorder = Recorder(FakeClock(step=1e-6))
    recorder.task_started("each", 0, 3)
    assert typical_of(recorder.items) == Typical(None, None)
    recorder.action_ended(ActionEnded("each", 0, 0, 0, "succeeded", render_us=1.0))
    assert typical_of(recorder.items) == Typical(1.0, None)


def test_the_largest_fan_out_speaks_and_a_long_one_is_looked_at_evenly():
    small, large = Run(3, "render", at=1).recorder.items, Run(25_000, "render", at=20_000).recorder.items
    assert typical_of([*small, *large]).render_us == us(RENDER_S)

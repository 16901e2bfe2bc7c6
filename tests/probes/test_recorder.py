"""Columns of what happened, whichever way forks, renders and ends interleave."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.engine.events import ActionEnded
from attune_sim.engine.observe import Watch
from attune_sim.probes.fake import FakeClock
from attune_sim.probes.recorder import OUTCOMES, Recorder

FORK_S, RENDER_S, ACTION_S = 2e-6, 3e-6, 5e-6


class Telling:
    """Tells a recorder the life of a run, moving the clock by known amounts."""

    def __init__(self):
        self.clock = FakeClock()
        self.recorder = Recorder(self.clock)
        self.watch = Watch([self.recorder])
        self.tell("run_started", None, None)

    def tell(self, hook, *args):
        for method in getattr(self.watch, hook):
            method(*args)

    def fork(self, task, index):
        self.tell("forking", task, index)
        self.clock.advance(FORK_S)
        self.tell("forked", task, index, object())

    def call(self, task, index, outcome="succeeded", attempt=0):
        self.tell("rendering", task, index)
        self.clock.advance(RENDER_S)
        self.tell("rendered", task, index, {})
        started = self.clock.now
        self.clock.advance(ACTION_S)
        self.tell(
            "action_ended", ActionEnded(task, 0, index, attempt, outcome, None, None, started, self.clock.now)
        )

    def end(self, task, index, outcome="succeeded", attempts=1, error=None):
        self.tell("item_ended", task, 0, index, outcome, attempts, error)


def eager(items):
    telling = Telling()
    telling.tell("task_started", "each", 0, items)
    for index in range(items):
        telling.fork("each", index)
    for index in range(items):
        telling.call("each", index)
        telling.end("each", index)
    telling.tell("task_ended", "each", 0, "succeeded", None, None)
    return telling.recorder


def windowed(items, window):
    telling = Telling()
    telling.tell("task_started", "each", 0, items)
    under_way = []
    for index in range(items):
        if len(under_way) == window:
            ended = under_way.pop(0)
            telling.call("each", ended)
            telling.end("each", ended)
        telling.fork("each", index)
        under_way.append(index)
    for index in under_way:
        telling.call("each", index)
        telling.end("each", index)
    telling.tell("task_ended", "each", 0, "succeeded", None, None)
    return telling.recorder


@given(items=st.integers(1, 30), window=st.integers(1, 8))
def test_every_item_is_timed_the_same_whether_forks_come_first_or_interleaved(items, window):
    for recorder in (eager(items), windowed(items, window)):
        totals = recorder.totals()
        assert (totals.forks, totals.forked_items, totals.done) == (items, items, items)
        assert totals.fork_us == pytest.approx(items * FORK_S * 1e6, rel=1e-5)
        assert totals.render_us == pytest.approx(items * RENDER_S * 1e6, rel=1e-5)
        assert totals.action_us == pytest.approx(items * ACTION_S * 1e6, rel=1e-5)


@given(items=st.integers(1, 30), window=st.integers(1, 8))
def test_the_most_alive_are_all_when_eager_and_the_window_when_windowed(items, window):
    assert eager(items).totals().most_alive == items
    assert windowed(items, window).totals().most_alive == min(items, window)


def test_a_retry_adds_to_the_times_and_counts_one_item():
    telling = Telling()
    telling.tell("task_started", "each", 0, 2)
    telling.fork("each", 1)
    telling.call("each", 1, "failed")
    telling.clock.advance(1.0)
    telling.fork("each", 1)
    telling.call("each", 1, attempt=1)
    telling.end("each", 1, attempts=2)
    totals = telling.recorder.totals()
    assert (totals.forks, totals.forked_items, totals.done, totals.most_alive) == (2, 1, 1, 1)
    columns = telling.recorder.item_columns()
    assert columns["attempts"] == [0, 2]
    assert columns["ended_s"][1] - columns["started_s"][1] == pytest.approx(
        1.0 + FORK_S + RENDER_S + 2 * ACTION_S, rel=1e-5
    )
    assert columns["action_us"][1] == pytest.approx(2 * ACTION_S * 1e6, rel=1e-5)


def test_failed_and_timed_out_items_are_counted_and_keep_their_reason_up_to_a_bound():
    telling = Telling()
    telling.recorder = recorder = Recorder(telling.clock, max_errors=2, error_width=5)
    telling.watch = Watch([recorder])
    telling.tell("task_started", "each", 0, 4)
    for index, outcome in enumerate(["failed", "timed_out", "failed", "succeeded"]):
        telling.end("each", index, outcome, error=None if outcome == "succeeded" else "because of it")
    assert (recorder.done, recorder.failed, recorder.timed_out) == (4, 2, 1)
    assert recorder.errors == {("each", 0, 0): "becau", ("each", 0, 1): "becau"}
    assert recorder.item_columns()["error"] == ["becau", "becau", None, None]
    assert recorder.item_columns()["outcome"] == ["failed", "timed_out", "failed", "succeeded"]


def test_an_item_that_was_never_called_has_no_times():
    telling = Telling()
    telling.tell("task_started", "each", 0, 1)
    columns = telling.recorder.item_columns()
    assert math.isnan(columns["started_s"][0])
    assert math.isnan(columns["ended_s"][0])
    assert columns["outcome"] == [OUTCOMES[0]]


def test_a_plain_task_has_a_row_and_its_time_apart():
    telling = Telling()
    telling.tell("task_started", "fetch", 0, None)
    telling.fork("fetch", None)
    telling.call("fetch", None)
    telling.tell("task_ended", "fetch", 0, "failed", None, "no server")
    totals = telling.recorder.totals()
    assert (totals.forks, totals.done) == (0, 0)
    assert totals.plain_us == pytest.approx((FORK_S + RENDER_S + ACTION_S) * 1e6)
    assert telling.recorder.task_columns()["error"] == ["no server"]
    assert telling.recorder.task_columns()["items"] == [None]


def test_each_visit_of_a_task_has_columns_of_its_own():
    telling = Telling()
    for visit in range(2):
        telling.tell("task_started", "each", visit, 1)
        telling.fork("each", 0)
        telling.call("each", 0)
        telling.tell("item_ended", "each", visit, 0, "succeeded", 1, None)
        telling.tell("task_ended", "each", visit, "succeeded", None, None)
    assert telling.recorder.item_columns()["visit"] == [0, 1]
    assert [row.visit for row in telling.recorder.tasks] == [0, 1]


def test_an_item_takes_at_most_27_bytes():
    telling = Telling()
    telling.tell("task_started", "each", 0, 1000)
    assert telling.recorder.nbytes <= 27 * 1000

"""Columns of what happened, whatever order attempts end in."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.engine.events import ActionEnded
from attune_sim.engine.observe import Watch
from attune_sim.executors.drive import Drive
from attune_sim.executors.fates import Fate, Foretold
from attune_sim.executors.simulated import SimulatedPerformer
from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.frame import items_frame, tasks_frame
from attune_sim.loader import load
from attune_sim.probes.fake import FakeClock
from attune_sim.probes.recorder import OUTCOMES, Recorder
from attune_sim.rehearsal import AnyAction
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of

FORK_US, RENDER_US, ACTION_US = 2.0, 3.0, 5.0
ATTEMPT_S = (FORK_US + RENDER_US + ACTION_US) / 1e6


class Telling:
    """Tells a recorder the life of a run, moving the time by known amounts."""

    def __init__(self, **options):
        self.clock = FakeClock()
        self.recorder = Recorder(self.clock, **options)
        self.watch = Watch([self.recorder])
        self.tell("run_started", None, None)

    def tell(self, hook, *args):
        for method in getattr(self.watch, hook):
            method(*args)

    def call(self, task, index, outcome="succeeded", attempt=0, visit=0):
        started = self.clock.now
        self.clock.advance(ATTEMPT_S)
        event = ActionEnded(
            task, visit, index, attempt, outcome, started=started, ended=self.clock.now,
            fork_us=FORK_US, render_us=RENDER_US, action_us=ACTION_US,
        )  # fmt: skip
        self.tell("action_ended", event)

    def end(self, task, index, outcome="succeeded", attempts=1, error=None):
        if outcome != "succeeded":  # an action that succeeded ends its item
            self.tell("item_failed", task, 0, index, outcome, attempts, error or outcome)

    @property
    def items(self):
        return items_frame(self.recorder.item_columns(), OUTCOMES, self.recorder.errors)


@given(order=st.integers(1, 30).flatmap(lambda items: st.permutations(range(items))))
def test_every_item_is_timed_the_same_in_whatever_order_items_end(order):
    telling = Telling()
    telling.tell("task_started", "each", 0, len(order))
    for index in order:
        telling.call("each", index)
        telling.end("each", index)
    telling.tell("task_ended", "each", 0, "succeeded", None, None)
    totals, (columns,) = telling.recorder.totals(), telling.recorder.items
    assert totals.done == telling.recorder.counts()["succeeded"] == len(order)
    assert totals.fork_us == pytest.approx(len(order) * FORK_US, rel=1e-5)
    assert totals.render_us == pytest.approx(len(order) * RENDER_US, rel=1e-5)
    assert totals.action_us == pytest.approx(len(order) * ACTION_US, rel=1e-5)
    assert list(columns.span_s) == pytest.approx([ATTEMPT_S] * len(order), rel=1e-5)


def test_a_retry_adds_to_the_times_and_counts_one_item():
    telling = Telling()
    telling.tell("task_started", "each", 0, 2)
    telling.call("each", 1, "failed")
    telling.clock.advance(1.0)
    telling.call("each", 1, attempt=1)
    telling.end("each", 1, attempts=2)
    (columns,) = telling.recorder.items
    assert telling.recorder.totals().done == 1
    assert (list(columns.repeats), columns.ended, columns.calls) == ([0, 1], 1, 2)
    assert columns.span_s[1] == pytest.approx(1.0 + 2 * ATTEMPT_S, rel=1e-5)
    assert columns.fork_us[1] == pytest.approx(2 * FORK_US, rel=1e-5)
    assert columns.render_us[1] == pytest.approx(2 * RENDER_US, rel=1e-5)
    assert columns.action_us[1] == pytest.approx(2 * ACTION_US, rel=1e-5)


def test_an_item_whose_first_attempt_was_lost_starts_with_its_second():
    telling = Telling()
    telling.tell("task_started", "each", 0, 1)
    telling.clock.advance(4.0)
    telling.call("each", 0, attempt=1)
    (columns,) = telling.recorder.items
    assert columns.started_s[0] == 4.0
    assert columns.span_s[0] == pytest.approx(ATTEMPT_S, rel=1e-5)


def test_failed_and_timed_out_items_are_counted_and_keep_their_reason_up_to_a_bound():
    telling = Telling(max_errors=2, error_width=5)
    recorder = telling.recorder
    telling.tell("task_started", "each", 0, 4)
    for index, outcome in enumerate(["failed", "timed_out", "failed", "succeeded"]):
        telling.call("each", index, outcome)
        telling.end("each", index, outcome, error=None if outcome == "succeeded" else "because of it")
    assert (recorder.done, recorder.failed, recorder.timed_out) == (4, 2, 1)
    assert recorder.counts() == {"done": 4, "succeeded": 1, "failed": 2, "timed_out": 1}
    assert recorder.errors == {("each", 0, 0): "becau", ("each", 0, 1): "becau"}
    assert telling.items["error"].fillna("").to_list() == ["becau", "becau", "", ""]
    assert telling.items["outcome"].to_list() == ["failed", "timed_out", "failed", "succeeded"]


def test_an_item_that_was_never_called_has_no_times():
    telling = Telling()
    telling.tell("task_started", "each", 0, 1)
    assert math.isnan(telling.items["started_s"][0])
    assert math.isnan(telling.items["ended_s"][0])
    assert telling.items["outcome"].to_list() == [OUTCOMES[0]]


def test_a_plain_task_has_a_row_and_its_time_apart():
    telling = Telling()
    telling.tell("task_started", "fetch", 0, None)
    telling.call("fetch", None)
    telling.tell("task_ended", "fetch", 0, "failed", None, "no server")
    totals = telling.recorder.totals()
    assert (totals.done, telling.recorder.items) == (0, [])
    assert totals.plain_us == pytest.approx(FORK_US + RENDER_US + ACTION_US)
    assert telling.recorder.task_columns()["error"] == ["no server"]
    assert telling.recorder.task_columns()["items"] == [None]
    assert telling.recorder.task_columns()["started_s"] == [0.0]
    assert telling.recorder.task_columns()["ended_s"] == [pytest.approx(ATTEMPT_S)]


def test_each_visit_of_a_task_has_columns_of_its_own():
    telling = Telling()
    for visit in range(2):
        telling.tell("task_started", "each", visit, 1)
        telling.call("each", 0, visit=visit)
        telling.tell("task_ended", "each", visit, "succeeded", None, None)
    assert telling.items["visit"].to_list() == [0, 1]
    assert telling.items["started_s"].to_list() == pytest.approx([0.0, ATTEMPT_S])
    assert [row.visit for row in telling.recorder.tasks] == [0, 1]


def test_an_item_takes_at_most_27_bytes():
    telling = Telling()
    telling.tell("task_started", "each", 0, 1000)
    assert telling.recorder.nbytes <= 27 * 1000


FLEET = """
version: 1.0.0
tasks:
  - {name: find, action: t.find, next: [{do: [each]}]}
  - name: each
    action: t.each
    with_items: "{{ [1, 2, 3] }}"
    concurrency: 2
    timeout: 3600
    input: {n: "{{ item }}"}
"""


def foretold(command):
    """Finding takes a minute, an item an hour times its number, or its timeout."""
    return Fate(duration=60.0 if command.index is None else 3600.0 * (command.index + 1))


def test_times_under_a_virtual_timeline_begin_at_0_and_nothing_costs_anything():
    timeline = VirtualTimeline()
    recorder = Recorder(timeline.now)
    session = session_of(RunSpec(workflow=load(FLEET)), AnyAction(), observers=[recorder])
    Drive(session.job, timeline, SimulatedPerformer(Foretold(foretold))).run()
    tasks, items = (
        tasks_frame(recorder.task_columns()),
        items_frame(recorder.item_columns(), OUTCOMES, recorder.errors),
    )
    assert tasks["started_s"].to_list() == [0.0, 60.0]
    assert tasks["ended_s"].to_list() == [60.0, 60.0 + 2 * 3600.0]
    assert items["started_s"].to_list() == [60.0, 60.0, 60.0 + 3600.0]
    assert items["duration_s"].to_list() == [3600.0] * 3
    assert items["outcome"].to_list() == ["succeeded", "timed_out", "timed_out"]
    assert items[["fork_us", "render_us", "action_us"]].to_numpy().tolist() == [[0.0] * 3] * 3
    assert recorder.plain_us == 0.0


def test_attempts_that_failed_or_came_after_one_that_did_are_kept_up_to_a_bound() -> None:
    recorder = Recorder(lambda: 0.0, max_attempts=3)
    recorder.task_started("each", 0, 2)
    recorder.task_started("plain", 0, None)
    for index, attempt, outcome in ((0, 0, "succeeded"), (1, 0, "failed"), (1, 1, "succeeded")):
        recorder.action_ended(
            ActionEnded("each", 0, index, attempt, outcome, started=attempt, ended=attempt + 0.5)
        )
    for attempt in range(4):
        recorder.action_ended(
            ActionEnded("plain", 0, None, attempt, "failed", started=attempt, ended=attempt + 0.5)
        )

    kept = [(span.task, span.index, span.attempt, span.outcome) for span in recorder.attempts]
    assert kept == [("each", 1, 0, "failed"), ("each", 1, 1, "succeeded"), ("plain", None, 0, "failed")]
    assert recorder.attempt_columns()["ended_s"] == [0.5, 1.5, 0.5]

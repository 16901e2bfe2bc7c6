"""The drive: what it asks of a performer, in which order, and how it ends a run early."""

import asyncio

import pytest

from attune_sim.engine.events import ActionEnded
from attune_sim.executors import executor_named
from attune_sim.executors.aio import AsyncioPerformer
from attune_sim.executors.drive import Drive
from attune_sim.executors.inline import InlinePerformer
from attune_sim.executors.on_loop import drive_on_loop
from attune_sim.executors.threads import ThreadsPerformer
from attune_sim.executors.timeline import RealTimeline, VirtualTimeline
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of


class Holding:
    """A performer that takes attempts on and holds them until it is told how they end."""

    def __init__(self):
        self.log, self.held = [], {}

    def enter(self, drive):
        self.drive = drive

    def open(self, command):
        self.log.append(("open", command.offer.task))

    def start(self, command):
        self.log.append(("start", command.task, command.index))
        self.held[command.task, command.index] = command

    def stop(self, command):
        self.log.append(("stop", command.task, command.index))

    def withdraw(self):
        queued = [command for command in self.held.values() if command.slot]  # the first one has begun
        for command in queued:
            del self.held[command.task, command.index]
        return queued

    def close(self, offer):
        self.log.append(("close", offer.task))

    def leave(self):
        self.log.append(("leave",))

    def end(self, task, index=None, outcome="succeeded", result=None, error=None):
        key = self.held.pop((task, index)).key
        self.drive.tell(
            ActionEnded(
                key.task, key.visit, key.index, key.attempt, outcome, result, error, 0.0, 1.0, key.run
            )
        )


def held(text, workflows=(), **options):
    spec = RunSpec(workflow=load("version: '1'\n" + text), workflows=tuple(map(load, workflows)), **options)
    session = session_of(spec, {"t.a": None})
    timeline, performer = VirtualTimeline(), Holding()
    drive = Drive(session.job, timeline, performer)
    drive.begin()
    return session, timeline, performer, drive


FAN = """
tasks:
  - name: each
    action: t.a
    with_items: "{{ [10, 20, 30] }}"
    concurrency: 2
    retry: {count: 1, delay: 5, on_error: "{{ result().code == item }}"}
    input: {n: "{{ item }}"}
    next: [{do: [after]}]
  - {name: after, action: t.a, input: {n: 1}}
"""


def test_a_performer_hears_of_offers_before_their_first_attempt_and_after_their_last():
    session, _, performer, drive = held(FAN)
    for n in range(3):
        performer.end("each", n, result=n)
    performer.end("after")

    assert performer.log == [
        ("open", "each"),
        ("start", "each", 0),
        ("start", "each", 1),
        ("start", "each", 2),
        ("close", "each"),
        ("open", "after"),
        ("start", "after", None),
        ("close", "after"),
    ]
    assert drive.is_over()
    assert session.state.status == "succeeded"


def test_on_error_is_asked_at_home_when_an_attempt_has_failed():
    session, timeline, performer, _ = held(FAN)

    performer.end("each", 0, "failed", {"code": 10}, "no")
    performer.end("each", 1, "failed", {"code": 10}, "no")

    assert len(timeline) == 1, "only the first one is to be made again"
    timeline.step()
    assert timeline.now() == 5.0
    assert performer.held.keys() == {("each", 2), ("each", 0)}
    assert session.state.task_starts == ["each[0]", "each[1]", "each[2]", "each[0]"]


CHILD = """
version: '1'
ref: demo.child
tasks:
  - {name: inner, action: t.a, with_items: "{{ [1, 2] }}", concurrency: 2, input: {n: "{{ item }}"}}
"""


def test_what_a_sub_workflow_starts_with_comes_in_the_place_of_its_call():
    text = """
tasks:
  - {name: first, action: t.a, input: {n: 1}}
  - {name: call, action: demo.child, input: {n: 2}}
  - {name: last, action: t.a, input: {n: 3}}
"""
    _, _, performer, _ = held(text, [CHILD])

    assert performer.log == [
        ("open", "first"),
        ("start", "first", None),
        ("open", "call"),
        ("open", "inner"),
        ("start", "inner", 0),
        ("start", "inner", 1),
        ("open", "last"),
        ("start", "last", None),
    ]


def test_a_run_that_is_cancelled_ends_what_was_queued_and_waits_for_what_had_begun():
    session, timeline, performer, drive = held(FAN)
    performer.end("each", 0, "failed", {"code": 10}, "no")
    assert len(timeline) == 1
    performer.log.clear()

    drive.cancel()

    assert len(timeline) == 0, "no retry will come"
    assert drive.is_over(), "both that were queued have ended as cancelled, and none had begun"
    result = session.state.task_results["each"]
    assert [one["error"] for one in result["failed_items"]] == ["cancelled"] * 3
    assert performer.log == [("close", "each")]
    drive.cancel()
    assert drive.ending.status == "cancelled"


@pytest.mark.parametrize(
    ("policy", "stops"), [("allow_finish", []), ("cancel_running", [("stop", "each", 0)])]
)
def test_what_has_begun_ends_by_itself_or_is_stopped_as_the_workflow_says(policy, stops):
    session, _, performer, drive = held(f"cancellation_policy: {policy}\n" + FAN)
    performer.log.clear()

    drive.cancel()
    drive.cancel()

    assert [line for line in performer.log if line[0] == "stop" and line[2] == 0] == stops
    assert not drive.is_over()
    performer.end("each", 0, result="in time")
    assert drive.ending.status == "cancelled"
    assert session.state.task_results["each"]["results"] == ["in time", None, None]
    assert "after" not in session.state.task_statuses


def test_a_performer_is_left_whatever_happens():
    class Broken(Holding):
        def start(self, command):
            raise ZeroDivisionError

    session = session_of(RunSpec(workflow=load("version: '1'\n" + FAN)), {"t.a": None})
    performer = Broken()

    with pytest.raises(ZeroDivisionError):
        Drive(session.job, VirtualTimeline(), performer).run()
    assert performer.log == [("open", "each"), ("leave",)]


def test_a_drive_says_how_far_it_is():
    session, _, performer, drive = held("tasks: [{name: a, action: t.a}]")

    assert repr(drive) == f"<Drive of {session.runner!r}: under way>"
    performer.end("a")
    assert repr(drive).endswith(": succeeded>")


# -- real performers whose run is cancelled while attempts are queued --------------------------------------------------

QUEUED = """
version: '1'
tasks:
  - {name: each, action: t.a, with_items: "{{ range(6) }}", concurrency: 5, input: {n: "{{ item }}"}}
"""


class Cancelling:
    """An action that ends its own run early, at its first call."""

    def __init__(self):
        self.called, self.drive = [], None

    def __call__(self, n):
        self.called.append(n)
        if len(self.called) == 1:
            with self.drive.timeline.lock:
                self.drive.cancel()
        return n

    async def awaited(self, n):
        return self(n)


PERFORMERS = {
    "inline": InlinePerformer,
    "threads": lambda timeline: ThreadsPerformer(timeline, workers=1),
    "asyncio": AsyncioPerformer,
}


@pytest.mark.parametrize("how", PERFORMERS)
def test_nothing_that_was_queued_is_called_once_a_run_is_cancelled(how):
    action, timeline = Cancelling(), RealTimeline()
    act = action.awaited if how == "asyncio" else action
    session = session_of(RunSpec(workflow=load(QUEUED)), {"t.a": act})
    performer = PERFORMERS[how](timeline)
    action.drive = drive = Drive(session.job, timeline, performer)

    ending = asyncio.run(drive_on_loop(drive, timeline, performer)) if how == "asyncio" else drive.run()

    assert ending.status == "cancelled"
    assert action.called == [0]
    result = session.state.task_results["each"]
    assert result["results"] == [0, None, None, None, None, None]
    assert [one["error"] for one in result["failed_items"]] == ["cancelled"] * 5


class Ends:
    """Keeps the ends of attempts."""

    def __init__(self):
        self.events = []

    def action_ended(self, event):
        self.events.append(event)


def test_cancelling_the_coroutine_of_a_run_stops_what_is_awaited_and_the_run_still_ends():
    ends, under_way = Ends(), []

    async def hang(n):
        under_way.append(n)
        if len(under_way) == 5:
            run.cancel()
        await asyncio.sleep(3600)

    async def cancelled_run():
        nonlocal run
        run = asyncio.current_task()
        return await executor_named("asyncio").arun(session.job)

    run = None
    text = QUEUED.replace("tasks:", "cancellation_policy: cancel_running\ntasks:")
    session = session_of(RunSpec(workflow=load(text)), {"t.a": hang}, observers=[ends])

    ending = asyncio.run(cancelled_run())

    assert ending.status == "cancelled"
    assert sorted(under_way) == [0, 1, 2, 3, 4]
    assert [(event.outcome, event.error) for event in ends.events] == [("cancelled", "cancelled")] * 5
    assert all(0 <= event.started < event.ended for event in ends.events)
    assert session.state.task_results["each"]["failed"] == 6


NESTED = """
version: '1'
cancellation_policy: cancel_running
tasks:
  - {name: call, action: demo.child, next: [{do: [after]}]}
  - {name: after, action: t.a, input: {n: 9}}
"""


def test_an_attempt_inside_a_sub_workflow_is_stopped_once_and_its_worker_goes_on_unharmed():
    called = []

    async def hang(n):
        called.append(n)
        run.cancel()
        await asyncio.sleep(3600)

    async def cancelled_run():
        nonlocal run
        run = asyncio.current_task()
        return await executor_named("asyncio").arun(session.job)

    run = None
    child = load(CHILD.replace("concurrency: 2", "concurrency: 1"))
    session = session_of(RunSpec(workflow=load(NESTED), workflows=(child,)), {"t.a": hang})

    ending = asyncio.run(cancelled_run())

    assert ending.status == "cancelled"
    assert called == [1]
    assert session.state.task_statuses == {"call": "cancelled"}

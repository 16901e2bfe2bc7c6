"""The executors: the same runs under each, and what each does with time, threads and Ctrl-C."""

import asyncio
import os
import signal
import sys
import threading
import time
from dataclasses import replace

import pytest

from attune_sim.engine.events import CancelRequested
from attune_sim.errors import ActionError, ActionTimeout, UnknownNameError
from attune_sim.executors import executor_named, executor_names
from attune_sim.executors.stoppable import is_async
from attune_sim.executors.timeline import RealTimeline
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of

EXECUTORS = ["inline", "threads", "asyncio"]


def _session(text, actions, parameters=None, observers=()):
    spec = RunSpec(workflow=load("version: '1'\n" + text), parameters=parameters or {})
    return session_of(spec, actions, observers=observers)


FAN = """
tasks:
  - name: each
    action: t.each
    with_items: "{{ parameters.numbers }}"
    concurrency: %d
    %s
    input: {n: "{{ item }}"}
    next: [{publish: [{got: "{{ result().results }}"}]}]
"""


async def _async_double(n):
    await asyncio.sleep(0)
    return 2 * n


ACTIONS = {"sync": lambda n: 2 * n, "async": _async_double}


@pytest.mark.parametrize("kind", ACTIONS)
@pytest.mark.parametrize("window", [1, 3, 50])
@pytest.mark.parametrize("name", EXECUTORS)
def test_every_executor_performs_sync_and_async_actions_in_item_order(name, window, kind):
    session = _session(FAN % (window, ""), {"t.each": ACTIONS[kind]}, {"numbers": list(range(40))})

    ending = executor_named(name).run(session.job)

    assert ending.status == "succeeded"
    assert session.state.variables["got"] == [2 * n for n in range(40)]


class Crowd:
    """Goes on only when as many calls are under way at once as are wanted; counts whether there are more."""

    def __init__(self, wanted):
        self.now = self.most = 0
        self._lock = threading.Lock()
        self._all_there = threading.Barrier(wanted, timeout=30)

    def __call__(self, n):
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self._all_there.wait()
        with self._lock:
            self.now -= 1


@pytest.mark.parametrize(("name", "most"), [("inline", 1), ("threads", 4), ("asyncio", 4)])
def test_as_many_run_at_once_as_the_window_allows_and_no_more(name, most):
    crowd = Crowd(most)

    session = _session(FAN % (4, ""), {"t.each": crowd}, {"numbers": list(range(24))})
    executor_named(name).run(session.job)

    assert session.state.status == "succeeded"
    assert crowd.most == most


def _picky(n):
    if n == 1:
        raise ActionError("one is refused")
    if n == 2:
        raise ActionTimeout("two did not answer")
    if n == 3:
        raise ValueError("three")
    return n


@pytest.mark.parametrize("name", EXECUTORS)
def test_what_actions_raise_becomes_outcomes_with_a_reason(name):
    session = _session(FAN % (2, ""), {"t.each": _picky}, {"numbers": [0, 1, 2, 3]})
    executor_named(name).run(session.job)

    failed = session.state.task_results["each"]["failed_items"]
    assert [(item["index"], item["error"]) for item in failed] == [
        (1, "one is refused"),
        (2, "two did not answer"),
        (3, "ValueError: three"),
    ]


def _exits_sync(n):
    if n:
        sys.exit(n)


async def _exits_async(n):
    await asyncio.sleep(0)
    if n:
        sys.exit(n)


@pytest.mark.parametrize("name", EXECUTORS)
@pytest.mark.parametrize("action", [_exits_sync, _exits_async])
@pytest.mark.parametrize("timeout", ["", "timeout: 5"])
def test_an_action_that_exits_has_failed_and_the_run_goes_on(name, action, timeout):
    session = _session(FAN % (2, timeout), {"t.each": action}, {"numbers": [0, 3, "bye", None]})

    executor_named(name).run(session.job)

    assert session.state.status == "failed"
    assert [one["error"] for one in session.state.task_results["each"]["failed_items"]] == [
        "the action called sys.exit(3)",
        "the action called sys.exit('bye')",
    ]


@pytest.mark.parametrize("name", EXECUTORS)
def test_an_attempt_that_exits_is_made_again_as_any_other_that_fails(name):
    calls = []

    def exits_once():
        calls.append(1)
        if len(calls) == 1:
            raise SystemExit

    text = "tasks: [{name: a, action: t.a, retry: {count: 1, delay: 0}}]"
    session = _session(text, {"t.a": exits_once})

    assert executor_named(name).run(session.job).status == "succeeded"
    assert len(calls) == 2


@pytest.mark.parametrize("name", EXECUTORS)
def test_an_input_that_the_action_does_not_take_is_told_with_the_names_given(name):
    session = _session(FAN % (1, ""), {"t.each": lambda other: other}, {"numbers": [1]})
    executor_named(name).run(session.job)

    assert "action 't.each' was given ['n']" in session.state.error


HANG = FAN % (2, "timeout: 1")


class Hanging:
    """Does not come back for item 0 before the run is over."""

    def __init__(self):
        self.run_is_over = threading.Event()
        self.ended = 0

    def __call__(self, n):
        if n == 0:
            self.run_is_over.wait(timeout=30)
            self.ended += 1
        return n


async def _hang_async(n):
    if n == 0:
        await asyncio.sleep(60)
    return n


def _past_its_timeout(name, action):
    session = _session(HANG, {"t.each": action}, {"numbers": [0, 1, 2]})
    executor_named(name).run(session.job)
    return session


def _sync_past_its_timeout(name):
    hanging = Hanging()
    session = _past_its_timeout(name, hanging)
    ended = hanging.ended
    hanging.run_is_over.set()
    return session, ended


def _async_past_its_timeout(name):
    return _past_its_timeout(name, _hang_async)


@pytest.mark.parametrize("name", EXECUTORS)
def test_a_sync_action_past_its_timeout_is_left_behind_and_counted(name, together):
    session, ended = together(_sync_past_its_timeout)[name]

    assert ended == 0
    assert session.state.task_results["each"]["failed_items"] == [
        {"index": 0, "item": 0, "error": "timed out after 1 s"}
    ]
    assert "1 action(s) did not end within their timeout" in session.state.warnings[0]


@pytest.mark.parametrize("name", EXECUTORS)
def test_an_async_action_past_its_timeout_is_cancelled(name, together):
    session = together(_async_past_its_timeout)[name]

    assert session.state.task_statuses == {"each": "timed_out"}
    assert session.state.warnings == []


class Flaky:
    """Fails a number of times, then succeeds."""

    def __init__(self, failures):
        self.failures = failures
        self.calls = 0

    def __call__(self, n):
        self.calls += 1
        if self.calls <= self.failures:
            raise ActionError("not yet")
        return n


class Ends:
    """Keeps the ends of actions."""

    def __init__(self):
        self.events = []

    def action_ended(self, event):
        self.events.append(event)


def _pausing(name):
    ends = Ends()
    text = FAN % (1, "retry: {count: 2, delay: 1}")
    session = _session(text, {"t.each": Flaky(1)}, {"numbers": [7]}, observers=[ends])
    executor_named(name).run(session.job)
    return session, ends.events


@pytest.mark.parametrize("name", EXECUTORS)
def test_a_retry_waits_for_its_delay(name, together):
    session, (first, second) = together(_pausing)[name]

    assert session.state.variables["got"] == [7]
    assert second.started >= first.ended + 1


@pytest.mark.parametrize("name", EXECUTORS)
@pytest.mark.parametrize("kind", ACTIONS)
def test_an_attempt_lies_in_the_time_of_its_run_and_tells_what_its_parts_took(name, kind):
    ends = Ends()
    session = _session(FAN % (3, ""), {"t.each": ACTIONS[kind]}, {"numbers": [1, 2, 3]}, observers=[ends])
    timeline = RealTimeline()
    executor_named(name).run(session.job, timeline)

    assert len(ends.events) == 3
    for event in ends.events:
        assert 0 <= event.started <= event.ended <= timeline.now()
        assert min(event.fork_us, event.render_us, event.action_us) > 0


class Mutating:
    """Writes into its input and fails the first time."""

    def __init__(self):
        self.seen = []

    def __call__(self, box, n):
        self.seen.append(list(box))
        box.append("written")
        if len(self.seen) == 1:
            raise ActionError("again")


@pytest.mark.parametrize("name", EXECUTORS)
def test_a_retry_does_not_see_what_the_attempt_before_did_to_its_input(name):
    mutating = Mutating()
    text = FAN.replace("input: {n:", "input: {box: ['plain', '{{ item }}'], n:") % (
        1,
        "retry: {count: 1, delay: 0}",
    )
    executor_named(name).run(_session(text, {"t.each": mutating}, {"numbers": [7]}).job)

    assert mutating.seen == [["plain", 7], ["plain", 7]]


def test_asyncio_works_inside_a_running_event_loop():
    session = _session(FAN % (5, ""), {"t.each": _async_double}, {"numbers": [1, 2]})

    async def notebook_cell():
        return executor_named("asyncio").run(session.job)

    assert asyncio.run(notebook_cell()).status == "succeeded"


@pytest.mark.parametrize("name", ["inline", "threads"])
def test_async_actions_work_inside_a_running_event_loop(name):
    session = _session(FAN % (5, ""), {"t.each": _async_double}, {"numbers": [1, 2]})

    async def notebook_cell():
        return executor_named(name).run(session.job)

    assert asyncio.run(notebook_cell()).status == "succeeded"


def test_a_run_can_be_awaited():
    session = _session(FAN % (5, ""), {"t.each": _async_double}, {"numbers": [1, 2]})

    ending = asyncio.run(executor_named("asyncio").arun(session.job))

    assert ending.status == "succeeded"


class Interrupting:
    """Presses Ctrl-C in the middle of an item, as a person would."""

    def __init__(self, at):
        self.at = at
        self.calls = 0

    def __call__(self, n):
        self.calls += 1
        if n == self.at:
            os.kill(os.getpid(), signal.SIGINT)
        if n >= self.at:
            time.sleep(0.02)
        return n


@pytest.mark.parametrize("name", EXECUTORS)
def test_the_first_ctrl_c_ends_the_run_as_cancelled_with_everything_recorded(name):
    interrupting = Interrupting(at=5)
    session = _session(FAN % (1, ""), {"t.each": interrupting}, {"numbers": list(range(100))})

    ending = executor_named(name).run(session.job)

    assert ending.status == "cancelled"
    assert session.state.task_results["each"]["results"][:5] == [0, 1, 2, 3, 4]
    assert interrupting.calls < 100


@pytest.mark.parametrize("at", [0, 5])
@pytest.mark.parametrize("name", EXECUTORS)
def test_ctrl_c_in_a_notebook_cell_ends_the_run_as_cancelled_too(name, at):
    session = _session(FAN % (1, ""), {"t.each": Interrupting(at=at)}, {"numbers": list(range(100))})

    async def notebook_cell():
        return executor_named(name).run(session.job)

    loop = asyncio.new_event_loop()
    try:
        assert loop.run_until_complete(notebook_cell()).status == "cancelled"
    finally:
        loop.close()


def test_the_first_ctrl_c_interrupts_an_inline_action_if_the_workflow_says_so():
    ended = []

    def hangs(n):
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(timeout=30)
        ended.append(n)

    text = "cancellation_policy: cancel_running\n" + FAN % (1, "")
    session = _session(text, {"t.each": hangs}, {"numbers": [1, 2, 3]})

    ending = executor_named("inline").run(session.job)

    assert ending.status == "cancelled"
    assert ended == []
    assert session.state.task_starts == ["each[0]"]


class AtTheFirstFork:
    """Presses Ctrl-C while the contexts of all items are forked, before anything has been performed."""

    def __init__(self):
        self.forks = 0

    def forked(self, task, index, fork, fork_us):
        self.forks += 1
        if self.forks == 1:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("name", EXECUTORS)
def test_ctrl_c_while_a_run_begins_ends_it_as_cancelled_with_nothing_half_done(name):
    called, hook = [], AtTheFirstFork()
    spec = RunSpec(
        workflow=load("version: '1'\n" + FAN % (1, "")), parameters={"numbers": [1, 2, 3]}, dispatch="eager"
    )
    session = session_of(spec, {"t.each": lambda n: called.append(n)}, observers=[hook])

    ending = executor_named(name).run(session.job)

    assert ending.status == "cancelled"
    assert hook.forks == 3
    assert called == ([1] if name == "asyncio" else []), "a loop hears of it when it waits for the first time"
    assert session.state.task_statuses == {"each": "cancelled"}


class Impatient:
    """An action that presses Ctrl-C, and once more as soon as the run has been asked to end."""

    def __init__(self, *, waits):
        self.waits, self.is_cancelled, self.is_over = waits, threading.Event(), threading.Event()

    def __call__(self, n):
        os.kill(os.getpid(), signal.SIGINT)
        if self.waits:  # in the main thread nothing is asked before the action has ended
            self.is_cancelled.wait(timeout=30)
        os.kill(os.getpid(), signal.SIGINT)
        self.is_over.wait(timeout=30)


class Hearing:
    """Steps that tell when a run is asked to end."""

    def __init__(self, steps, is_cancelled):
        self.start, self.begin = steps.start, steps.begin
        self._steps, self._is_cancelled = steps, is_cancelled

    def handle(self, event):
        commands = self._steps.handle(event)
        if isinstance(event, CancelRequested):
            self._is_cancelled.set()
        return commands


@pytest.mark.parametrize("name", EXECUTORS)
def test_a_second_ctrl_c_does_not_wait_for_what_hangs(name):
    impatient = Impatient(waits=name != "inline")
    job = _session(FAN % (1, ""), {"t.each": impatient}, {"numbers": [1, 2]}).job

    with pytest.raises(KeyboardInterrupt):
        executor_named(name).run(replace(job, steps=Hearing(job.steps, impatient.is_cancelled)))

    assert impatient.is_cancelled.is_set() == impatient.waits
    impatient.is_over.set()


class Broken:
    """An observer with a mistake at one moment of a run."""

    def __init__(self, hook):
        setattr(self, hook, self.breaks)

    def breaks(self, *told):
        raise ZeroDivisionError("in an observer")


@pytest.mark.parametrize("kind", ACTIONS)
@pytest.mark.parametrize("hook", ["item_ended", "preparing", "prepared", "calling", "action_ended"])
@pytest.mark.parametrize("name", EXECUTORS)
def test_what_an_observer_raises_reaches_the_caller(name, hook, kind):
    session = _session(
        FAN % (2, ""), {"t.each": ACTIONS[kind]}, {"numbers": [1, 2, 3]}, observers=[Broken(hook)]
    )

    with pytest.raises(ZeroDivisionError, match="in an observer"):
        executor_named(name).run(session.job)


@pytest.mark.parametrize("limit", ["", "timeout: 5"])
@pytest.mark.parametrize("name", EXECUTORS)
def test_running_out_of_memory_is_no_failure_of_an_item_but_reaches_the_caller(name, limit):
    def exhausted(n):
        raise MemoryError("no more")

    session = _session(FAN % (2, limit), {"t.each": exhausted}, {"numbers": [1, 2, 3]})

    with pytest.raises(MemoryError, match="no more"):
        executor_named(name).run(session.job)


@pytest.mark.parametrize("name", EXECUTORS)
def test_publishing_while_items_read_loses_and_tears_nothing(name):
    text = """
vars: {n: 0}
tasks:
  - {name: reads, action: t.read, with_items: "{{ range(300) }}", concurrency: 8, input: {a: "{{ n }}", b: "{{ n }}"}}
  - {name: start, action: t.one, input: {x: 1}, next: [{do: [writes]}]}
  - name: writes
    action: t.one
    input: {x: "{{ n }}"}
    next:
      - publish: [{n: "{{ n + 1 }}"}]
      - {when: "n < 200", do: [writes]}
"""
    session = _session(text, {"t.read": lambda a, b: [a, b], "t.one": lambda x: x})
    executor_named(name).run(session.job)

    assert session.state.status == "succeeded"
    assert session.state.variables["n"] == 200
    assert session.state.task_results["reads"]["results"] == [[0, 0]] * 300


def test_no_thread_is_left_behind_by_runs_that_ended_in_time():
    before = threading.active_count()
    for name in EXECUTORS:
        for text, kind in ((FAN % (4, "timeout: 5"), "sync"), (FAN % (4, ""), "async")):
            session = _session(text, {"t.each": ACTIONS[kind]}, {"numbers": [1, 2, 3, 4]})
            executor_named(name).run(session.job)
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)

    assert threading.active_count() <= before


def test_an_unknown_executor_gets_the_list():
    with pytest.raises(UnknownNameError, match=r"unknown executor 'thread'.*did you mean 'threads'"):
        executor_named("thread")
    assert set(EXECUTORS) <= set(executor_names())


@pytest.mark.parametrize("name", EXECUTORS)
def test_an_executor_says_what_it_is(name):
    assert repr(executor_named(name)).startswith(f"<executor {name}: ")


def test_callable_objects_and_partials_are_seen_through():
    from functools import partial

    class Fetch:
        async def __call__(self, url): ...

    assert is_async(Fetch())
    assert is_async(partial(_async_double, 1))
    assert not is_async(partial(len, []))


async def _cancels_itself(n):
    raise asyncio.CancelledError


@pytest.mark.parametrize("name", EXECUTORS)
def test_an_action_that_raises_a_cancellation_of_its_own_has_failed(name):
    session = _session(FAN % (1, ""), {"t.each": _cancels_itself}, {"numbers": [1, 2]})

    executor_named(name).run(session.job)

    assert session.state.task_results["each"]["failed_items"] == [
        {"index": index, "item": index + 1, "error": "CancelledError"} for index in (0, 1)
    ]


def test_nothing_starts_after_ctrl_c_of_what_the_end_of_the_interrupted_item_would_have_let_in():
    session = _session(FAN % (2, ""), {"t.each": Interrupting(at=5)}, {"numbers": list(range(5, 20))})

    executor_named("inline").run(session.job)

    assert session.state.task_starts == ["each[0]", "each[1]"]


class Odd(BaseException):
    """What an action should not raise, and may."""


ODD = (StopIteration, StopAsyncIteration, GeneratorExit, asyncio.CancelledError, Odd, SystemExit)


@pytest.mark.parametrize("name", EXECUTORS)
@pytest.mark.parametrize("limit", ["", "timeout: 5"])
@pytest.mark.parametrize("raised", ODD)
def test_whatever_a_sync_action_raises_its_item_has_failed_and_the_run_ends(name, limit, raised):
    def act(n):
        raise raised("odd")

    session = _session(FAN % (2, limit), {"t.each": act}, {"numbers": [0, 1]})
    executor_named(name).run(session.job)

    failed = session.state.task_results["each"]["failed_items"]
    assert len(failed) == 2
    assert all("odd" in one["error"] for one in failed)


@pytest.mark.parametrize("name", EXECUTORS)
@pytest.mark.parametrize(
    "raised", [StopIteration, StopAsyncIteration, asyncio.CancelledError, Odd, SystemExit]
)
def test_whatever_a_coroutine_raises_its_item_has_failed_and_the_run_ends(name, raised):
    async def act(n):
        raise raised("odd")

    session = _session(FAN % (2, ""), {"t.each": act}, {"numbers": [0, 1]})
    executor_named(name).run(session.job)

    assert len(session.state.task_results["each"]["failed_items"]) == 2

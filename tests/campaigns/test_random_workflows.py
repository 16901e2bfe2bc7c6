"""Random workflows: every one ends, and the executors agree.

With scripted durations on a virtual clock any graph may race, because the clock says who is first. Free-running, only
graphs without races are compared: joins wait for all, and no two branches write the same variable.
"""

import asyncio
import heapq
import os
import selectors
import threading
from contextlib import closing
from dataclasses import replace
from hashlib import blake2b

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attune_sim.contexts.registry import strategies
from attune_sim.engine.events import ActionEnded, StartAction
from attune_sim.errors import ActionError, ActionTimeout
from attune_sim.executors import executor_named
from attune_sim.executors.drive import Drive
from attune_sim.executors.timeline import RealTimeline, VirtualTimeline
from attune_sim.executors.virtual import Foretold, VirtualPerformer
from attune_sim.journal.file import Journal, Recorded
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of
from attune_sim.workflow import Retry, Task, Transition, Workflow

FULL = int(os.environ.get("ATTUNE_SIM_CAMPAIGN", "0"))
EXAMPLES = FULL or 150

CONDITIONS = [
    None, None, None, "{{ succeeded() }}", "{{ succeeded() }}", "{{ failed() }}", "{{ timed_out() }}",
    "count < 3", "{{ succeeded() and count < 5 }}", "not failed()", "nothing_of_the_kind",
]  # fmt: skip


@st.composite
def workflows(draw, delays=(0, 0, 1, 3), calls=(), most=8):
    """Graphs of up to eight tasks: cycles, joins, fan-outs, retries, parallel blocks, skipped tasks, broken inputs, and
    `calls` of a sub-workflow, with the limits in seconds that they may have."""
    names = [f"t{n}" for n in range(draw(st.integers(1, most)))]
    tasks = [_task(draw, name, names, delays, calls=calls) for name in names]
    return Workflow(tuple(tasks), vars={"count": 0, "list": [1, 2, 3]}, output_map={"count": "{{ count }}"})


def _task(draw, name, names, delays, nested=False, calls=()):
    # Not drawn on top of each other: a graph without an entry point ends before it has begun.
    targets = st.lists(st.sampled_from(names), max_size=3, unique=True)
    steps = tuple(
        Transition(
            when=draw(st.sampled_from(CONDITIONS)),
            publish=draw(
                st.sampled_from([(), ({"count": "{{ count + 1 }}"},), ({"bad": "{{ missing }}"},), ("last",)])
            ),
            do=tuple(draw(targets)),
        )
        for _ in range(draw(st.integers(0, 3)))
    )
    kind = draw(st.sampled_from(["plain"] * 5 + ["items"] * 3 + (["parallel"] if not nested else [])))
    retry = draw(st.none() | st.builds(Retry, count=st.integers(1, 3), delay=st.sampled_from(delays)))
    common = {
        "next": steps,
        "join": draw(st.sampled_from([None] * 5 + [1, 2, "all"])),
        "when": draw(st.sampled_from([None] * 6 + ["count < 2", "false"])),
    }
    if kind == "parallel":
        inner = [f"{name}_{n}" for n in range(draw(st.integers(1, 3)))]
        return Task(
            name,
            type="parallel",
            tasks=tuple(_task(draw, one, inner, delays, nested=True, calls=calls) for one in inner),
            **common,
        )
    items = (
        draw(st.sampled_from(["{{ list }}", "{{ [] }}", "{{ range(4) }}", "one"]))
        if kind == "items"
        else None
    )
    value = draw(st.sampled_from(["{{ count }}"] * 6 + ["{{ item }}", "{{ nothing }}"]))
    # A time of its own for each task, and none for fan-outs: two attempts that run out of time at the same moment may
    # be told in either order.
    late = (
        None
        if items is not None
        else draw(st.sampled_from([None, None, None, 1 + names.index(name) + 10 * nested]))
    )
    action = "t.act"
    if calls and draw(st.integers(0, 2)) == 0:
        action, late = "demo.child", draw(st.sampled_from(calls))
    return Task(
        name, action=action, with_items=items, concurrency=draw(st.sampled_from([None, 2, 5])), retry=retry,
        input={"value": value}, timeout=late, **common,
    )  # fmt: skip


CHILDREN = workflows(most=3).map(lambda drawn: replace(drawn, ref="demo.child"))


class Fate:
    """How each attempt ends and how long it takes: a function of a seed and the attempt, never twice the same time."""

    def __init__(self, seed):
        self._seed = seed

    def of(self, command):
        key = f"{self._seed} {command.run} {command.task} {command.visit} {command.index} {command.attempt}"
        number = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")
        outcome = ("succeeded", "succeeded", "succeeded", "failed", "timed_out")[number % 5]
        return Foretold(
            outcome,
            {"n": number % 7},
            None if outcome == "succeeded" else outcome,
            0.5 + number % 999_983 / 250_000,
        )

    def preparing(self, command):
        """How long it takes to prepare an attempt, where that takes time."""
        return self.of(command).duration / 7


class Order:
    """Steps that note, per task, which attempts were asked for, in order; and which one a thread or a task performs now."""

    def __init__(self, steps):
        self.steps, self.by_task, self.local = steps, {}, threading.local()

    def start(self):
        return self._noted(self.steps.start())

    def begin(self, command):
        self.local.command = command
        self.steps.begin(command)

    def handle(self, event):
        return self._noted(self.steps.handle(event))

    def _noted(self, commands):
        for command in commands:
            if isinstance(command, StartAction):
                attempt = (command.visit, command.index, command.attempt)
                self.by_task.setdefault(command.task, []).append(attempt)
        return commands


def _seen(session, order):
    state = session.state
    return {
        "status": state.status,
        "output": state.output,
        "error": state.error,
        "variables": state.variables,
        "tasks": state.task_statuses,
        "order": order.by_task,
    }


def _session(workflow, action, child=None, **options):
    called = () if child is None else (child,)
    spec = RunSpec(workflow=workflow, workflows=called, max_task_runs=20)
    return session_of(spec, {"t.act": action}, **options)


def _virtually(workflow, fate, child=None, *, preparing=lambda command: 0.0):
    """`preparing` says how long it takes to prepare an attempt."""

    def foretell(command):
        foretold = fate.of(command)
        return foretold._replace(duration=foretold.duration + preparing(command))

    session, timeline = _session(workflow, None, child), VirtualTimeline()
    order = Order(session.job.steps)
    Drive(replace(session.job, steps=order), timeline, VirtualPerformer(foretell, preparing)).run()
    ended = timeline.now()
    timeline.run()
    assert timeline.now() == ended, "nothing of the run is left for later"
    return _seen(session, order)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer as soon as nothing else is ready."""

    def __init__(self):
        super().__init__(selectors.SelectSelector())
        self.virtual = 0.0

    def time(self):
        return self.virtual

    def _run_once(self):
        while self._scheduled and self._scheduled[0]._cancelled:
            self._timer_cancelled_count -= 1
            heapq.heappop(self._scheduled)._scheduled = False
        assert self._ready or self._scheduled or self._stopping, "nothing is left that could happen"
        if not self._ready and self._scheduled:
            self.virtual = max(self.virtual, self._scheduled[0]._when)
        super()._run_once()


def _told(foretold):
    if foretold.outcome == "failed":
        raise ActionError(foretold.error, foretold.result)
    if foretold.outcome == "timed_out":
        raise ActionTimeout(foretold.error, foretold.result)
    return foretold.result


def _on_asyncio(workflow, fate, child):
    async def act(value):
        foretold = fate.of(order.local.command)
        await asyncio.sleep(foretold.duration)
        return _told(foretold)

    session = _session(workflow, act, child)
    order = Order(session.job.steps)
    with asyncio.Runner(loop_factory=VirtualLoop) as loop:
        timeline = RealTimeline(clock=loop.get_loop().time)
        loop.run(executor_named("asyncio").arun(replace(session.job, steps=order), timeline))
    return _seen(session, order)


class VirtualSleep:
    """Sleep for threads: once every attempt under way is asleep, time jumps to the first that is to wake."""

    def __init__(self):
        self._changed = threading.Condition()
        self._asleep = []
        self.now = 0.0
        self.under_way = 0

    def begin(self):
        with self._changed:
            self.under_way += 1

    def end(self):
        with self._changed:
            self.under_way -= 1
            self._changed.notify_all()

    def sleep(self, seconds):
        with self._changed:
            mine = self.now + seconds
            heapq.heappush(self._asleep, mine)
            self._changed.notify_all()
            while len(self._asleep) < self.under_way or self._asleep[0] != mine:
                assert self._changed.wait(timeout=30), "the virtual clock stands still"
            self.now = heapq.heappop(self._asleep)


class Awake(Order):
    """Keeps the virtual sleep informed of what is under way."""

    def __init__(self, steps, clock):
        super().__init__(steps)
        self.clock = clock

    def handle(self, event):
        commands = super().handle(event)  # what follows begins before this attempt counts as over
        if isinstance(event, ActionEnded):
            self.clock.end()
        return commands

    def _noted(self, commands):
        for command in super()._noted(commands):
            if isinstance(command, StartAction):
                self.clock.begin()
        return commands


class Sleepy(strategies["shared"]):
    """`shared`, whose forks take time: so it is known which of two attempts fails first that cannot be prepared."""

    def __init__(self, sleep):
        self.sleep = sleep

    def fan_out(self, context, reads):
        return _SleepyForker(super().fan_out(context, reads), self.sleep)


class _SleepyForker:
    def __init__(self, forker, sleep):
        self._forker, self._sleep = forker, sleep

    def fork(self, item, index):
        self._sleep()
        return self._forker.fork(item, index)


def _on_threads(workflow, fate):
    clock = VirtualSleep()

    def act(value):
        foretold = fate.of(order.local.command)
        clock.sleep(foretold.duration)
        return _told(foretold)

    sleepy = Sleepy(lambda: clock.sleep(fate.preparing(order.local.command)))
    session = _session(workflow, act, strategy=sleepy)
    order = Awake(session.job.steps, clock)
    executor_named("threads").run(replace(session.job, steps=order), workers=64)
    return _seen(session, order)


campaign = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=list(HealthCheck),
    database=None,
)


def _without_timeouts(workflow):
    """Timeouts are of real time in threads; on a virtual clock they are the fates' to say."""

    def plain(task):
        return replace(task, timeout=None, tasks=tuple(plain(one) for one in task.tasks))

    return replace(workflow, tasks=tuple(plain(task) for task in workflow.tasks))


@pytest.mark.slow
@campaign
@given(workflow=workflows(calls=(None, 1, 3)), child=CHILDREN, seed=st.integers(0, 10_000))
def test_every_random_workflow_ends_and_is_repeatable(workflow, child, seed):
    once, again = _virtually(workflow, Fate(seed), child), _virtually(workflow, Fate(seed), child)

    assert once["status"] in ("succeeded", "failed")
    assert once == again


@pytest.mark.slow
@campaign
@given(workflow=workflows(calls=(None,)), child=CHILDREN, seed=st.integers(0, 10_000))
def test_asyncio_agrees_with_virtual_time_on_a_virtual_clock(workflow, child, seed):
    assert _on_asyncio(workflow, Fate(seed), child) == _virtually(workflow, Fate(seed), child)


@pytest.mark.slow
@campaign
@given(workflow=workflows(delays=(0,)), seed=st.integers(0, 10_000))
def test_threads_agree_with_virtual_time_on_a_virtual_clock(workflow, seed):
    plain, fate = _without_timeouts(workflow), Fate(seed)

    assert _on_threads(plain, fate) == _virtually(plain, fate, preparing=fate.preparing)


@st.composite
def race_free(draw):
    """Layered graphs without races: every task joins all that lead to it and publishes a variable of its own."""
    layers = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    names = [[f"l{depth}_{n}" for n in range(size)] for depth, size in enumerate(layers)]
    tasks = []
    for depth, layer in enumerate(names):
        following = names[depth + 1] if depth + 1 < len(names) else []
        for name in layer:
            targets = tuple(draw(st.lists(st.sampled_from(following), unique=True))) if following else ()
            items = draw(st.sampled_from([None, "{{ range(5) }}", "{{ [] }}"]))
            tasks.append(
                Task(
                    name, action="t.act", with_items=items, concurrency=draw(st.sampled_from([None, 3])),
                    input={"value": "{{ task }}"} if not depth else {"value": depth}, join="all" if depth else None,
                    retry=draw(st.none() | st.just(Retry(count=2, delay=0))),
                    next=(Transition(publish=({f"saw_{name}": "{{ result() }}"},), do=targets),),
                )
            )  # fmt: skip
    return Workflow(tuple(tasks))


def _free(name, workflow, fate):
    def act(value):
        return _told(fate.of(order.local.command))

    async def act_async(value):
        command = order.local.command
        await asyncio.sleep(0)
        return _told(fate.of(command))

    session = _session(workflow, act_async if name == "asyncio" else act)
    order = Order(session.job.steps)
    job = replace(session.job, steps=order)
    if name == "virtual":
        Drive(job, VirtualTimeline(), VirtualPerformer(fate.of)).run()
    else:
        executor_named(name).run(job)
    seen = _seen(session, order)
    # Which of two branches ends first is chance: what does not depend on it must agree, and the order within a task.
    return {
        **seen,
        "tasks": dict(sorted(seen["tasks"].items())),
        "error": None,
        "order": _by_task(seen["order"]),
    }


def _by_task(order):
    return {
        task: sorted(attempts, key=lambda one: (one[0], one[1] or 0, one[2]))
        for task, attempts in sorted(order.items())
    }


@pytest.mark.slow
@campaign
@given(workflow=race_free(), seed=st.integers(0, 10_000))
def test_free_running_executors_agree_on_graphs_without_races(workflow, seed):
    inline, *others = (
        _free(name, workflow, Fate(seed)) for name in ("inline", "threads", "asyncio", "virtual")
    )

    assert others == [inline] * 3


class Counting(strategies["shared"]):
    """`shared`, and how often it forks."""

    forks = 0

    def fan_out(self, context, reads):
        return _SleepyForker(super().fan_out(context, reads), self.count)

    def count(self):
        self.forks += 1


@pytest.mark.slow
@campaign
@given(
    workflow=workflows(calls=(None, 1, 3)),
    child=CHILDREN,
    policy=st.sampled_from(["allow_finish", "cancel_running"]),
    seed=st.integers(0, 10_000),
    cancelled_after=st.none() | st.integers(0, 9),
)
def test_every_random_workflow_is_told_again_from_its_journal_as_it_was(
    tmp_path_factory, workflow, child, policy, seed, cancelled_after
):
    workflow = replace(workflow, cancellation_policy=policy)
    path, timeline = tmp_path_factory.mktemp("told") / "run.jsonl", VirtualTimeline()
    with closing(Journal(path)) as journal:
        session = _session(workflow, None, child, journal=journal)
        drive = Drive(session.job, timeline, VirtualPerformer(Fate(seed).of))
        if cancelled_after is not None:
            timeline.at(float(cancelled_after), lambda _: drive.cancel(), None)
        ending = drive.run()

    recorded, strategy = Recorded.open(path), Counting()
    again = _session(workflow, None, child, recorded=recorded, strategy=strategy)
    assert again.steps.start() == [ending]
    assert strategy.forks == sum(kind == "p" for kind, _ in recorded.entries())

    nothing = Order(None)
    assert _seen(again, nothing) == _seen(session, nothing)
    assert again.state.task_results == session.state.task_results
    assert again.state.task_starts == session.state.task_starts
    assert again.state.warnings == session.state.warnings

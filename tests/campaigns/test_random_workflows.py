"""Random workflows: every one ends, the executors agree, and a crash changes nothing.

With scripted durations on a virtual clock any graph may race, because the clock says who is first. Free-running, only
graphs without races are compared: joins wait for all, and no two branches write the same variable.
"""

import asyncio
import heapq
import itertools
import json
import logging
import os
import selectors
import threading
from collections import Counter
from contextlib import closing
from dataclasses import replace
from functools import partial
from hashlib import blake2b

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attune_sim.contexts.registry import strategies
from attune_sim.engine.events import ActionEnded, StartAction
from attune_sim.errors import ActionError, ActionTimeout
from attune_sim.executors import executor_named
from attune_sim.executors.drive import Drive
from attune_sim.executors.fates import Fate as Ending
from attune_sim.executors.fates import Foretold
from attune_sim.executors.readied import Readied
from attune_sim.executors.simulated import SimulatedPerformer
from attune_sim.executors.timeline import RealTimeline, VirtualTimeline
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


def children(**kinds):
    return workflows(most=3, **kinds).map(lambda drawn: replace(drawn, ref="demo.child"))


CHILDREN = children()


class Fate:
    """How each attempt ends and how long it takes: a function of a seed and the attempt, never twice the same time."""

    def __init__(self, seed):
        self._seed = seed

    def of(self, command):
        key = f"{self._seed} {command.run} {command.task} {command.visit} {command.index} {command.attempt}"
        number = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")
        outcome = ("succeeded", "succeeded", "succeeded", "failed", "timed_out")[number % 5]
        return Ending(
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
    Drive(
        replace(session.job, steps=order), timeline, SimulatedPerformer(Foretold(foretell, preparing))
    ).run()
    ended = timeline.now()
    timeline.run()
    assert timeline.now() == ended, "nothing of the run is left for later"
    return _seen(session, order)


class Moment(float):
    """When something is due; of what is due at once, what was asked for first comes first."""

    def __new__(cls, when, place):
        moment = super().__new__(cls, when)
        moment.place = place
        return moment

    def __lt__(self, other):
        return (float(self), self.place) < (float(other), getattr(other, "place", self.place))


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer as soon as nothing else is ready."""

    def __init__(self):
        super().__init__(selectors.SelectSelector())
        self.virtual = 0.0
        self._places = itertools.count()

    def call_at(self, when, callback, *args, context=None):
        return super().call_at(Moment(when, next(self._places)), callback, *args, context=context)

    def time(self):
        return self.virtual

    def _run_once(self):
        while self._scheduled and self._scheduled[0]._cancelled:
            self._timer_cancelled_count -= 1
            heapq.heappop(self._scheduled)._scheduled = False
        assert self._ready or self._scheduled or self._stopping, "nothing is left that could happen"
        if not self._ready and self._scheduled:
            self.virtual = max(self.virtual, float(self._scheduled[0]._when))
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


def _with_timeouts(workflow, made):
    """The workflow with what `made` gives of each timeout."""

    def timed(task):
        return replace(task, timeout=made(task.timeout), tasks=tuple(map(timed, task.tasks)))

    return replace(workflow, tasks=tuple(map(timed, workflow.tasks)))


def _without_timeouts(workflow):
    """Timeouts are of real time in threads; on a virtual clock they are the fates' to say."""
    return _with_timeouts(workflow, lambda limit: None)


def _at_odd_moments(workflow):
    """No limit is met just as a pause is over: what happens at the same moment may be told in either order."""
    return _with_timeouts(workflow, lambda limit: None if limit is None else 1.037 * limit)


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
    workflow, child = _at_odd_moments(workflow), _at_odd_moments(child)

    assert _on_asyncio(workflow, Fate(seed), child) == _virtually(workflow, Fate(seed), child)


def test_under_asyncio_too_a_pause_that_is_over_as_an_attempt_meets_its_limit_comes_first():
    count, listed = {"count": 0}, {"list": [1, 2, 3]}
    step = Task("t0", action="t.act", input={"value": 1}, retry=Retry(count=1, delay=0), timeout=1)
    child = replace(Workflow((step,), vars=count), ref="demo.child")
    call = Task(
        "t0", action="demo.child", with_items="{{ list }}", concurrency=2, retry=Retry(count=1, delay=1)
    )
    workflow = Workflow((call,), vars=listed)

    # Both calls fail at 2.0 s; at 3.0 their pauses are over, and the third call's first attempt meets its limit.
    assert _on_asyncio(workflow, Fate(0), child) == _virtually(workflow, Fate(0), child)


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
        Drive(job, VirtualTimeline(), SimulatedPerformer(Foretold(fate.of))).run()
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
        drive = Drive(session.job, timeline, SimulatedPerformer(Foretold(Fate(seed).of)))
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


# -- the order of ends, and crashes ------------------------------------------------------------------------------------


class Acts:
    """An action that ends as it is fated to, by how often this item has come to an end before, in whatever process: what was
    lost with one did not end."""

    def __init__(self, fate, ended=()):
        self.fate, self.ended = fate, Counter(ended)

    def __call__(self, value):
        key = self.order.local.command.key
        attempt = self.ended[key[:4]]
        self.ended[key[:4]] += 1
        return _told(self.fate.of(key._replace(attempt=attempt)))


class AwaitedActs(Acts):
    """The same, awaited."""

    async def __call__(self, value):
        return super().__call__(value)


def _ends(path):
    """All ends that a journal holds, in their order, without attempts and times."""
    lines = (json.loads(line) for line in path.read_bytes().splitlines()[1:])
    return [(*line[1:5], *line[6:9]) for line in lines if line[0] == "e"]


def _journaled(path, workflow, child, fate, executor="inline", *, resume=False):
    kind = AwaitedActs if executor == "asyncio" else Acts
    acts = kind(fate, (end[:4] for end in _ends(path)) if resume else ())
    with closing(Journal(path)) as journal:
        recorded = Recorded.open(path) if resume else None
        session = _session(workflow, acts, child, journal=journal, recorded=recorded)
        acts.order = Order(session.job.steps)
        executor_named(executor).run(replace(session.job, steps=acts.order))
    return session.state


def _come_to(state):
    return (state.status, state.output, state.error, state.variables, state.task_results, state.task_statuses)


@pytest.mark.slow
@campaign
@given(
    workflow=workflows(delays=(0,), calls=(None,)),
    child=children(delays=(0,)),  # which of two pauses is over first is for the clock to say
    seed=st.integers(0, 10_000),
    data=st.data(),
)
def test_a_run_that_does_one_thing_after_the_other_comes_to_the_same_end_however_often_it_crashes(
    tmp_path_factory, workflow, child, seed, data
):
    workflow, child, fate = _without_timeouts(workflow), _without_timeouts(child), Fate(seed)
    path = tmp_path_factory.mktemp("crash") / "run.jsonl"
    undisturbed = _journaled(path, workflow, child, fate)
    ends = _ends(path)

    for _ in range(2):
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[: data.draw(st.integers(1, len(lines)))]))
        resumed = _journaled(path, workflow, child, fate, resume=True)

        assert _ends(path) == ends
        assert _come_to(resumed) == _come_to(undisturbed)


OWN_OUTCOME = [None, "{{ succeeded() }}", "{{ failed() }}", "{{ timed_out() }}", "not succeeded()"]


@st.composite
def orderless(draw):
    """Graphs in which the order of ends decides nothing by a rule: conditions ask for the task's own outcome, and no loop
    leads back to where branches have met. Everything else is there: tasks that several branches reach with a join, with one that
    does not wait for all or without any, failures that are handled or not, retries, blocks."""
    tasks = _orderless_level(draw, [f"t{n}" for n in range(draw(st.integers(2, 6)))])
    return Workflow(tasks)


def _orderless_level(draw, names, nested=False):
    tasks = []
    for place, name in enumerate(names):
        later = (
            st.lists(st.sampled_from(names[place + 1 :]), max_size=3, unique=True)
            if names[place + 1 :]
            else st.just([])
        )
        steps = tuple(
            Transition(when=draw(st.sampled_from(OWN_OUTCOME)), do=tuple(draw(later)))
            for _ in range(draw(st.integers(0, 2)))
        )
        common = {"next": steps, "join": draw(st.sampled_from([None, None, 2, "all"])) if place else None}
        if not nested and draw(st.integers(0, 5)) == 0:
            inner = _orderless_level(
                draw, [f"{name}_{n}" for n in range(draw(st.integers(1, 3)))], nested=True
            )
            tasks.append(Task(name, type="parallel", tasks=inner, **common))
        else:
            retry = draw(st.none() | st.just(Retry(count=1, delay=0)))
            items = draw(st.sampled_from([None, None, "{{ range(3) }}"]))
            tasks.append(
                Task(
                    name,
                    action="t.act",
                    with_items=items,
                    concurrency=2,
                    retry=retry,
                    input={"value": 0},
                    **common,
                )
            )
    return tuple(tasks)


class Paced(Fate):
    """The fates of one seed, at the pace of another: the same ends in another order."""

    def __init__(self, seed, pace):
        super().__init__(seed)
        self._pace = Fate(pace)

    def of(self, command):
        return super().of(command)._replace(duration=self._pace.of(command).duration)


@pytest.mark.slow
@campaign
@given(
    workflow=orderless(),
    seed=st.integers(0, 10_000),
    paces=st.lists(st.integers(0, 10_000), min_size=2, max_size=2),
    data=st.data(),
)
def test_the_order_of_ends_decides_nothing_but_what_a_race_may(tmp_path_factory, workflow, seed, paces, data):
    path = tmp_path_factory.mktemp("order") / "run.jsonl"
    seen = [_in_no_order(path, workflow, "inline", Fate(seed))]
    for executor in ("inline", "threads", "asyncio"):
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[: data.draw(st.integers(1, len(lines)))]))
        seen.append(_in_no_order(path, workflow, executor, Fate(seed), resume=True))
    for pace in paces:
        session = _session(workflow, None)
        Drive(session.job, VirtualTimeline(), SimulatedPerformer(Foretold(Paced(seed, pace).of))).run()
        seen.append(_orderless(session.state))

    assert seen[1:] == seen[:-1]


def _in_no_order(path, workflow, executor, fate, **options):
    return _orderless(_journaled(path, workflow, None, fate, executor, **options))


def _orderless(state):
    return (state.status, state.output, state.error, state.failed, state.task_results, state.task_statuses)


class Fated(Readied):
    """An action that ends as the fates say. They are asked at home: the call that they give is what travels."""

    def __init__(self, fate):
        super().__init__()
        self._fate = fate

    def call_for(self, command):
        return partial(_foretold, self._fate.of(command))


def _foretold(foretold, value):
    return _told(foretold)


@pytest.fixture(scope="module")
def client():
    """A client of a cluster of two worker processes."""
    from distributed import Client, LocalCluster

    quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
    off = {"dashboard": False, "dashboard_address": ":0"}
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, scheduler_kwargs=off, **quiet) as cluster,
        Client(cluster, set_as_default=False) as found,
    ):
        yield found


@pytest.mark.slow
@settings(campaign, max_examples=min(FULL, 500) or 8)
@given(workflow=race_free(), seed=st.integers(0, 10_000))
def test_a_cluster_agrees_with_inline_on_graphs_without_races(client, workflow, seed):
    """An answer does not depend on who performs."""

    def seen(name, **options):
        session = _session(workflow, Fated(Fate(seed)))
        order = Order(session.job.steps)
        executor_named(name).run(replace(session.job, steps=order), **options)
        found = _seen(session, order)
        tasks = dict(sorted(found["tasks"].items()))
        return {**found, "tasks": tasks, "error": None, "order": _by_task(found["order"])}

    assert seen("dask", cluster=client) == seen("inline")

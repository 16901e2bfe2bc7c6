"""Random workflows: every one ends, and the executors agree.

With scripted durations on a virtual clock any graph may race, because the clock says who is first. Free-running, only
graphs without races are compared: joins wait for all, and no two branches write the same variable.
"""

import asyncio
import heapq
import os
import selectors
import threading
from hashlib import blake2b

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attune_sim.contexts.registry import strategies
from attune_sim.engine.runner import Runner
from attune_sim.errors import ActionError, ActionTimeout
from attune_sim.executors import executor_named
from attune_sim.executors.aio import AsyncioExecutor
from attune_sim.executors.threads import ThreadsExecutor
from attune_sim.executors.virtual import Foretold, VirtualExecutor
from attune_sim.workflow import Retry, Task, Transition, Workflow

FULL = int(os.environ.get("ATTUNE_SIM_CAMPAIGN", "0"))
EXAMPLES = FULL or 150

CONDITIONS = [
    None, None, None, "{{ succeeded() }}", "{{ succeeded() }}", "{{ failed() }}", "{{ timed_out() }}",
    "count < 3", "{{ succeeded() and count < 5 }}", "not failed()", "nothing_of_the_kind",
]  # fmt: skip


@st.composite
def workflows(draw, delays=(0, 0, 1, 3)):
    """Graphs of up to eight tasks: cycles, joins, fan-outs, retries, parallel blocks, skipped tasks, broken inputs."""
    names = [f"t{n}" for n in range(draw(st.integers(1, 8)))]
    tasks = [_task(draw, name, names, delays) for name in names]
    return Workflow(tuple(tasks), vars={"count": 0, "list": [1, 2, 3]}, output_map={"count": "{{ count }}"})


def _task(draw, name, names, delays, nested=False):
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
            tasks=tuple(_task(draw, one, inner, delays, nested=True) for one in inner),
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
    return Task(
        name, action="t.act", with_items=items, concurrency=draw(st.sampled_from([None, 2, 5])), retry=retry,
        input={"value": value}, timeout=late, **common,
    )  # fmt: skip


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


class Order:
    """Notes, per task, which attempts started, in order."""

    def __init__(self):
        self.by_task = {}

    def action_started(self, command):
        self.by_task.setdefault(command.task, []).append((command.visit, command.index, command.attempt))


def _seen(runner, order):
    state = runner.state
    return {
        "status": state.status,
        "output": state.output,
        "error": state.error,
        "variables": state.variables,
        "tasks": state.task_statuses,
        "order": order.by_task,
    }


def _runner(workflow, action, order, **options):
    return Runner(
        workflow,
        strategy=strategies["shared"](),
        actions={"t.act": action},
        observers=[order],
        max_task_runs=20,
        **options,
    )


def _virtually(workflow, fate):
    order = Order()
    runner = _runner(workflow, None, order)
    VirtualExecutor(fate.of).run(runner)
    return _seen(runner, order)


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


class Announced:
    """An executor seen from its runner: the attempt that is about to be called, by the thread or task that calls it."""

    def __init__(self, runner):
        self.runner = runner
        self.local = threading.local()
        self._begin = runner.begin
        runner.begin = self.begin

    def begin(self, command):
        self.local.command = command
        return self._begin(command)


def _on_asyncio(workflow, fate):
    order = Order()

    async def act(value):
        command = announced.local.command
        foretold = fate.of(command)
        await asyncio.sleep(foretold.duration)
        return _told(foretold)

    runner = _runner(workflow, act, order)
    announced = Announced(runner)
    with asyncio.Runner(loop_factory=VirtualLoop) as loop:
        loop.run(AsyncioExecutor().arun(runner))
    return _seen(runner, order)


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

    def __init__(self, clock):
        super().__init__()
        self._clock = clock

    def action_started(self, command):
        super().action_started(command)
        self._clock.begin()


def _on_threads(workflow, fate):
    clock = VirtualSleep()
    order = Awake(clock)

    def act(value):
        foretold = fate.of(announced.local.command)
        clock.sleep(foretold.duration)
        return _told(foretold)

    runner = _runner(workflow, act, order)
    announced = Announced(runner)
    handle = runner.handle

    def handle_and_count(event):
        commands = handle(event)  # what follows begins before this attempt counts as over
        clock.end()
        return commands

    runner.handle = handle_and_count
    ThreadsExecutor(workers=64).run(runner)
    return _seen(runner, order)


campaign = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=list(HealthCheck),
    database=None,
)


def _without_timeouts(workflow):
    """Timeouts are of real time in threads; on a virtual clock they are the fates' to say."""
    from dataclasses import replace

    def plain(task):
        return replace(task, timeout=None, tasks=tuple(plain(one) for one in task.tasks))

    return replace(workflow, tasks=tuple(plain(task) for task in workflow.tasks))


@pytest.mark.slow
@campaign
@given(workflow=workflows(), seed=st.integers(0, 10_000))
def test_every_random_workflow_ends_and_is_repeatable(workflow, seed):
    once, again = _virtually(workflow, Fate(seed)), _virtually(workflow, Fate(seed))

    assert once["status"] in ("succeeded", "failed")
    assert once == again


@pytest.mark.slow
@campaign
@given(workflow=workflows(), seed=st.integers(0, 10_000))
def test_asyncio_agrees_with_inline_on_a_virtual_clock(workflow, seed):
    assert _on_asyncio(workflow, Fate(seed)) == _virtually(workflow, Fate(seed))


@pytest.mark.slow
@campaign
@given(workflow=workflows(delays=(0,)), seed=st.integers(0, 10_000))
def test_threads_agree_with_inline_on_a_virtual_clock(workflow, seed):
    plain = _without_timeouts(workflow)

    assert _on_threads(plain, Fate(seed)) == _virtually(plain, Fate(seed))


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
    order = Order()

    def act(value):
        return _told(fate.of(announced.local.command))

    runner = _runner(workflow, act if name != "asyncio" else _awaited(lambda: announced, fate), order)
    announced = Announced(runner)
    executor_named(name).run(runner)
    seen = _seen(runner, order)
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


def _awaited(announced, fate):
    async def act(value):
        command = announced().local.command
        await asyncio.sleep(0)
        return _told(fate.of(command))

    return act


@pytest.mark.slow
@campaign
@given(workflow=race_free(), seed=st.integers(0, 10_000))
def test_free_running_executors_agree_on_graphs_without_races(workflow, seed):
    inline, threads, aio = (_free(name, workflow, Fate(seed)) for name in ("inline", "threads", "asyncio"))

    assert threads == inline
    assert aio == inline

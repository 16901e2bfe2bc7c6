"""Watching one run for writes.

A workload runs once, one attempt after the other, with everything shared. Around each call the values that the action
is handed are noted and looked at again; a container that changed and belongs to the context (or to the item) is a
leak: under a strategy that shares it, other items, retries or later tasks would see the change. What an action does to
the fresh maps and lists that its input was rendered into harms nobody and is not told.

Values are looked at before a call, after it, and once more at the end, when threads that the run had begun have had a
second to end. So a write that is undone before the action returns is not seen, nor what a thread writes later than that.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from attune_sim.contexts.plain import PlainContext, PlainFork, PlainStrategy
from attune_sim.contexts.strategy import Guarantees
from attune_sim.engine.events import StartAction
from attune_sim.errors import InputError, Interrupted, counted, with_article
from attune_sim.executors import executor_named
from attune_sim.executors.readied import Action, around
from attune_sim.executors.stoppable import is_async
from attune_sim.executors.timeline import RealTimeline
from attune_sim.isolation.findings import Isolation, Leak, judged
from attune_sim.isolation.looks import Look, change, containers, inside, is_container, look
from attune_sim.runspec import RunSpec
from attune_sim.scope import MISSING, NAMESPACES, ContextPath
from attune_sim.session import session_of

MAX_LEAKS: Final = 1_000
"""Leaks that are told one by one; more are counted."""

GRACE: Final = 1.0
"""Seconds that threads have to end which the actions began."""


def watch_isolation(spec: RunSpec, actions: Mapping[str, Action]) -> Isolation:
    """Run once and tell; whatever strategy and dispatch the description names, everything is shared.

    Raises `InputError` for an action that does not exist, before anything runs, and `Interrupted`, with what was found so far, where it was
    stopped.
    """
    watcher = Watcher(lambda run: session.runner.called(run))
    session = session_of(
        spec,
        {ref: watcher.watched(action) for ref, action in actions.items()},
        observers=[watcher],
        strategy=_Watched(watcher),
    )
    unknown = [problem for tasks in session.runner.problems.values() for problem in tasks.values()]
    if unknown:
        raise InputError("\n".join(unknown))
    earlier = set(threading.enumerate())
    timeline = RealTimeline()
    ending = executor_named("inline").run(session.job, timeline)
    _wait_for(set(threading.enumerate()) - earlier)
    watcher.look_once_more()
    safe, unsafe = judged(watcher.leaks) if watcher.calls else ((), ())
    seen = (watcher.calls, tuple(watcher.leaks), watcher.more)
    found = Isolation(spec.name, ending.status, *seen, safe, unsafe, ending.error, tuple(watcher.unwatched))
    if timeline.interrupts.requested:
        raise Interrupted(
            f"the check of {spec.name} was stopped after {counted(watcher.calls, 'call')}", found
        )
    return found


def _wait_for(threads: set[threading.Thread]) -> None:
    end = time.monotonic() + GRACE
    for thread in threads:
        thread.join(max(end - time.monotonic(), 0))


class _Watched(PlainStrategy):
    """Shares everything, as `shared` does, and tells the watcher what becomes part of the context."""

    name = "watched"
    guarantees = Guarantees(isolated_items=False, isolated_nested=False)

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def begin(self, namespaces: Mapping[str, Any]) -> PlainContext:
        for name, value in namespaces.items():
            self._watcher.own(value, name)
        return super().begin(namespaces)

    def publish(self, context: PlainContext, values: Mapping[str, Any]) -> PlainContext:
        for name, value in values.items():
            self._watcher.own(value, f"workflow.{name}")
        return super().publish(context, values)

    def store(self, context: PlainContext, task: str, result: Any) -> PlainContext:
        self._watcher.own(result, f"task.{task}")
        return super().store(context, task, result)

    def fan_out(self, context: PlainContext, reads: frozenset[ContextPath] | None) -> _Forker:
        for name in NAMESPACES:  # the maps themselves: an action may be handed a whole namespace
            self._watcher.own_map(context.resolve(name), name)
        return _Forker(context, self._watcher)


class _Forker:
    def __init__(self, context: PlainContext, watcher: Watcher) -> None:
        self._maps = context.namespaces
        self._watcher = watcher

    def fork(self, item: Any, index: int) -> PlainFork:
        self._watcher.own_item(item, index)
        return PlainFork(self._maps, item, index)

    def fork_plain(self) -> PlainFork:
        return PlainFork(self._maps, MISSING, MISSING)


@dataclass(slots=True)
class _Handed:
    """A container of the context that an attempt was handed: the object itself, where it lies, and how it looked."""

    value: Any
    path: str
    looked: Look
    command: StartAction
    workflow: str | None


class Watcher:
    """Knows which containers belong to the context, and compares those that an action is handed before and after.

    An observer; `called` gives the sub-workflow of a run.
    """

    def __init__(self, called: Callable[[int], str | None]) -> None:
        self._called = called
        self.calls = 0
        self.leaks: list[Leak] = []
        self.more = 0
        self.unwatched: dict[str, None] = {}
        self._command: StartAction | None = None
        self._owned: dict[int, tuple[Any, str]] = {}  # the object is kept, so that its id stays its own
        # By the object, not by the fan-out: several of them may be under way, and their items have equal indices.
        self._items: dict[int | None, dict[int, str]] = {}
        self._handed: dict[int, _Handed] = {}

    def calling(self, command: StartAction) -> None:
        self._command = command

    def own(self, value: Any, path: str) -> None:
        """Every container inside of `value` belongs to the context from now on; where it was first stays its place."""
        for inner, place in containers(value, path, self._owned):
            self._owned[id(inner)] = (inner, place)

    def own_map(self, value: Any, path: str) -> None:
        if is_container(value):
            self._owned.setdefault(id(value), (value, path))

    def own_item(self, item: Any, index: int) -> None:
        self.own(item, "item")
        places = self._items.setdefault(index, {})
        places.update((id(inner), place) for inner, place in containers(item, "item", {}))

    def watched(self, action: Action) -> Action:
        """The same action, looked at around each call; a coroutine function stays one."""
        return around(action, self._watched)

    def _watched(self, action: Action) -> Action:
        @functools.wraps(action, updated=())
        def call(**input: Any) -> Any:
            with self._looking(input):
                return action(**input)

        @functools.wraps(action, updated=())
        async def call_async(**input: Any) -> Any:
            with self._looking(input):
                return await action(**input)

        return call_async if is_async(action) else call

    def look_once_more(self) -> None:
        """What changed after the action that was handed it had returned."""
        for handed in self._handed.values():
            self._compare(handed, late=True)

    @contextmanager
    def _looking(self, input: Mapping[str, Any]) -> Iterator[None]:
        handed = list(self._before(input))
        try:
            yield
        finally:
            for container in handed:
                self._compare(container, late=False)
                self._handed[id(container.value)] = container

    def _before(self, input: Mapping[str, Any]) -> Iterator[_Handed]:
        command = self._command
        assert command is not None, "an action was called without being begun"
        self.calls += 1
        of_item = self._items.get(command.index, {})
        for value, _ in containers(input, "input", {}):
            if (owned := self._owned.get(id(value))) is None:
                continue
            if (earlier := self._handed.get(id(value))) is not None:
                self._compare(earlier, late=True)
            path, looked = of_item.get(id(value), owned[1]), look(value)
            if not looked:
                kind = with_article(type(value).__qualname__.lstrip("_"))
                self.unwatched[f"{kind} at {path} cannot be looked into"] = None
            yield _Handed(value, path, looked, command, self._called(command.run))

    def _compare(self, handed: _Handed, *, late: bool) -> None:
        now = look(handed.value)
        if (changed := change(handed.looked, now)) is None:
            return
        handed.looked = now
        for inner, place in inside(handed.value, handed.path):
            self.own(inner, place)
        if len(self.leaks) >= MAX_LEAKS:
            self.more += 1
            return
        command = handed.command
        attempt = (command.task, command.action, command.index, command.attempt)
        self.leaks.append(Leak(*attempt, handed.path, changed.words, changed.kind, late, handed.workflow))

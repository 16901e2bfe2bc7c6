"""Does any action write into what it was handed? Only then does it matter whether items are isolated.

A workload runs once, one attempt after the other, with everything shared. Around each call the values that the action
is handed are noted and looked at again; a container that changed and belongs to the context (or to the item) is a
leak: under a strategy that shares it, other items, retries or later tasks would see the change. What an action does to
the fresh maps and lists that its input was rendered into harms nobody and is not told.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from attune_sim.contexts.plain import PlainContext, PlainFork, PlainStrategy
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import Guarantees
from attune_sim.contexts.strategy import Path as ContextPath
from attune_sim.engine.events import StartAction
from attune_sim.engine.runner import Action, Runner
from attune_sim.executors.calls import is_async
from attune_sim.executors.inline import InlineExecutor
from attune_sim.scope import MISSING, NAMESPACES

MAX_LEAKS: Final = 1_000
"""Leaks that are told one by one; more are counted."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One write into what was handed over.

    `path` is where the changed container lies (`item.tags`, `task.fetch.servers[3]`), with what changed in it as
    `change`; `index` and `attempt` are those of the attempt, `late` is true where it was seen only after the action
    had returned (a thread or a callback that went on).
    """

    task: str
    action: str
    index: int | None
    attempt: int
    path: str
    change: str
    late: bool = False

    @property
    def top_level(self) -> bool:
        """Whether a namespace itself was written into, not a value inside of it."""
        return self.path in NAMESPACES

    def __str__(self) -> str:
        item = "" if self.index is None else f" item {self.index}"
        attempt = f" attempt {self.attempt + 1}" if self.attempt else ""
        when = " after it had returned" if self.late else ""
        return f"task {self.task!r}{item}{attempt}: {self.action} wrote into {self.path}{when}: {self.change}"


@dataclass(frozen=True)
class Isolation:
    """What was found. `safe` and `unsafe` name strategies; `calls` were watched; `more` leaks were not listed."""

    name: str
    status: str
    calls: int
    leaks: tuple[Leak, ...]
    more: int
    safe: tuple[str, ...]
    unsafe: tuple[str, ...]
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether every strategy is safe."""
        return not self.leaks

    def __repr__(self) -> str:
        if self.ok:
            return f"<Isolation of {self.name!r}: no action of {self.calls} calls wrote into what it was handed; every strategy is safe>"
        return (
            f"<Isolation of {self.name!r}: {len(self.leaks) + self.more} leaks, the first: {self.leaks[0]}; "
            f"unsafe: {', '.join(self.unsafe)}>"
        )


def watch_isolation(
    name: str, make_runner: Callable[..., Runner], actions: Mapping[str, Action]
) -> Isolation:
    """Run once and tell. `make_runner(strategy=..., actions=...)` makes the runner of the workload."""
    watcher = Watcher()
    runner = make_runner(strategy=_Watched(watcher), actions=_Table(actions, watcher))
    begin = runner.begin

    def begin_watched(command: StartAction) -> Any:
        watcher.command = command
        return begin(command)

    runner.begin = begin_watched  # type: ignore[method-assign]  # the one moment before a call that every run has
    ending = InlineExecutor().run(runner)
    watcher.look_once_more()
    safe, unsafe = _judged(watcher.leaks)
    return Isolation(
        name, ending.status, watcher.calls, tuple(watcher.leaks), watcher.more, safe, unsafe, ending.error
    )


def _judged(leaks: Iterable[Leak]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which strategies keep these leaks from everybody else; one that refuses the write is no safe choice either."""
    nested = any(not leak.top_level for leak in leaks)
    top = any(leak.top_level for leak in leaks)
    safe: list[str] = []
    unsafe: list[str] = []
    for name in strategies:
        promised = strategies[name].guarantees
        broken = (nested and not promised.isolated_nested) or (top and not promised.isolated_items)
        refused = (nested or top) and promised.immutable
        (unsafe if broken or refused else safe).append(name)
    return tuple(safe), tuple(unsafe)


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
        if item is not MISSING:
            self._watcher.own(item, "item")
            self._watcher.items[index] = item
        return PlainFork(self._maps, item, index)


class _Table(Mapping[str, Action]):
    """The actions, each watched as it is asked for."""

    def __init__(self, actions: Mapping[str, Action], watcher: Watcher) -> None:
        self._actions = actions
        self._watcher = watcher

    def __getitem__(self, ref: str) -> Action:
        return self._watcher.watched(self._actions[ref])

    def __contains__(self, ref: object) -> bool:
        return ref in self._actions

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)


@dataclass(slots=True)
class _Handed:
    """A container of the context that an attempt was handed: the object itself, where it lies, and how it looked."""

    value: Any
    path: str
    looked: Any
    command: StartAction


class Watcher:
    """Knows which containers belong to the context, and compares those that an action is handed before and after."""

    def __init__(self) -> None:
        self.command: StartAction | None = None
        self.calls = 0
        self.leaks: list[Leak] = []
        self.more = 0
        self.items: dict[int, Any] = {}
        self._owned: dict[int, tuple[Any, str]] = {}  # the object is kept, so that its id stays its own
        self._handed: dict[int, _Handed] = {}

    def own(self, value: Any, path: str) -> None:
        """Every container inside of `value` belongs to the context from now on; where it was first stays its place."""
        for inner, place in containers(value, path, self._owned):
            self._owned[id(inner)] = (inner, place)

    def own_map(self, value: Any, path: str) -> None:
        if is_container(value):
            self._owned.setdefault(id(value), (value, path))

    def watched(self, action: Action) -> Action:
        """The same action, looked at around each call; a coroutine function stays one."""

        @functools.wraps(action, updated=())
        def call(**input: Any) -> Any:
            handed = self._before(input)
            try:
                return action(**input)
            finally:
                self._after(handed)

        @functools.wraps(action, updated=())
        async def call_async(**input: Any) -> Any:
            handed = self._before(input)
            try:
                return await action(**input)
            finally:
                self._after(handed)

        return call_async if is_async(action) else call

    def look_once_more(self) -> None:
        """What changed after the action that was handed it had returned."""
        for handed in self._handed.values():
            self._compare(handed, late=True)

    def _before(self, input: Mapping[str, Any]) -> list[_Handed]:
        command = self.command
        assert command is not None, "an action was called without being begun"
        self.calls += 1
        own_item = dict(_places(self.items.get(command.index), "item")) if command.index is not None else {}
        handed = []
        for value, _ in containers(input, "input", {}):
            owned = self._owned.get(id(value))
            if owned is None:
                continue
            earlier = self._handed.get(id(value))
            if earlier is not None:
                self._compare(earlier, late=True)
            handed.append(_Handed(value, own_item.get(id(value), owned[1]), look(value), command))
        return handed

    def _after(self, handed: list[_Handed]) -> None:
        for one in handed:
            self._compare(one, late=False)
            self._handed[id(one.value)] = one

    def _compare(self, handed: _Handed, *, late: bool) -> None:
        now = look(handed.value)
        change = difference(handed.looked, now)
        if change is None:
            return
        handed.looked = now
        for inner, place in _inside(handed.value, handed.path):
            self.own(inner, place)
        if len(self.leaks) >= MAX_LEAKS:
            self.more += 1
            return
        command = handed.command
        self.leaks.append(
            Leak(command.task, command.action, command.index, command.attempt, handed.path, change, late)
        )


# -- containers, and how they look -------------------------------------------------------------------------------------


def is_container(value: Any) -> bool:
    """Whether a value can be written into: dicts, lists, sets, bytearrays, deques, objects with attributes."""
    return isinstance(value, dict | list | set | bytearray | deque) or _has_attributes(value)


def _has_attributes(value: Any) -> bool:
    return hasattr(value, "__dict__") and not callable(value) and not isinstance(value, type | ModuleType)


def containers(value: Any, path: str, known: Mapping[int, Any]) -> Iterator[tuple[Any, str]]:
    """Every container inside of a value with its path, each once; those that are `known` are not entered again."""
    seen: set[int] = set()
    pending = [(value, path)]
    while pending:
        one, place = pending.pop()
        if id(one) in seen or id(one) in known:
            continue
        if is_container(one):
            seen.add(id(one))
            yield one, place
        pending.extend(_inside(one, place))


def _inside(value: Any, path: str) -> list[tuple[Any, str]]:
    """What a value holds that may hold or be a container itself."""
    if isinstance(value, Mapping):
        pairs: Iterable[tuple[Any, str]] = ((one, f"{path}.{key}") for key, one in value.items())
    elif isinstance(value, list | tuple | deque):
        pairs = ((one, f"{path}[{n}]") for n, one in enumerate(value))
    elif isinstance(value, set | frozenset):
        pairs = ((one, f"{path}{{...}}") for one in value)
    elif _has_attributes(value):
        pairs = ((one, f"{path}.{key}") for key, one in vars(value).items())
    else:
        return []
    return [(one, place) for one, place in pairs if not isinstance(one, str | bytes | int | float | None)]


def _places(value: Any, path: str) -> Iterator[tuple[int, str]]:
    return ((id(one), place) for one, place in containers(value, path, {}))


def look(value: Any) -> Any:
    """How a container looks from outside: its entries themselves, not what they hold."""
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list | deque):
        return list(value)
    if isinstance(value, set):
        return set(value)
    return bytes(value) if isinstance(value, bytearray) else dict(vars(value))


def difference(before: Any, after: Any) -> str | None:
    """What changed between two looks, in a few words, or None.

    >>> difference({"a": 1}, {"a": 1, "b": 2}), difference([1], [1]), difference([1, 2], [1])
    ("'b' was added", None, '1 entries instead of 2')
    """
    if isinstance(before, dict):
        return _dict_difference(before, after)
    if isinstance(before, set | bytes):
        return None if before == after else f"{len(after)} entries instead of {len(before)}, or others"
    if len(before) != len(after):
        return f"{len(after)} entries instead of {len(before)}"
    changed = [n for n, (one, other) in enumerate(zip(before, after, strict=True)) if not _same(one, other)]
    return f"entry {changed[0]} was replaced" if changed else None


def _dict_difference(before: dict[Any, Any], after: dict[Any, Any]) -> str | None:
    for key in after:
        if key not in before:
            return f"{key!r} was added"
    for key, value in before.items():
        if key not in after:
            return f"{key!r} was removed"
        if not _same(value, after[key]):
            return f"{key!r} was replaced"
    return None if list(before) == list(after) else "its keys were reordered"


def _same(one: Any, other: Any) -> bool:
    """The same object, or an equal value of a kind that cannot be written into."""
    if one is other:
        return True
    return type(one) is type(other) and isinstance(one, str | bytes | int | float) and bool(one == other)

"""The one table of the laws: values of many kinds, at every place of a context, and the ways of writing into them."""

from __future__ import annotations

import copy
from collections import OrderedDict, UserDict, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from operator import setitem
from typing import Any, Final, NamedTuple

from attune_sim.contexts.strategy import ContextStrategy, Fork
from attune_sim.scope import LOCALS, MISSING, NAMESPACES, ContextPath

PLACES: Final[Mapping[str, ContextPath]] = {
    **{f"the namespace {name!r}": (name,) for name in NAMESPACES},
    "a published variable": ("workflow", "published"),
    "a stored result": ("task", "stored"),
    "the item": ("item",),
}
"""Where a map of values can stand, by what the place is."""


class Record:
    """An object of a class of its own: what an action may return that is neither map nor list."""

    def __init__(self) -> None:
        self.rows = [2, 1]


class OwnDict(dict[str, Any]):
    """A dict of a class of its own."""


class OwnList(list[Any]):
    """A list of a class of its own."""


class Kind(NamedTuple):
    """A value, and the steps from it to the part of it that can be written into."""

    value: Any
    steps: tuple[Any, ...] = ()


def _deep(levels: int) -> Kind:
    value: Any = [2, 1]
    steps = tuple("a" if level % 2 else 0 for level in range(levels))
    for step in reversed(steps):
        value = {"a": value} if step == "a" else [value]
    return Kind(value, steps)


WRITABLE: Final[Mapping[str, Kind]] = {
    "dict": Kind({"a": 1}),
    **{f"list {levels} deep": _deep(levels) for levels in range(9)},
    "set": Kind({1, 2}),
    "bytearray": Kind(bytearray(b"ba")),
    "OrderedDict": Kind(OrderedDict(a=1)),
    "defaultdict": Kind(defaultdict(int, a=1)),
    "UserDict": Kind(UserDict(a=1)),
    "dict subclass": Kind(OwnDict(a=1)),
    "list subclass": Kind(OwnList([2, 1])),
    "deque": Kind(deque([2, 1])),
    "object": Kind(Record()),
    "list in a tuple": Kind(([2, 1],), (0,)),
    "list in an OrderedDict": Kind(OrderedDict(a=[2, 1]), ("a",)),
}
"""Values that can be written into, by what they are. A strategy may refuse some of them, but not dicts and lists."""


def _delete(target: Any) -> None:
    del target[next(iter(target)) if isinstance(target, Mapping) else 0]


WAYS: Final[Mapping[str, Callable[[Any], object]]] = {
    "x['new'] = 7": lambda x: setitem(x, "new", 7),
    "x['a'] = 7": lambda x: setitem(x, "a", 7),
    "x[0] = 7": lambda x: setitem(x, 0, 7),
    "x.new = 7": lambda x: setattr(x, "new", 7),
    "x.rows.append(7)": lambda x: x.rows.append(7),
    "x.append(7)": lambda x: x.append(7),
    "x.extend([7])": lambda x: x.extend([7]),
    "x.insert(0, 7)": lambda x: x.insert(0, 7),
    "x.add(7)": lambda x: x.add(7),
    "x.update(newer=7)": lambda x: x.update(newer=7),
    "x.update({8})": lambda x: x.update({8}),
    "x.setdefault('newest', 7)": lambda x: x.setdefault("newest", 7),
    "x += [7]": lambda x: x.__iadd__([7]),
    "x |= {'other': 7}": lambda x: x.__ior__({"other": 7}),
    "x |= {9}": lambda x: x.__ior__({9}),
    "x.reverse()": lambda x: x.reverse(),
    "x.sort()": lambda x: x.sort(),
    "del x[...]": _delete,
    "x.pop()": lambda x: x.pop(),
    "x.pop(...)": lambda x: x.pop(next(iter(x))),
    "x.popitem()": lambda x: x.popitem(),
    "x.discard(7)": lambda x: x.discard(7),
    "x.clear()": lambda x: x.clear(),
}
"""How an item may try to change what it was handed; each may fail."""


def filled(strategy: ContextStrategy, values: Mapping[str, Any]) -> Any:
    """A context that holds copies of these values at every place that is not the item."""
    context = strategy.begin({name: copy.deepcopy(dict(values)) for name in NAMESPACES})
    context = strategy.publish(context, {"published": copy.deepcopy(dict(values))})
    return strategy.store(context, "stored", copy.deepcopy(dict(values)))


def accepted(strategy: ContextStrategy) -> dict[str, Any]:
    """The values of `WRITABLE` that the strategy hands on; it may refuse what is no plain data in any way."""
    return {name: kind.value for name, kind in WRITABLE.items() if _is_accepted(strategy, name, kind.value)}


def _is_accepted(strategy: ContextStrategy, name: str, value: Any) -> bool:
    if type(value) in (dict, list):
        return True
    try:
        fork = strategy.fan_out(filled(strategy, {name: value}), None).fork(copy.deepcopy({name: value}), 0)
        return all(at(fork, path) is not MISSING for path in PLACES.values())
    except Exception:  # an outsider's strategy may refuse a value by raising anything
        return False


def at(scope: Any, path: Sequence[Any]) -> Any:
    """What stands at a path of a context or fork; the first step is a name, the others are keys and indices."""
    value = scope.resolve(path[0])
    for step in path[1:]:
        value = value[step]
    return value


def targets(fork: Fork, kinds: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """What can be written into at each place of a fork, in words and as a path; no item in a plain task."""
    for place, path in PLACES.items():
        if path != ("item",) or fork.resolve("item") is not MISSING:
            for name in kinds:
                yield f"a {name} of {place}", (*path, name, *WRITABLE[name].steps)


def attempt(way: Callable[[Any], object], target: Any) -> None:
    """Try to write. Whether it worked is seen from the content."""
    with suppress(Exception):  # an outsider's value may refuse in any way
        way(target)


def held(fork: Fork) -> dict[str, Any]:
    """What a fork holds under each name, and under one that does not exist."""
    return {name: content(fork.resolve(name)) for name in (*NAMESPACES, *LOCALS, "nothing")}


def content(value: Any) -> Any:
    """What a value holds, in plain dicts and lists that do not change when it does."""
    if isinstance(value, str | bytes | bytearray):
        return bytes(value) if isinstance(value, bytearray) else value
    attributes = getattr(value, "__dict__", {})
    held = {key: content(part) for key, part in attributes.items()} if isinstance(attributes, dict) else {}
    if isinstance(value, Mapping):
        return {key: content(part) for key, part in value.items()}, held
    if isinstance(value, Sequence | Set):
        parts = [content(part) for part in value]
        return (sorted(parts, key=repr) if isinstance(value, Set) else parts), held
    return held or value

"""What an item can do to its context, and who sees it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any, Final, TypeAlias

from attune_sim.contexts.laws.law import Law, namespaces
from attune_sim.contexts.laws.places import PLACES, WAYS, accepted, at, attempt, content, filled, targets
from attune_sim.contexts.strategy import ContextStrategy, Fork, Forker, plain_fork
from attune_sim.scope import MISSING, NAMESPACES, ContextPath

Places: TypeAlias = Iterator[tuple[str, tuple[Any, ...]]]


def _top_leak(strategy: ContextStrategy, *, has_item: bool = True) -> str | None:
    values = {"a": 1, "b": 2}
    context = filled(strategy, values)
    return _leak(context, strategy.fan_out(context, None), values if has_item else MISSING, lambda _: _tops())


def _tops() -> Places:
    return ((f"the namespace {name!r}", (name,)) for name in NAMESPACES)


def _isolates_plain_tasks(strategy: ContextStrategy) -> str | None:
    return _nested_leak(strategy, has_item=False) or _nested_leak(strategy, has_item=False, are_read=True)


def _nested_leak(strategy: ContextStrategy, *, has_item: bool = True, are_read: bool = False) -> str | None:
    values = accepted(strategy)
    context = filled(strategy, values)
    paths: frozenset[ContextPath] = frozenset((*path, name) for path in PLACES.values() for name in values)
    forker = strategy.fan_out(context, paths if are_read else None)
    item = copy.deepcopy(values) if has_item else MISSING
    return _leak(context, forker, item, lambda fork: targets(fork, values))


def _leak(context: Any, forker: Forker, item: Any, written: Callable[[Fork], Places]) -> str | None:
    """What somebody else sees of what one fork writes, in every way, at the places that `written` gives of it."""

    def forked() -> Fork:
        return plain_fork(forker) if item is MISSING else forker.fork(item, 0)

    writer, other = forked(), forked()
    places = list(written(writer))
    others = {(path, "another item"): other for _, path in places}
    others |= {(path, "the parent"): context for _, path in places if path[0] != "item"}
    before = {(path, who): content(at(scope, path)) for (path, who), scope in others.items()}
    given = content(item)
    for (what, path), (how, way) in product(places, WAYS.items()):
        attempt(way, at(writer, path))
        for who in ("another item", "the parent"):
            if (path, who) in others and content(at(others[path, who], path)) != before[path, who]:
                return f"{who} sees what an item wrote into {what} by {how}"
    if content(item) != given:
        return "the parent sees what an item wrote into the item"
    later = forked()
    stale = [what for what, path in places if content(at(later, path)) != before[path, "another item"]]
    return f"an item that is forked later sees what an item wrote into {stale[0]}" if stale else None


def _isolates_an_item_of_the_context(strategy: ContextStrategy) -> str | None:
    """Most items are parts of the context that they are handed: a row of a list that a task returned."""
    context, own, home = strategy.begin(namespaces()), ("item", "list"), ("parameters", "nested", "list")
    item = at(context, home[:-1])
    forker = strategy.fan_out(context, None)
    writer, other = forker.fork(item, 0), forker.fork(item, 1)
    for way in WAYS.values():
        attempt(way, at(writer, own))
    if content(at(other, own)) != content(at(other, home)):
        return "another item sees what an item wrote into itself"
    if content(at(other, own))[0] != [1, 2]:
        return "another item and the context see what an item wrote into itself"
    seen = content(at(context, home))[0]
    return None if seen == [1, 2] else "the parent sees what an item wrote into itself"


def _cannot_be_written(strategy: ContextStrategy) -> str | None:
    values = accepted(strategy)
    fork = strategy.fan_out(filled(strategy, values), None).fork(copy.deepcopy(values), 0)
    for what, path in (*targets(fork, values), *_tops(), ("the item", ("item",))):
        value = at(fork, path)
        before = content(value)
        for how, way in WAYS.items():
            attempt(way, value)
            if content(value) != before:
                return f"an item can write into {what} by {how}"
    return None


ISOLATION_LAWS: Final = (
    Law("items cannot see each other's writes at the top level", "isolated_items", _top_leak),
    Law("nor can plain tasks", "isolated_items", partial(_top_leak, has_item=False)),
    Law("items cannot see each other's writes into nested values", "isolated_nested", _nested_leak),
    Law(
        "nor into nested values that their templates name",
        "isolated_nested",
        partial(_nested_leak, are_read=True),
    ),
    Law("nor into nested values of a plain task", "isolated_nested", _isolates_plain_tasks),
    Law("nor into an item that is part of the context", "isolated_nested", _isolates_an_item_of_the_context),
    Law("an item cannot write into what it was handed", "immutable", _cannot_be_written),
)

"""What an item can do to its context, and who sees it."""

from __future__ import annotations

from typing import Any, Final

from attune_sim.contexts.laws.law import NESTED, Law, attempts_to_write, namespaces, nested_values, two_forks
from attune_sim.contexts.strategy import ContextStrategy, Path

_WRITABLE: Final = ("parameters", "workflow", "task", "config")


def _isolates_items(strategy: ContextStrategy) -> str | None:
    context, one, other = two_forks(strategy)
    for name in _WRITABLE:
        if not attempts_to_write(one.resolve(name), "written", True):
            continue
        for who, scope in (("another item", other), ("the parent", context)):
            if "written" in scope.resolve(name):
                return f"{who} sees what an item wrote into {name!r}"
    return None


def _isolates_nested(strategy: ContextStrategy) -> str | None:
    return _leak(strategy, None)


def _isolates_what_is_read(strategy: ContextStrategy) -> str | None:
    return _leak(strategy, NESTED)


def _leak(strategy: ContextStrategy, reads: frozenset[Path] | None) -> str | None:
    context = strategy.begin(namespaces())
    item: dict[str, Any] = {"nested": {"list": [1, 2]}}
    forker = strategy.fan_out(context, reads)
    one, other = forker.fork(item, 0), forker.fork(item, 1)
    for (path, value), (_, others) in zip(nested_values(one), nested_values(other), strict=True):
        if attempts_to_write(value, 0, "written") and others[0] == "written":
            return f"another item sees what an item wrote into {path}"
    if item["nested"]["list"][0] == "written" or context.resolve("task")["earlier"]["nested"]["list"][0] != 1:
        return "the parent sees what an item wrote into a nested value"
    later = forker.fork(item, 2)
    stale = [path for path, value in nested_values(later) if value[0] == "written"]
    return f"an item that is forked later sees what an item wrote into {stale[0]}" if stale else None


def _isolates_an_item_of_the_context(strategy: ContextStrategy) -> str | None:
    """Most items are parts of the context that they are handed: a row of a list that a task returned."""
    context = strategy.begin(namespaces())
    item = context.resolve("parameters")["nested"]
    forker = strategy.fan_out(context, None)
    one, other = forker.fork(item, 0), forker.fork(item, 1)
    if not attempts_to_write(one.resolve("item")["list"], 0, "written"):
        return None
    if other.resolve("item")["list"][0] != 1 or other.resolve("parameters")["nested"]["list"][0] != 1:
        return "another item sees what an item wrote into itself"
    seen = context.resolve("parameters")["nested"]["list"][0]
    return "the parent sees what an item wrote into itself" if seen == "written" else None


def _cannot_be_written(strategy: ContextStrategy) -> str | None:
    _, fork, _ = two_forks(strategy)
    for name in _WRITABLE:
        if attempts_to_write(fork.resolve(name), "written", True):
            return f"an item can write into {name!r}"
    for path, value in nested_values(fork):
        if attempts_to_write(value, 0, "written"):
            return f"an item can write into {path}"
    return None


ISOLATION_LAWS: Final = (
    Law("items cannot see each other's writes at the top level", "isolated_items", _isolates_items),
    Law("items cannot see each other's writes into nested values", "isolated_nested", _isolates_nested),
    Law("nor into nested values that their templates name", "isolated_nested", _isolates_what_is_read),
    Law("nor into an item that is part of the context", "isolated_nested", _isolates_an_item_of_the_context),
    Law("an item cannot write into what it was handed", "immutable", _cannot_be_written),
)

"""`persistent`: the namespaces are pyrsistent maps; a fork is a new version that shares all but the changed path.

The maps themselves cannot be changed, so items are isolated at the top level in O(log n); values inside them (lists,
dicts of a task's result) are the run's own and stay shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyrsistent import PMap, pmap

from attune_sim.contexts.strategy import Guarantees, Path
from attune_sim.contexts.versions import VersionContext, VersionFork


class _Forker:
    __slots__ = ("_namespaces",)

    def __init__(self, namespaces: PMap[str, Any]) -> None:
        self._namespaces = namespaces

    def fork(self, item: Any, index: int) -> VersionFork:
        return VersionFork(self._namespaces.set("item", item), index)


class Persistent:
    """A new version for each item: isolation of the top level, O(log n) a fork.

    >>> context = Persistent().begin({"parameters": {}, "workflow": {"a": 1}, "task": {}})
    >>> later = Persistent().publish(context, {"a": 2})
    >>> context.resolve("workflow")["a"], later.resolve("workflow")["a"]
    (1, 2)
    """

    name = "persistent"
    guarantees = Guarantees(
        isolated_items=True, isolated_nested=False, ordered=False, plain_dicts=False, json_ready=False
    )

    def begin(self, namespaces: Mapping[str, Any]) -> VersionContext:
        return VersionContext(pmap({name: _version(value) for name, value in namespaces.items()}))

    def publish(self, context: VersionContext, values: Mapping[str, Any]) -> VersionContext:
        return _with_entries(context, "workflow", values)

    def store(self, context: VersionContext, task: str, result: Any) -> VersionContext:
        return _with_entries(context, "task", {task: result})

    def fan_out(self, context: VersionContext, reads: frozenset[Path] | None) -> _Forker:
        namespaces: Any = context.namespaces
        return _Forker(namespaces)


def _version(value: Any) -> Any:
    return pmap(value) if isinstance(value, Mapping) else value


def _with_entries(context: VersionContext, namespace: str, entries: Mapping[str, Any]) -> VersionContext:
    namespaces: Any = context.namespaces
    return VersionContext(namespaces.set(namespace, namespaces[namespace].update(entries)))

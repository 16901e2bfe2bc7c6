"""`persistent`: the namespaces are pyrsistent maps; a fork is a new version that shares all but the changed path.

The maps themselves cannot be changed, so items are isolated at the top level in O(log n); values inside them (lists,
dicts of a task's result) are the run's own and stay shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyrsistent import PMap, pmap

from attune_sim.contexts.strategy import Guarantees, Path
from attune_sim.scope import MISSING


class _Context:
    """A version of the namespaces: a persistent map of persistent maps."""

    __slots__ = ("namespaces",)

    def __init__(self, namespaces: PMap[str, Any]) -> None:
        self.namespaces = namespaces

    def resolve(self, name: str) -> Any:
        return self.namespaces.get(name, MISSING)


class _Fork(_Context):
    __slots__ = ()

    @property
    def item(self) -> Any:
        return self.namespaces["item"]

    @property
    def index(self) -> int:
        index: int = self.namespaces["index"]
        return index


class _Forker:
    __slots__ = ("_namespaces",)

    def __init__(self, namespaces: PMap[str, Any]) -> None:
        self._namespaces = namespaces

    def fork(self, item: Any, index: int) -> _Fork:
        return _Fork(self._namespaces.set("item", item).set("index", index))


class Persistent:
    """A new version for each item: isolation of the top level, O(log n) a fork.

    >>> context = Persistent().begin({"parameters": {}, "workflow": {"a": 1}, "task": {}})
    >>> later = Persistent().publish(context, {"a": 2})
    >>> context.resolve("workflow")["a"], later.resolve("workflow")["a"]
    (1, 2)
    """

    name = "persistent"
    guarantees = Guarantees(isolated_items=True, isolated_nested=False, ordered=False, plain_dicts=False)

    def begin(self, namespaces: Mapping[str, Any]) -> _Context:
        frozen = {
            name: pmap(value) if isinstance(value, Mapping) else value for name, value in namespaces.items()
        }
        return _Context(pmap(frozen))

    def publish(self, context: _Context, values: Mapping[str, Any]) -> _Context:
        return self._with_entries(context, "workflow", values)

    def store(self, context: _Context, task: str, result: Any) -> _Context:
        return self._with_entries(context, "task", {task: result})

    def fan_out(self, context: _Context, reads: frozenset[Path] | None) -> _Forker:
        return _Forker(context.namespaces)

    def _with_entries(self, context: _Context, namespace: str, entries: Mapping[str, Any]) -> _Context:
        namespaces = context.namespaces
        return _Context(namespaces.set(namespace, namespaces[namespace].update(entries)))

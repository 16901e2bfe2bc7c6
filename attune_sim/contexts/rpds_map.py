"""`rpds`: the namespaces are `rpds.HashTrieMap`s, persistent maps written in Rust.

Cheap to extend, costly to walk: iterating over such a map takes some hundred times longer than over a dict. Its memory is
Rust's own, so no sizer sees it, and running out of memory inside of it ends the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rpds import HashTrieMap

from attune_sim.contexts.strategy import Guarantees, Path
from attune_sim.contexts.versions import VersionContext, VersionFork


class _Forker:
    __slots__ = ("_namespaces",)

    def __init__(self, namespaces: HashTrieMap[str, Any]) -> None:
        self._namespaces = namespaces

    def fork(self, item: Any, index: int) -> VersionFork:
        return VersionFork(self._namespaces.insert("item", item), index)


class Rpds:
    """A new version of a map in Rust for each item: isolation of the top level, O(log n) a fork.

    >>> context = Rpds().begin({"parameters": {}, "workflow": {"a": 1}, "task": {}})
    >>> later = Rpds().publish(context, {"a": 2})
    >>> context.resolve("workflow")["a"], later.resolve("workflow")["a"]
    (1, 2)
    """

    name = "rpds"
    guarantees = Guarantees(
        isolated_items=True,
        isolated_nested=False,
        ordered=False,
        plain_dicts=False,
        json_ready=False,
        plain_equality=False,
    )

    def begin(self, namespaces: Mapping[str, Any]) -> VersionContext:
        return VersionContext(HashTrieMap({name: _version(value) for name, value in namespaces.items()}))

    def publish(self, context: VersionContext, values: Mapping[str, Any]) -> VersionContext:
        return _with_entries(context, "workflow", values)

    def store(self, context: VersionContext, task: str, result: Any) -> VersionContext:
        return _with_entries(context, "task", {task: result})

    def fan_out(self, context: VersionContext, reads: frozenset[Path] | None) -> _Forker:
        namespaces: Any = context.namespaces
        return _Forker(namespaces)


def _version(value: Any) -> Any:
    return HashTrieMap(dict(value)) if isinstance(value, Mapping) else value


def _with_entries(context: VersionContext, namespace: str, entries: Mapping[str, Any]) -> VersionContext:
    namespaces: Any = context.namespaces
    grown = namespaces[namespace]
    for name, value in entries.items():
        grown = grown.insert(name, value)
    return VersionContext(namespaces.insert(namespace, grown))

"""`rpds`: the namespaces are `rpds.HashTrieMap`s, persistent maps written in Rust.

Cheap to extend, costly to walk: iterating over such a map takes some hundred times longer than over a dict. Its memory is
Rust's own, so no sizer sees it, and running out of memory inside of it ends the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rpds import HashTrieMap

from attune_sim.contexts.entries import EntryStrategy
from attune_sim.contexts.plain import PlainFork
from attune_sim.contexts.strategy import Guarantees, Path
from attune_sim.contexts.versions import VersionContext, VersionForker


class _Context(VersionContext):
    """As its base, but for the name that `set` has here."""

    __slots__ = ()

    def with_entries(self, namespace: str, entries: Mapping[str, Any]) -> _Context:
        return _Context(self.namespaces.insert(namespace, self.namespaces[namespace].update(entries)))


class _Forker(VersionForker):
    __slots__ = ()

    def fork(self, item: Any, index: int) -> PlainFork:
        return PlainFork(self._namespaces.insert("item", item), item, index)


class Rpds(EntryStrategy[VersionContext]):
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
        concurrent_forks=True,
        travels=True,
        ordered=False,
        plain_dicts=False,
        json_ready=False,
        plain_equality=False,
    )

    def begin(self, namespaces: Mapping[str, Any]) -> VersionContext:
        return _Context.made_by(HashTrieMap, namespaces)

    def fan_out(self, context: VersionContext, reads: frozenset[Path] | None) -> VersionForker:
        return _Forker(context.namespaces)

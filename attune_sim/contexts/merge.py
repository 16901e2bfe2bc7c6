"""`merge`: a fork is a new top-level dict, `{**context, "item": item, "index": index}`, as most engines in Python do it.

It copies the names and shares everything that they stand for: an item can rebind a namespace of its own, but whatever it
writes into one, or deeper, it writes for all.
"""

from __future__ import annotations

from typing import Any

from attune_sim.contexts.entries import NamespaceForker
from attune_sim.contexts.handed import HandedFork
from attune_sim.contexts.plain import PlainContext, PlainStrategy
from attune_sim.contexts.strategy import Guarantees
from attune_sim.scope import MISSING, ContextPath, Missing


class _Fork(HandedFork, dict[str, Any]):
    """The merged dict itself."""

    __slots__ = ()

    @property
    def item(self) -> Any:
        return self.get("item", MISSING)

    @property
    def index(self) -> int | Missing:
        index: int | Missing = self.get("index", MISSING)
        return index

    def resolve(self, name: str) -> Any:
        return self.get(name, MISSING)


class _Forker(NamespaceForker):
    __slots__ = ()

    def fork(self, item: Any, index: int) -> _Fork:
        return _Fork(self._namespaces, item=item, index=index)

    def fork_plain(self) -> _Fork:
        return _Fork(self._namespaces)


class Merge(PlainStrategy):
    """A new dict of the same values for each item: O(number of namespaces) a fork, no isolation of what they hold.

    >>> context = Merge().begin({"parameters": {"region": "eu"}, "workflow": {}, "task": {}})
    >>> dict(Merge().fan_out(context, reads=None).fork("a", 0))
    {'parameters': {'region': 'eu'}, 'workflow': {}, 'task': {}, 'item': 'a', 'index': 0}
    """

    name = "merge"
    sends_forks = True
    guarantees = Guarantees(isolated_items=False, isolated_nested=False, concurrent_forks=True, travels=True)

    def fan_out(self, context: PlainContext, reads: frozenset[ContextPath] | None) -> _Forker:
        return _Forker(context.namespaces)

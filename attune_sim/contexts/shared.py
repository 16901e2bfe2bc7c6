"""`shared`: every item reads the one context; a fork is three words that point at it, the item and its index.

Nothing is looked up or copied, so a fork costs the same whatever the context holds: 56 bytes and the time of one
small object. In exchange every value is the run's own: an action that writes into what it was handed writes for all.
"""

from __future__ import annotations

from typing import Any

from attune_sim.contexts.entries import NamespaceForker
from attune_sim.contexts.plain import PlainContext, PlainFork, PlainStrategy
from attune_sim.contexts.strategy import Guarantees
from attune_sim.scope import MISSING, ContextPath


class _Forker(NamespaceForker):
    __slots__ = ()

    def fork(self, item: Any, index: int) -> PlainFork:
        return PlainFork(self._namespaces, item, index)

    def fork_plain(self) -> PlainFork:
        return PlainFork(self._namespaces, MISSING, MISSING)


class Shared(PlainStrategy):
    """One context for all items: O(1) a fork, no isolation.

    >>> context = Shared().begin({"parameters": {"region": "eu"}, "workflow": {}, "task": {}})
    >>> fork = Shared().fan_out(context, reads=None).fork({"id": 7}, 0)
    >>> fork.resolve("item"), fork.resolve("parameters")
    ({'id': 7}, {'region': 'eu'})
    """

    name = "shared"
    guarantees = Guarantees(isolated_items=False, isolated_nested=False, concurrent_forks=True, travels=True)

    def fan_out(self, context: PlainContext, reads: frozenset[ContextPath] | None) -> _Forker:
        return _Forker(context.maps)

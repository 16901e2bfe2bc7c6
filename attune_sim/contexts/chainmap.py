"""`chainmap`: a fork is a `collections.ChainMap` child: an own small map in front, the run's maps behind it.

Reads fall through, writes stay in front: items are isolated at the top level for the price of a small dict. A chain
that only grows would make every look-up slower, so publishing joins maps as a counter carries: each is more than `RATIO`
times larger than the one in front of it. A chain over n entries is at most log(n) / log(RATIO) + 2 maps long, and joining
costs an entry some RATIO copies for each of them, however many entries there will be.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any, Final

from attune_sim.contexts.entries import EntryStrategy, NamespaceContext, NamespaceForker, each_map
from attune_sim.contexts.handed import HandedFork
from attune_sim.contexts.strategy import Guarantees
from attune_sim.scope import MISSING, ContextPath, Missing

RATIO: Final = 8
"""Sizes of neighbours in a chain. Look-ups of ChainMap cost some 0.1 us a map: few large maps, at the price of joining."""


class _Context(NamespaceContext):
    """The namespaces, each a chain; publishing puts a map in front of one of them."""

    __slots__ = ()

    def with_entries(self, namespace: str, entries: Mapping[str, Any]) -> _Context:
        front, behind = dict(entries), list(self.namespaces[namespace].maps)
        while behind and len(behind[0]) <= RATIO * len(front):
            front = {**behind.pop(0), **front}
        return _Context({**self.namespaces, namespace: ChainMap(front, *behind)})


class _Fork(HandedFork, ChainMap[str, Any]):
    """`item` and `index` in front of the run's namespaces."""

    @property
    def item(self) -> Any:
        return self.maps[0].get("item", MISSING)

    @property
    def index(self) -> int | Missing:
        index: int | Missing = self.maps[0].get("index", MISSING)
        return index

    def resolve(self, name: str) -> Any:
        own, namespaces = self.maps
        if name in own:
            return own[name]
        value = namespaces.get(name, MISSING)
        if type(value) is ChainMap:
            # A child of its own, once it is asked for: what this item writes at the top level stays here.
            value = own[name] = value.new_child()
        return value


class _Forker(NamespaceForker):
    __slots__ = ()

    def fork(self, item: Any, index: int) -> _Fork:
        return _Fork({"item": item, "index": index}, self._namespaces)

    def fork_plain(self) -> _Fork:
        return _Fork({}, self._namespaces)


class Chainmap(EntryStrategy[_Context]):
    """A child map for each item: isolation of the top level, O(1) a fork.

    >>> context = Chainmap().begin({"parameters": {}, "workflow": {"a": 1}, "task": {}})
    >>> forker = Chainmap().fan_out(context, reads=None)
    >>> writer, other = forker.fork("x", 0), forker.fork("y", 1)
    >>> writer.resolve("workflow")["a"] = 2
    >>> other.resolve("workflow")["a"]
    1
    """

    name = "chainmap"
    guarantees = Guarantees(
        isolated_items=True,
        isolated_nested=False,
        concurrent_forks=True,
        travels=True,
        plain_dicts=False,
        json_ready=False,
    )

    def begin(self, namespaces: Mapping[str, Any]) -> _Context:
        return _Context(each_map(namespaces, lambda value: ChainMap(dict(value))))

    def fan_out(self, context: _Context, reads: frozenset[ContextPath] | None) -> _Forker:
        return _Forker(context.namespaces)

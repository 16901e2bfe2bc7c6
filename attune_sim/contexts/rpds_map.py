"""`rpds`: the namespaces are `rpds.HashTrieMap`s, persistent maps written in Rust.

Cheap to extend, costly to walk: iterating over such a map takes some hundred times longer than over a dict. Its memory is
Rust's own, so no sizer sees it, and running out of memory inside of it ends the process. Each process draws a seed for its hashes
(Rust's `RandomState`), whatever `PYTHONHASHSEED` is: a fork takes 376 to 552 bytes, as the keys fall.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rpds import HashTrieMap

from attune_sim.contexts.plain import PlainFork
from attune_sim.contexts.versions import VersionContext, VersionForker, VersionStrategy
from attune_sim.scope import ContextPath


class _Forker(VersionForker):
    """As its base, but for the name that `set` has here."""

    __slots__ = ()

    def fork(self, item: Any, index: int) -> PlainFork:
        return PlainFork(self._namespaces.insert("item", item), item, index)


class Rpds(VersionStrategy):
    """A new version of a map in Rust for each item: isolation of the top level, O(log n) a fork.

    >>> context = Rpds().begin({"parameters": {}, "workflow": {"a": 1}, "task": {}})
    >>> later = Rpds().publish(context, {"a": 2})
    >>> context.resolve("workflow")["a"], later.resolve("workflow")["a"]
    (1, 2)
    """

    name = "rpds"
    guarantees = replace(VersionStrategy.guarantees, plain_equality=False)
    make = HashTrieMap
    draws_layout = True
    """Two processes under one hash seed differ: what both tell of a fork is no deviation."""

    def fan_out(self, context: VersionContext, reads: frozenset[ContextPath] | None) -> VersionForker:
        return _Forker(context.namespaces)

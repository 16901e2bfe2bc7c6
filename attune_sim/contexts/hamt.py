"""`hamt`: the namespaces are `immutables.Map`s, the hash array mapped trie that CPython keeps its context variables in.

As `persistent`, in C: a fork is a new version with one entry more. Look-ups cost what those of a dict cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from immutables import Map

from attune_sim.contexts.entries import EntryStrategy
from attune_sim.contexts.strategy import Guarantees, Path
from attune_sim.contexts.versions import VersionContext, VersionForker


class Hamt(EntryStrategy[VersionContext]):
    """A new version of a hash array mapped trie for each item: isolation of the top level, O(log n) a fork.

    >>> context = Hamt().begin({"parameters": {}, "workflow": {"a": 1}, "task": {}})
    >>> later = Hamt().publish(context, {"a": 2})
    >>> context.resolve("workflow")["a"], later.resolve("workflow")["a"]
    (1, 2)
    """

    name = "hamt"
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
        return VersionContext.made_by(Map, namespaces)

    def fan_out(self, context: VersionContext, reads: frozenset[Path] | None) -> VersionForker:
        return VersionForker(context.namespaces)

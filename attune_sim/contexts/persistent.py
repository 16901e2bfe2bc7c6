"""`persistent`: the namespaces are pyrsistent maps; a fork is a new version that shares all but the changed path.

The maps themselves cannot be changed, so items are isolated at the top level in O(log n); values inside them (lists,
dicts of a task's result) are the run's own and stay shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyrsistent import pmap

from attune_sim.contexts.entries import EntryStrategy
from attune_sim.contexts.strategy import Guarantees, Path
from attune_sim.contexts.versions import VersionContext, VersionForker


class Persistent(EntryStrategy[VersionContext]):
    """A new version for each item: isolation of the top level, O(log n) a fork.

    >>> context = Persistent().begin({"parameters": {}, "workflow": {"a": 1}, "task": {}})
    >>> later = Persistent().publish(context, {"a": 2})
    >>> context.resolve("workflow")["a"], later.resolve("workflow")["a"]
    (1, 2)
    """

    name = "persistent"
    guarantees = Guarantees(
        isolated_items=True,
        isolated_nested=False,
        concurrent_forks=True,
        travels=True,
        ordered=False,
        plain_dicts=False,
        json_ready=False,
    )

    def begin(self, namespaces: Mapping[str, Any]) -> VersionContext:
        return VersionContext.made_by(pmap, namespaces)

    def fan_out(self, context: VersionContext, reads: frozenset[Path] | None) -> VersionForker:
        return VersionForker(context.namespaces)

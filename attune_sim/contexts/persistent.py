"""`persistent`: the namespaces are pyrsistent maps; a fork is a new version that shares all but the changed path.

The maps themselves cannot be changed, so items are isolated at the top level in O(log n); values inside them (lists,
dicts of a task's result) are the run's own and stay shared.
"""

from __future__ import annotations

from pyrsistent import pmap

from attune_sim.contexts.versions import VersionStrategy


class Persistent(VersionStrategy):
    """A new version for each item: isolation of the top level, O(log n) a fork.

    >>> context = Persistent().begin({"parameters": {}, "workflow": {"a": 1}, "task": {}})
    >>> later = Persistent().publish(context, {"a": 2})
    >>> context.resolve("workflow")["a"], later.resolve("workflow")["a"]
    (1, 2)
    """

    name = "persistent"
    make = staticmethod(pmap)

"""`hamt`: the namespaces are `immutables.Map`s, the hash array mapped trie that CPython keeps its context variables in.

As `persistent`, in C: a fork is a new version with one entry more. Look-ups cost what those of a dict cost.
"""

from __future__ import annotations

from dataclasses import replace

from immutables import Map

from attune_sim.contexts.versions import VersionStrategy


class Hamt(VersionStrategy):
    """A new version of a hash array mapped trie for each item: isolation of the top level, O(log n) a fork.

    >>> context = Hamt().begin({"parameters": {}, "workflow": {"a": 1}, "task": {}})
    >>> later = Hamt().publish(context, {"a": 2})
    >>> context.resolve("workflow")["a"], later.resolve("workflow")["a"]
    (1, 2)
    """

    name = "hamt"
    guarantees = replace(VersionStrategy.guarantees, plain_equality=False)
    make = Map

"""`deepcopy`: every item gets the whole context copied to the ground, as `copy.deepcopy` does it.

What one item does to its context nobody else can see, and N items over a context of size C cost O(N*C). Strings and
numbers are shared, being immutable: a context of long texts looks cheap, one of records costs three times its JSON.
"""

from __future__ import annotations

import copy
from typing import Any

from attune_sim.contexts.copying import try_to_copy
from attune_sim.contexts.entries import NamespaceForker
from attune_sim.contexts.plain import PlainContext, PlainFork, PlainStrategy
from attune_sim.contexts.refusal import refused
from attune_sim.contexts.strategy import Guarantees
from attune_sim.scope import MISSING, ContextPath, Missing


class _Forker(NamespaceForker):
    __slots__ = ()

    def fork(self, item: Any, index: int | Missing) -> PlainFork:
        try:
            # One call for both: an item that is part of the context stays part of its copy.
            namespaces, own_item = copy.deepcopy((self._namespaces, item))
        except MemoryError:
            raise
        except Exception:  # whatever a value raises when it is copied
            raise refused("deepcopy", "copyable", try_to_copy, {**self._namespaces, "item": item}) from None
        return PlainFork(namespaces, own_item, index)

    def fork_plain(self) -> PlainFork:
        return self.fork(MISSING, MISSING)


class Deepcopy(PlainStrategy):
    """A whole copy for each item: full isolation, O(context) a fork. `ResultError` for what cannot be copied.

    >>> seen = [1]
    >>> context = Deepcopy().begin({"parameters": {}, "workflow": {"seen": seen}, "task": {}})
    >>> Deepcopy().fan_out(context, reads=None).fork("a", 0).resolve("workflow")["seen"].append(2)
    >>> seen
    [1]
    """

    name = "deepcopy"
    sends_forks = True
    guarantees = Guarantees(isolated_items=True, isolated_nested=True, concurrent_forks=True, travels=True)

    def fan_out(self, context: PlainContext, reads: frozenset[ContextPath] | None) -> _Forker:
        return _Forker(context.namespaces)

"""`pickle`: every item gets the context pickled and unpickled, which is what handing it to another process costs."""

from __future__ import annotations

import pickle
from functools import partial

from attune_sim.contexts.plain import PlainContext, PlainStrategy
from attune_sim.contexts.serial import RoundTripForker
from attune_sim.contexts.strategy import Guarantees
from attune_sim.scope import ContextPath


class Pickle(PlainStrategy):
    """A whole copy by way of pickle for each item: full isolation, O(context) a fork, types as they were.

    Raises `ResultError` for what cannot be pickled (locks, open files, local functions).

    >>> context = Pickle().begin({"parameters": {"pair": (1, 2)}, "workflow": {}, "task": {}})
    >>> Pickle().fan_out(context, reads=None).fork("a", 0).resolve("parameters")
    {'pair': (1, 2)}
    """

    name = "pickle"
    sends_forks = True
    guarantees = Guarantees(isolated_items=True, isolated_nested=True, concurrent_forks=True, travels=True)

    def fan_out(self, context: PlainContext, reads: frozenset[ContextPath] | None) -> RoundTripForker:
        write = partial(pickle.dumps, protocol=pickle.HIGHEST_PROTOCOL)
        return RoundTripForker(context.namespaces, self.name, "picklable", write, pickle.loads)

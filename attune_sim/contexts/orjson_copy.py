"""`orjson`: every item gets the context written as JSON and parsed again, with the fastest library for it."""

from __future__ import annotations

import orjson

from attune_sim.contexts.plain import PlainContext, PlainStrategy
from attune_sim.contexts.serial import RoundTripForker
from attune_sim.contexts.strategy import Guarantees
from attune_sim.jsonl import not_json
from attune_sim.scope import ContextPath


class Orjson(PlainStrategy):
    """A whole copy by way of JSON for each item: full isolation, O(context) a fork, strict JSON only.

    `ResultError` for what JSON would change or does not know, and for integers beyond 64 bits and lone surrogates.

    >>> context = Orjson().begin({"parameters": {"pair": [1, 2]}, "workflow": {}, "task": {}})
    >>> Orjson().fan_out(context, reads=None).fork("a", 0).resolve("parameters")
    {'pair': [1, 2]}
    """

    name = "orjson"
    sends_forks = True
    guarantees = Guarantees(
        isolated_items=True, isolated_nested=True, concurrent_forks=True, travels=True, exact_types=False
    )

    def fan_out(self, context: PlainContext, reads: frozenset[ContextPath] | None) -> RoundTripForker:
        return RoundTripForker(context.namespaces, self.name, "JSON", orjson.dumps, orjson.loads, not_json)

"""`json`: every item gets the context written as JSON and parsed again, with the standard library."""

from __future__ import annotations

import json

from attune_sim.contexts.plain import PlainContext, PlainStrategy
from attune_sim.contexts.serial import RoundTripForker
from attune_sim.contexts.strategy import Guarantees
from attune_sim.jsonl import not_json
from attune_sim.scope import ContextPath


class Json(PlainStrategy):
    """A whole copy by way of JSON for each item: full isolation, O(context) a fork, JSON types only.

    `ResultError` for what JSON would change or does not know: tuples, sets, dates, bytes, NaN, keys that are no texts.

    >>> context = Json().begin({"parameters": {"pair": [1, 2]}, "workflow": {}, "task": {}})
    >>> Json().fan_out(context, reads=None).fork("a", 0).resolve("parameters")
    {'pair': [1, 2]}
    """

    name = "json"
    sends_forks = True
    guarantees = Guarantees(
        isolated_items=True, isolated_nested=True, concurrent_forks=True, travels=True, exact_types=False
    )

    def fan_out(self, context: PlainContext, reads: frozenset[ContextPath] | None) -> RoundTripForker:
        return RoundTripForker(context.namespaces, self.name, "JSON", json.dumps, json.loads, not_json)

"""The bytes of a look, against an instrument that knows nothing of it."""

from __future__ import annotations

from typing import Any

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.engine.offer import Offer
from attune_sim.meter.walk import owned
from attune_sim.stepping.look import look_at
from attune_sim.stepping.performer import Alive

ROWS = [{"id": 1_000 + n, "name": f"server number {n}", "tags": [f"tag {n}", 2.5 * n]} for n in range(30)]


def looked(name: str) -> tuple[Any, list[Any], list[Any]]:
    strategy = strategies[name]()
    context = strategy.begin({"parameters": {"region": "eu west"}, "workflow": {"rows": ROWS}, "task": {}})
    forker = strategy.fan_out(context, None)
    items = ROWS if name != "frozen" else list(context.resolve("workflow")["rows"])
    offer = Offer(task="check", visit=0, items=items, forker=forker, context=context)
    alive = [Alive(offer, n, 0, "under way", forker.fork(items[n], n)) for n in range(3)]
    return look_at(alive, {"": context}, [offer], lambda value: value), alive, [context, forker, items]


@pytest.mark.parametrize("name", [name for name in strategies if name != "rpds"])
def test_own_bytes_are_those_that_the_meter_finds(name: str) -> None:
    look, alive, shared = looked(name)
    found = [walked.blocks for walked in owned([one.fork for one in alive], shared)]

    assert [fork.own_bytes for fork in look.forks[1:]] == pytest.approx(found, rel=0.06, abs=64)


@pytest.mark.parametrize("name", list(strategies))
def test_own_and_shared_parts_add_up_to_no_more_than_there_is(name: str) -> None:
    look, _, _ = looked(name)

    assert look.is_whole
    assert all(fork.shared_bytes <= look.heap_bytes for fork in look.forks)
    assert sum(value.bytes for value in look.heap if value.depth) <= look.heap_bytes

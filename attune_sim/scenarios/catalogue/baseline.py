"""Scenario `baseline`: nothing but a fan-out, over a context of a known size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from attune_sim.actions import core
from attune_sim.actions.payload import Shape
from attune_sim.runspec import History
from attune_sim.scenarios.contents import Ballast
from attune_sim.scenarios.scenario import catalogued
from attune_sim.scenarios.workload import Workload


def baseline(
    items: int = 1000,
    *,
    payload: Shape = "records",
    history: History | Mapping[str, Any] | int | None = None,
    variables_bytes: int = 50_000,
    parameters_bytes: int = 10_000,
    concurrency: int | None = None,
    seed: int = 0,
) -> Workload:
    """A fan-out with a no-op action over 100 finished tasks of 10 KB, 50 KB of variables and 10 KB of parameters.

    All sizes are bytes of JSON, of the shape `payload`: `text`, `records` or `numbers`.

    >>> import attune_sim as at
    >>> at.scenarios.baseline(items=50, history=4)
    <Workload 'baseline': 50 items, 40,000 bytes of history>

    Raises:
        InputError: a size that is none, or no such shape.
    """
    ballast = Ballast(variables_bytes, parameters_bytes, payload)
    workload = catalogued("baseline", "items", items, ballast, history, concurrency, seed)
    return replace(workload, replay=core.pack(), real=core.pack())

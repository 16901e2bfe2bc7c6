"""Scenario `baseline`: nothing but a fan-out, over a context of a known size."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from attune_sim.actions import core
from attune_sim.scenarios.scenario import (
    Ballast,
    adopt_size,
    ballast_settings,
    ballast_variables,
    history_of,
    positive,
    workflow_named,
)
from attune_sim.scenarios.workload import History, Workload


def baseline(
    items: int = 1000,
    *,
    payload: str = "records",
    history: History | Mapping[str, Any] | int | None = None,
    variables_bytes: int = 50_000,
    parameters_bytes: int = 10_000,
    concurrency: int | None = None,
    seed: int = 0,
) -> Workload:
    """A fan-out with a no-op action over 100 finished tasks of 10 KB, 50 KB of variables and 10 KB of parameters.

    All sizes are bytes of JSON, of the shape `payload`: `text`, `records` or `numbers`.
    """
    return Workload(
        name="baseline",
        workflow=workflow_named("baseline", concurrency),
        items=positive("items", items),
        seed=seed,
        history=history_of(history, payload),
        make_parameters=_parameters,
        make_variables=ballast_variables,
        replay=core.pack(),
        real=core.pack(),
        adopt=partial(adopt_size, "items"),
        options={"ballast": Ballast(variables_bytes, parameters_bytes, payload)},
    )


def _parameters(workload: Workload) -> dict[str, Any]:
    return {"items": workload.items, **ballast_settings(workload)}

"""What is run of what a user names: a workload in the sizes asked for, strategies each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from attune_sim.actions.payload import SHAPES
from attune_sim.amounts import byte_count
from attune_sim.api.runs.running import Strategy, one_of, positive, strategy_class
from attune_sim.contexts.registry import strategies as registry
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.errors import InputError
from attune_sim.runspec import History
from attune_sim.scenarios.scenario import history_of
from attune_sim.scenarios.workload import Workload


def sized_workload(
    own: Workload,
    *,
    items: int | None = None,
    payload: str | None = None,
    history: History | Mapping[str, Any] | int | None = None,
    context_bytes: int | str | None = None,
    concurrency: int | None = None,
) -> Workload:
    """The workload in the sizes that were asked for; None keeps its own.

    Raises:
        InputError: a size that is none, or that the workload cannot have.
    """
    if items is not None:
        positive("items", items)
    if payload is not None:
        own = _shaped(own, one_of("payload", payload, SHAPES))
    wanted = None if history is None else history_of(history, own.history.payload)
    return own.sized(
        items=items,
        history=wanted if wanted is None or payload is None else replace(wanted, payload=payload),
        context_bytes=None if context_bytes is None else byte_count(context_bytes, "context_bytes"),
        concurrency=concurrency,
    )


def _shaped(own: Workload, shape: str) -> Workload:
    """The workload with all that is made up in this shape."""
    ballast, history = replace(own.ballast, payload=shape), replace(own.history, payload=shape)
    return replace(own, ballast=ballast, history=history)


def chosen_strategies(wanted: Strategy | Iterable[Strategy] | None) -> list[type[ContextStrategy]]:
    """The strategy classes that `wanted` names, each once; all that are registered for None."""
    if wanted is None:
        wanted = registry
    elif isinstance(wanted, str | type) or not isinstance(wanted, Iterable):
        wanted = [wanted]
    classes = {strategy.name: strategy for strategy in map(strategy_class, wanted)}
    if not classes:
        raise InputError(f"name at least one strategy; choose from: {', '.join(registry)}")
    return list(classes.values())

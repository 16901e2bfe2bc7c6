"""Driving a workload to its end, inline, and counting how its items ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from attune_sim.actions.registry import Actions
from attune_sim.contexts.registry import strategies
from attune_sim.engine.runner import Runner
from attune_sim.executors import executor_named
from attune_sim.scenarios.payload import make_history
from attune_sim.scenarios.workload import Workload


@dataclass
class Items:
    """An observer that keeps the outcome and the reason of every item of a fan-out."""

    outcomes: dict[int, str] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)

    def item_ended(
        self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str | None
    ) -> None:
        self.outcomes[index] = outcome
        if error is not None:
            self.errors[index] = error

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(self.outcomes.values()))


@dataclass
class Driven:
    """A run that has ended: its state, and its items."""

    state: Any
    items: Items


def drive(
    workload: Workload,
    *,
    given: Mapping[str, Any] | None = None,
    real: bool = False,
    strategy: str = "shared",
    dispatch: str = "windowed",
    executor: str = "inline",
) -> Driven:
    items, actions = Items(), Actions(workload.actions(real))
    runner = Runner(
        workload.workflow,
        {**workload.parameters(), **(given or {})},
        strategy=strategies[strategy](),
        dispatch=dispatch,
        actions=actions,
        workflows=workload.workflows,
        history=make_history(workload.history, workload.seed),
        variables=workload.variables(),
        observers=[items],
    )
    with actions.closed():
        executor_named(executor).run(runner)
    return Driven(runner.state, items)


@pytest.fixture
def driven() -> Callable[..., Driven]:
    return drive

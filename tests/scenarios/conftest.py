"""Driving a workload to its end, inline, and counting how its items ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from attune_sim.actions.registry import Actions
from attune_sim.executors import executor_named
from attune_sim.runspec import Dispatch
from attune_sim.scenarios.workload import Workload
from attune_sim.session import session_of


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
    dispatch: Dispatch = "windowed",
    executor: str = "inline",
) -> Driven:
    items, actions = Items(), Actions(workload.actions(real))
    spec = workload.spec(given, strategy=strategy, dispatch=dispatch)
    session = session_of(spec, actions, observers=[items])
    with actions.closed():
        executor_named(executor).run(session.job)
    return Driven(session.state, items)


@pytest.fixture
def driven() -> Callable[..., Driven]:
    return drive

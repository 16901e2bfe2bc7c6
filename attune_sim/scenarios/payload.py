"""The context that a run finds when it begins: results of finished tasks, variables and parameters of a known size."""

from __future__ import annotations

from typing import Any

from attune_sim.actions.payload import SHAPES, make_payload
from attune_sim.scenarios.workload import History

__all__ = ["SHAPES", "make_history", "make_payload", "make_variables"]


def make_history(history: History, seed: int = 0) -> dict[str, Any]:
    """The results of `history.tasks` finished tasks, `step_000` and so on, each of `history.bytes_each` bytes of JSON.

    >>> results = make_history(History(tasks=3, bytes_each=500))
    >>> sorted(results), results["step_000"] is results["step_001"]
    (['step_000', 'step_001', 'step_002'], False)
    """
    return {
        f"step_{number:03d}": make_payload(history.payload, history.bytes_each, f"{seed} step {number}")
        for number in range(history.tasks)
    }


def make_variables(bytes: int, shape: str = "records", seed: int = 0, count: int = 5) -> dict[str, Any]:
    """`count` variables, `variable_0` and so on, whose values have `bytes` bytes of JSON together; none for 0 bytes."""
    if bytes == 0:
        return {}
    sizes = [bytes // count + (number < bytes % count) for number in range(count)]
    return {
        f"variable_{number}": make_payload(shape, size, f"{seed} variable {number}")
        for number, size in enumerate(sizes)
    }

"""What the benchmarks of strategies hand on: the context of `baseline` in any size and shape, and an item."""

from __future__ import annotations

from typing import Any

from attune_sim.api.strategies import ITEM
from attune_sim.runspec import History
from attune_sim.scenarios.payload import make_history, make_variables

__all__ = ["ITEM", "namespaces"]


def namespaces(megabytes: float, payload: str = "records") -> dict[str, Any]:
    """Results of finished tasks, 10 KB of JSON each, 50 KB of variables (none for 0), and two scalars to read."""
    history = History(tasks=round(megabytes * 100), bytes_each=10_000, payload=payload)
    return {
        "parameters": {"region": "eu", "items": 1_000},
        "workflow": {"limit": 3, **make_variables(50_000 if megabytes else 0, payload)},
        "task": make_history(history),
        "config": None,
        "keystore": None,
        "system": {"workflow_start": "2026-01-01T00:00:00Z"},
    }

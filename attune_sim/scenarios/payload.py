"""The context that a run finds when it begins: results of finished tasks, variables and parameters of a known size."""

from __future__ import annotations

from typing import Any, Final

from attune_sim.actions.payload import SHAPES, make_payload, memory_of, memory_to_make, require_memory
from attune_sim.actions.script import measures
from attune_sim.actions.synthetic import Scripted
from attune_sim.runspec import History
from attune_sim.scenarios.workload import Workload

_ENTRY_BYTES: Final = 200
"""What the name of a result, its place in the map of results and its container take, however small it is."""

__all__ = ["SHAPES", "make_history", "make_payload", "make_variables"]


def make_history(history: History, seed: int = 0) -> dict[str, Any]:
    """The results of `history.tasks` finished tasks, `step_000` and so on, each of `history.bytes_each` bytes of JSON.

    Raises:
        InputError: this machine has no memory for them.

    >>> results = make_history(History(tasks=3, bytes_each=500))
    >>> sorted(results), results["step_000"] is results["step_001"]
    (['step_000', 'step_001', 'step_002'], False)
    """
    require_memory(*_history_memory(history))
    return {
        f"step_{number:03d}": make_payload(
            history.payload, history.bytes_each + (number < history.over), f"{seed} step {number}"
        )
        for number in range(history.tasks)
    }


def require_memory_for(workload: Workload, limit: int) -> None:
    """Raises InputError if history or a scripted result of a workload cannot be made within the memory limit of a cell."""
    require_memory(*_history_memory(workload.history), limit)
    scripted = [action for action in workload.replay.values() if isinstance(action, Scripted)]
    scripts = {id(action.script): action.script for action in scripted}
    for script in scripts.values():
        for place, described in script.payloads():
            shape, size, _ = measures(described)
            require_memory(f"{place}, {size:,} bytes of {shape}", memory_to_make(shape, size), limit)


def _history_memory(history: History) -> tuple[str, int]:
    what = f"history, {history.tasks:,} results of {history.bytes_each:,} bytes ({history.payload})"
    return what, memory_of(history.payload, history.context_bytes) + _ENTRY_BYTES * history.tasks


def make_variables(bytes: int, shape: str = "records", seed: int = 0, count: int = 5) -> dict[str, Any]:
    """`count` variables, `variable_0` and so on, whose values have `bytes` bytes of JSON together; none for 0 bytes."""
    if bytes == 0:
        return {}
    sizes = [bytes // count + (number < bytes % count) for number in range(count)]
    return {
        f"variable_{number}": make_payload(shape, size, f"{seed} variable {number}")
        for number, size in enumerate(sizes)
    }

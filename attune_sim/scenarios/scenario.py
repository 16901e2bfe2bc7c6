"""What the scenarios have in common: their knobs, and how a knob becomes a part of a workload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from attune_sim.errors import InputError, UnknownNameError
from attune_sim.loader import load
from attune_sim.scenarios.data import data_path
from attune_sim.scenarios.payload import SHAPES, make_payload, make_variables
from attune_sim.scenarios.workload import History, Workload
from attune_sim.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Ballast:
    """What else lies in the context: variables and parameters that no item reads, in bytes of JSON, and their shape."""

    variables: int = 0
    parameters: int = 0
    payload: str = "records"


def workflow_named(name: str, concurrency: int | None = None) -> Workflow:
    """The definition of a scenario, with another window for its fan-outs if one is given."""
    workflow = load(data_path(f"workflows/{name}.yaml"))
    if concurrency is None:
        return workflow
    positive("concurrency", concurrency, least=1)
    tasks = tuple(replace(t, concurrency=concurrency) if t.with_items else t for t in workflow.tasks)
    return replace(workflow, tasks=tasks)


def positive(knob: str, value: Any, least: int = 0) -> int:
    """A knob that is a count.

    Raises:
        InputError: it is not an integer, or less than `least`.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{knob} must be an integer of {least:,} or more, not {value!r}")
    return value


def adopt_size(knob: str, workload: Workload, given: Mapping[str, Any]) -> Workload:
    """The workload in the size that a parameter of the user's asks for."""
    return workload.sized(items=positive(knob, given[knob])) if knob in given else workload


def history_of(history: History | Mapping[str, Any] | int | None, payload: str) -> History:
    """The knob `history`: a `History`, its fields as a map, a number of tasks of 10 KB, or None for 100 of them."""
    if payload not in SHAPES:
        raise UnknownNameError("payload shape", payload, SHAPES)
    if isinstance(history, History):
        return _checked_history(history)
    if history is None:
        return History(payload=payload)
    if isinstance(history, Mapping):
        try:
            return _checked_history(History(**{"payload": payload, **history}))
        except TypeError:
            raise InputError(
                f"history has the keys tasks, bytes_each, payload, not {', '.join(map(str, history))}"
            ) from None
    return History(tasks=positive("history", history), payload=payload)


def _checked_history(history: History) -> History:
    positive("history tasks", history.tasks)
    positive("history bytes_each", history.bytes_each)
    if history.payload not in SHAPES:
        raise UnknownNameError("payload shape", str(history.payload), SHAPES)
    return history


def ballast_variables(workload: Workload) -> dict[str, Any]:
    """The variables of a workload, by its option `ballast`."""
    ballast: Ballast = workload.options["ballast"]
    return make_variables(ballast.variables, ballast.payload, workload.seed)


def ballast_settings(workload: Workload) -> dict[str, Any]:
    """The parameter `settings` of a workload, by its option `ballast`; nothing for 0 bytes."""
    ballast: Ballast = workload.options["ballast"]
    if ballast.parameters == 0:
        return {}
    around = len('{"content":}')
    size = max(ballast.parameters - around, 2)
    return {"settings": {"content": make_payload(ballast.payload, size, f"{workload.seed} settings")}}

"""What the scenarios have in common: their knobs, and how a knob becomes a part of a workload."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from attune_sim.actions.payload import check_shape
from attune_sim.errors import InputError
from attune_sim.runspec import History
from attune_sim.scenarios.contents import Ballast
from attune_sim.scenarios.counts import positive
from attune_sim.scenarios.data import data_path
from attune_sim.scenarios.origin import with_concurrency
from attune_sim.scenarios.payload import make_payload, make_variables
from attune_sim.scenarios.workload import Workload
from attune_sim.workflow import Workflow


def catalogued(
    name: str,
    knob: str,
    items: int,
    ballast: Ballast,
    history: History | Mapping[str, Any] | int | None,
    concurrency: int | None,
    seed: int,
) -> Workload:
    """A workload over the workflow of this name. `knob` counts its items: a knob, and a parameter of the workflow."""
    return Workload(
        name=name,
        workflow=_workflow(name, concurrency),
        items=positive(knob, items),
        seed=seed,
        history=history_of(history, ballast.payload),
        make_parameters=partial(_parameters, knob),
        make_variables=_variables,
        adopt=partial(_adopt_size, knob),
        scenario=name,
        knob=knob,
        ballast=ballast,
    )


def _workflow(name: str, concurrency: int | None) -> Workflow:
    # Not above: a cell gets its workflow as it is, and needs what else is here.
    from attune_sim.loader import load

    workflow = load(data_path(f"workflows/{name}.yaml"))
    return workflow if concurrency is None else with_concurrency(workflow, concurrency)


def history_of(history: History | Mapping[str, Any] | int | None, payload: str) -> History:
    """The knob `history`: a `History`, its fields as a map, a number of tasks of 10 KB, or None for 100 of them."""
    check_shape(payload)
    if isinstance(history, Mapping):
        keys = ", ".join(map(str, history))
        try:
            history = History(**{"payload": payload, **history})
        except TypeError:
            raise InputError(f"history has the keys tasks, bytes_each, payload, not {keys}") from None
    elif not isinstance(history, History):
        tasks = {} if history is None else {"tasks": positive("history", history)}
        history = History(payload=payload, **tasks)
    positive("history tasks", history.tasks)
    positive("history bytes_each", history.bytes_each)
    check_shape(history.payload)
    return history


def _parameters(knob: str, workload: Workload) -> dict[str, Any]:
    """Its size, and `settings` that no item reads where the ballast has some."""
    if (wanted := workload.ballast.parameters) == 0:
        return {knob: workload.items}
    size = max(wanted - len('{"content":}'), 2)
    content = make_payload(workload.ballast.payload, size, f"{workload.seed} settings")
    return {knob: workload.items, "settings": {"content": content}}


def _variables(workload: Workload) -> dict[str, Any]:
    return make_variables(workload.ballast.variables, workload.ballast.payload, workload.seed)


def _adopt_size(knob: str, workload: Workload, given: Mapping[str, Any]) -> Workload:
    """The workload in the size that a parameter of the user's asks for."""
    return workload.sized(items=positive(knob, given[knob])) if knob in given else workload

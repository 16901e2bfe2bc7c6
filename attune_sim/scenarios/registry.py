"""The scenarios, and a workload from whatever a user has at hand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final, cast

from attune_sim.errors import InputError, ParametersError, UnknownNameError
from attune_sim.loader import load
from attune_sim.parameters import unknown_parameters
from attune_sim.runspec import History
from attune_sim.scenarios.named import NAMES, Scenarios
from attune_sim.scenarios.user import user_workload
from attune_sim.scenarios.workload import Workload
from attune_sim.workflow import Workflow

Scenario = Callable[..., Workload]

scenarios: Final = cast("Scenarios", sys.modules["attune_sim.scenarios"])
"""The scenarios by attribute, by name, and in order; see `attune_sim.scenarios.named.Scenarios`."""


def workload_of(
    source: Workload | Scenario | Workflow | str | PathLike[str],
    *,
    actions: Mapping[str, Callable[..., Any]] | str | PathLike[str] | None = None,
    script: Mapping[str, Any] | str | PathLike[str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    workflows: tuple[Workflow, ...] = (),
    items: int | None = None,
    history: History | None = None,
    context_bytes: int | None = None,
    concurrency: int | None = None,
    seed: int | None = None,
) -> Workload:
    """A workload from a workload, a scenario or its name, a workflow, a path, or YAML text (a str with a line break).

    `actions` (a mapping or a FILE.py) and `script` (results instead of code) belong to a user's own workflow; `actions`
    may also replace those of a scenario. `parameters` win over the workload's own. `items` is the size of the main
    fan-out, that of the last `with_items`: `range(parameters.NAME)` sets that parameter, and a list in the parameters, in the
    script, or in what is recorded of an action is repeated in order; nothing else can be set. `history`, `context_bytes` and
    `concurrency` are those of `Workload.sized`.

    Raises:
        UnknownNameError: a name that is neither a scenario nor a file.
        WorkflowError, ScriptError, InputError: what is wrong with the workflow, the script, the actions.
        ParametersError: a scenario declares no such parameter.

    >>> workload = workload_of("baseline", items=50)
    >>> workload.items, workload.sized(items=200).items
    (50, 200)
    """
    chosen = _resolved(source)
    sizes: dict[str, Any] = {"history": history, "context_bytes": context_bytes, "concurrency": concurrency}
    if isinstance(chosen, Workflow):
        workload = user_workload(
            chosen, actions=actions, script=script, parameters=parameters, workflows=workflows, seed=seed or 0
        )
        return workload.sized(items=items, **sizes)
    if script is not None:
        reason = "brings its own results; a script belongs to a workflow file"
        raise InputError(f"scenario {chosen.name!r} {reason}")
    if chosen.scenario is not None:
        _require_declared(chosen, parameters or {})
    return chosen.with_own(actions, parameters, workflows).sized(items=items, seed=seed, **sizes)


def _require_declared(scenario: Workload, given: Mapping[str, Any]) -> None:
    """Nobody added anything to a scenario that could read a parameter which it does not declare."""
    schema = scenario.workflow.parameters
    if problems := unknown_parameters(schema, given, f"scenario {scenario.name}"):
        raise ParametersError(problems)


def _resolved(source: Workload | Scenario | Workflow | str | PathLike[str]) -> Workload | Workflow:
    if isinstance(source, Workload | Workflow):
        return source
    if callable(source):
        return source()
    if isinstance(source, str) and source in scenarios:
        return scenarios[source]()
    if isinstance(source, str) and "\n" not in source and not _is_path(source):
        raise UnknownNameError("scenario or workflow file", source, NAMES)
    if not isinstance(source, str | PathLike):
        raise InputError(f"a workload is a scenario, a workflow or a path, not a {type(source).__name__}")
    return load(source)


def _is_path(text: str) -> bool:
    return text.endswith((".yaml", ".yml")) or "/" in text or Path(text).exists()

"""Fan-outs too large for their results to come home: what a user says of them, checked before anything runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path

from attune_sim.engine.tally import COUNTS
from attune_sim.errors import InputError, UnknownNameError
from attune_sim.kept import is_used
from attune_sim.scope import ContextPath
from attune_sim.slimming.dataflow import read_paths, uses_of
from attune_sim.workflow import Task, Workflow

Results = Mapping[str, str | PathLike[str]]
"""Task -> `counts`, or the folder in which the results of its items stay."""

_PLACES = (("results",), ("output", "results"), ("result", "results"))


def checked_results(
    results: Results | None, workflow: Workflow, workflows: Iterable[Workflow] = ()
) -> dict[str, str]:
    """What becomes of the results of large fan-outs, by task, folders as absolute paths; `workflows` are sub-workflows.

    Raises `InputError` for a task that is no fan-out, one whose results something reads, and a folder that holds results.
    """
    if results is None:
        return {}
    if not isinstance(results, Mapping):
        raise InputError(f"results must map tasks to 'counts' or a folder, not be a {type(results).__name__}")
    tasks = {task.name: task for task in workflow.walk()}
    called = {each.name for each in workflows}
    for name in results:
        if name not in tasks:
            raise UnknownNameError("task", str(name), tasks)
        _require_fan_out(tasks[name], called)
        _require_unread(workflow, name)
    return {name: _place(name, where) for name, where in results.items()}


def _require_fan_out(task: Task, called: set[str]) -> None:
    if task.with_items is None or task.type == "parallel":
        raise InputError(f"results: task {task.name!r} has no with_items, and one result only; leave it out")
    if task.action in called:
        raise InputError(
            f"results: task {task.name!r} calls the sub-workflow {task.action!r}, whose results are made at home; leave it out"
        )


def _require_unread(workflow: Workflow, name: str) -> None:
    """Nothing that is written in the workflow may read what will not be there."""
    found = next(
        (reading for reading, path in uses_of(workflow)[name] if _is_of_results(path)),
        None,
    )
    paths = read_paths(workflow)[name] or ()
    if found is None and not any(map(_is_of_results, paths)):
        return
    where = (
        "something" if found is None else f"task {found.task!r}, {found.field}" if found.task else found.field
    )
    raise InputError(
        f"results: {where} reads the results of task {name!r}, which will not be at home; let it read total, succeeded, failed or "
        f"failed_items, hand the whole result to an action that reads what is kept, or leave {name!r} out"
    )


def _is_of_results(path: ContextPath) -> bool:
    return any(path[: len(place)] == place for place in _PLACES)


def _place(name: str, where: str | PathLike[str]) -> str:
    if where == COUNTS:
        return COUNTS
    if not isinstance(where, str | PathLike) or not os.fspath(where):
        raise InputError(f"results: of task {name!r} they are 'counts' or stay in a folder, not {where!r}")
    folder = Path(where).absolute()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is no folder; give another one for the results of task {name!r}")
    if is_used(folder):
        raise InputError(
            f"{folder}: holds the results of a run already; give another folder, or take them away"
        )
    return str(folder)

"""Whether the tasks of a workflow fit the actions and sub-workflows that they name: names, signatures, required inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from attune_sim.errors import Problem, action_hint, did_you_mean
from attune_sim.parameters import declared_names, fill_defaults, json_schema
from attune_sim.workflow import Task, Workflow

_NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def unfit_tasks(
    workflow: Workflow, actions: Mapping[str, Callable[..., Any]], called: Iterable[Workflow] = ()
) -> Iterator[Problem]:
    """What keeps tasks from being performed by `actions` and by the workflows that they may call, in file order.

    Only names are looked at: what an input will hold is not known before a run. A task without input is handed the
    parameters of the workflow, of which those that are declared may be there.

    >>> from attune_sim.loader import load
    >>> workflow = load("version: 1\\ntasks: [{name: a, action: demo.find, input: {regoin: eu}}]")
    >>> [problem.kind for problem in unfit_tasks(workflow, {"demo.find": lambda region: None})]
    ['unknown_input', 'missing_input']
    """
    workflows = {each.name: each for each in called}
    for task in workflow.walk():
        if task.type == "parallel" or (task.type == "workflow" and task.action not in workflows):
            continue
        ref = task.action or ""
        if ref in workflows:
            yield from _unfit(task, workflow, *_declared(workflows[ref].parameters))
        elif ref in actions:
            yield from _unfit(task, workflow, *_signature(actions[ref]))
        else:
            hint = action_hint(ref, [*actions, *workflows])
            hint = hint or "define it in the FILE.py of your actions, or give a sub-workflow with --workflows"
            yield _problem(task, workflow, "unknown_action", "there is no action", ref, hint, "action")


def _unfit(task: Task, workflow: Workflow, known: list[str] | None, required: list[str]) -> Iterator[Problem]:
    """Inputs that are too many (`known` None: none can be), and those that are missing."""
    takes = f"{task.action} takes: {', '.join(known or []) or 'nothing'}"
    for name in task.input if known is not None else ():
        if name not in (known or ()):
            hint = did_you_mean(name, known or ()) or takes
            message = f"{task.action} takes no input"
            yield _problem(task, workflow, "unknown_input", message, name, hint, f"input.{name}", "input")
    given = task.input or dict.fromkeys(declared_names(workflow.parameters))
    for name in required:
        if name not in given:
            message = f"{task.action} needs an input"
            yield _problem(
                task,
                workflow,
                "missing_input",
                message,
                name,
                f"write input: {{{name}: ...}}",
                "input",
                "action",
            )


def _signature(action: Callable[..., Any]) -> tuple[list[str] | None, list[str]]:
    """The inputs that a callable takes, None for any, and those that it needs."""
    try:
        parameters = inspect.signature(action).parameters.values()
    except (TypeError, ValueError):  # a callable that does not tell
        return None, []
    named = [each for each in parameters if each.kind in _NAMED]
    is_open = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters)
    required = [each.name for each in named if each.default is inspect.Parameter.empty]
    return None if is_open else [each.name for each in named], required


def _declared(schema: Any) -> tuple[list[str] | None, list[str]]:
    """The parameters of a sub-workflow, and those that it needs; one that declares none may take any."""
    filled = fill_defaults(schema, {})
    required = [str(name) for name in json_schema(schema).get("required", ()) if name not in filled]
    return declared_names(schema) or None, required


def _problem(
    task: Task, workflow: Workflow, kind: str, message: str, text: str, hint: str, *fields: str
) -> Problem:
    line, column = next((task.lines[field] for field in fields if field in task.lines), (None, None))
    return Problem(kind, f"task {task.name!r}: {message}", workflow.source or None, line, column, text, hint)

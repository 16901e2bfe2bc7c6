"""A user's own workflow as a workload: real functions, or a script of results in place of any code."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from os import PathLike
from typing import Any

from attune_sim.actions.payload import check_payload, memory_of, require_memory
from attune_sim.actions.registry import actions_of
from attune_sim.actions.script import Script, described_length, is_described, measures
from attune_sim.actions.synthetic import Scripted
from attune_sim.errors import InputError, ScriptError, did_you_mean
from attune_sim.runspec import History
from attune_sim.scenarios.origin import origin_of
from attune_sim.scenarios.workload import UserFile, Workload
from attune_sim.workflow import Task, Workflow


def user_workload(
    workflow: Workflow,
    *,
    actions: Mapping[str, Callable[..., Any]] | str | PathLike[str] | None = None,
    script: Mapping[str, Any] | str | PathLike[str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    workflows: tuple[Workflow, ...] = (),
    seed: int = 0,
) -> Workload:
    """A workload without history of its own: what its tasks leave in the context is what there is.

    Tasks that the script names answer from it, the others call their action. `items` is the length of the list that the
    main fan-out reads, where script or parameters say it, else 0, which means unknown.
    """
    read = None if script is None else Script.read(script)
    if read is not None:
        workflows = (*workflows, *read.workflows())
        _require_tasks(read, (workflow, *workflows))
    given = {**(read.parameters if read else {}), **(parameters or {})}
    workload = Workload(
        name=workflow.name,
        workflow=workflow,
        items=0,
        seed=seed,
        history=History(tasks=0),
        make_parameters=_parameters,
        workflows=workflows,
        user=UserFile(workflow, given, actions_of(actions), read),
        resize=_resized,
        adopt=_adopted,
    )
    return workload.sized(items=_items(workload))


def _require_tasks(script: Script, workflows: tuple[Workflow, ...]) -> None:
    known = [task.name for workflow in workflows for task in workflow.walk()]
    for name in script.tasks:
        if name not in known:
            place = f"{script.source or 'script'}: actions"
            hint = did_you_mean(name, known) or f"there are: {', '.join(known)}"
            raise ScriptError(f"{place}: no task {name!r} in {workflows[0].name} ({hint})")


def _user(workload: Workload) -> UserFile:
    assert workload.user is not None, "only a user's own workflow comes here"
    return workload.user


def _parameters(workload: Workload) -> Mapping[str, Any]:
    given = _given(workload)
    root, path = _origin(workload)
    return _lengthened(given, path, workload.items) if root == "parameters" else given


def _adopted(workload: Workload, given: Mapping[str, Any]) -> Workload:
    """As large as the list among the parameters, where it is given anew."""
    root, path = _origin(workload)
    is_given = root == "parameters" and path[0] in given
    return replace(workload, items=_items(workload)) if is_given else workload


def _resized(workload: Workload) -> Workload:
    if workload.items and not _items(workload):
        raise InputError(
            f"items: the size of {workload.name!r}, fan-out {workload.fan_out!r}, cannot be set: {_why_unsizable(workload)}"
        )
    user = _user(workload)
    actions, definition = user.actions, user.definition
    estimated = _synthetic(workload.history)
    if user.script is None:
        return replace(workload, real=actions, assumed=estimated)
    sized = _sized_script(workload, user.script)
    for _, described in sized.payloads():
        check_payload(*measures(described))
    known = {*actions, *(child.ref for child in workload.workflows)}
    workflow, answers = scripted_workflow(definition, sized, known, workload.seed)
    assumed = sized.assumed + silent(definition, sized, known) + estimated
    return replace(workload, workflow=workflow, script=sized, replay=answers, real=actions, assumed=assumed)


def _synthetic(history: History) -> tuple[str, ...]:
    """A user's workflow has no history of its own: what one is given was not left by any task."""
    size = history.context_bytes
    return (f"estimated: {size:,} bytes of synthetic finished results",) if size else ()


def scripted_workflow(
    workflow: Workflow, script: Script, known: Collection[str], seed: int = 0
) -> tuple[Workflow, dict[str, Callable[..., Any]]]:
    """The workflow with an action of its own for every task that the script answers, and these actions.

    Those are the tasks that it names, and those whose action is not `known`. Two tasks of one action may so answer
    differently.
    """
    answers: dict[str, Callable[..., Any]] = {}

    def answered(task: Task) -> Task:
        if not _is_answered(task, script, known):
            return task
        ref = f"scripted.{task.name}"
        answers[ref] = Scripted(task.name, script, seed)
        return replace(task, action=ref)

    return workflow.changed(answered), answers


def _is_answered(task: Task, script: Script, known: Collection[str]) -> bool:
    return task.type != "parallel" and (task.name in script.tasks or task.action not in known)


def silent(workflow: Workflow, script: Script, known: Collection[str]) -> tuple[str, ...]:
    """A line for each task that the script does not name: its action is called if it is `known`, else `{}` is assumed."""
    return tuple(
        f"{task.name}: not in the script, action {task.action!r} was called"
        if task.action in known
        else f"{task.name}: not in the script and no action {task.action!r}, the result {{}} was assumed"
        for task in workflow.walk()
        if task.type != "parallel" and task.name not in script.tasks
    )


# -- the size of the main fan-out ----------------------------------------------------------------------------------


def _origin(workload: Workload) -> tuple[str, tuple[str, ...]]:
    """Where the items of the main fan-out come from: `parameters` or the name of a task, and the path below it."""
    origin = origin_of(_user(workload).definition)
    return origin.root, origin.path


def _why_unsizable(workload: Workload) -> str:
    """Why the size of the main fan-out cannot be chosen, and what to give so that it can."""
    origin, script = origin_of(_user(workload).definition), _user(workload).script
    place = ".".join((origin.root, *origin.path))
    if not origin.root:
        return f"{origin.why}; let it read a list of a parameter or of a task's result"
    if origin.root == "parameters":
        return (
            f"its items are {place}, and no list is given there; give one as a parameter (--param, --params)"
        )
    if script is None or origin.root not in script.tasks:
        return f"its items are what task {origin.root!r} gives (task.{place}); give that in a script (script=, --script)"
    return f"its items are task.{place}, and the script's answer of task {origin.root!r} has no list there"


def _given(workload: Workload) -> Mapping[str, Any]:
    """The parameters that were given, and the default of the one that the items come from."""
    user, (root, path) = _user(workload), _origin(workload)
    if root != "parameters" or path[0] in user.given:
        return user.given
    default = _at(user.definition.parameters, (path[0], "default"))
    return user.given if default is None else {**user.given, path[0]: default}


def _items(workload: Workload) -> int:
    items = _list_at(workload)
    if is_described(items):
        return described_length(items)
    return len(items) if isinstance(items, list | tuple) else 0


def _list_at(workload: Workload) -> Any:
    root, path = _origin(workload)
    script = _user(workload).script
    if root == "parameters":
        return _at(_given(workload), path)
    if script is None or root not in script.tasks:
        return None
    result = script.answer(root, call=0).result
    return _at(result, _below(result, path))


def _below(result: Any, path: tuple[str, ...]) -> tuple[str, ...]:
    """The path without a leading `output` or `result`, which both mean the result itself unless it has such a key."""
    if path and path[0] in ("output", "result") and not (isinstance(result, Mapping) and path[0] in result):
        return path[1:]
    return path


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _sized_script(workload: Workload, script: Script) -> Script:
    root, path = _origin(workload)
    if root not in script.tasks:
        return script
    entries = tuple(
        replace(entry, result=_lengthened(entry.result, _below(entry.result, path), workload.items))
        for entry in script.tasks[root]
    )
    return replace(script, tasks={**script.tasks, root: entries})


def _lengthened(value: Any, path: tuple[str, ...], count: int) -> Any:
    """`value` with the list at `path` cut or repeated to `count` entries, nothing shared among them.

    A described payload keeps the bytes of each entry. What is no list there stays as it is.
    """
    if path:
        if not isinstance(value, Mapping) or path[0] not in value:
            return value
        return {**value, path[0]: _lengthened(value[path[0]], path[1:], count)}
    if is_described(value) and (before := described_length(value)) not in (0, count):
        _, bytes, _ = measures(value)
        return {**value, "count": count, "bytes": max(2, round(bytes / before * count))}
    if isinstance(value, list) and value and len(value) != count:
        each = len(json.dumps(value, default=str, skipkeys=True)) / len(value)
        require_memory(f"a list of {count:,} items", memory_of("records", round(each * count)))
        return [copy.deepcopy(value[n % len(value)]) for n in range(count)]
    return value

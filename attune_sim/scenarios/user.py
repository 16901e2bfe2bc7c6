"""A user's own workflow as a workload: real functions, or a script of results in place of any code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from os import PathLike
from typing import Any

from attune_sim.actions.payload import check_payload
from attune_sim.actions.registry import actions_of
from attune_sim.actions.script import Script, measures
from attune_sim.actions.synthetic import Scripted
from attune_sim.errors import ScriptError, did_you_mean
from attune_sim.runspec import History
from attune_sim.scenarios.sizing import Sizing
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
    return workload.sized(items=Sizing(workload).natural)


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
    return Sizing(workload).parameters()


def _adopted(workload: Workload, given: Mapping[str, Any]) -> Workload:
    """As large as the parameters say, where those that say it are given anew."""
    sizing = Sizing(workload)
    is_given = sizing.origin.root == "parameters" and sizing.origin.path[0] in given
    return replace(workload, items=sizing.natural) if is_given else workload


def _resized(workload: Workload) -> Workload:
    user, sizing = _user(workload), Sizing(workload)
    workload = replace(workload, real=user.actions, repeat=sizing.repeat(), natural=sizing.natural)
    estimated = _synthetic(workload.history)
    if user.script is None:
        return replace(workload, assumed=estimated)
    sized = sizing.script(user.script)
    for _, described in sized.payloads():
        check_payload(*measures(described))
    known = {*user.actions, *(child.ref for child in workload.workflows)}
    workflow, answers = scripted_workflow(user.definition, sized, known, workload.seed)
    assumed = sized.assumed + silent(user.definition, sized, known) + sizing.assumed + estimated
    return replace(workload, workflow=workflow, script=sized, replay=answers, assumed=assumed)


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

"""Orquesta, StackStorm's engine, driven through its conductor: a finished task that published C, then `with: items`.

`concurrency_10` asks for the next tasks after each ten items, as its loop has to; `unlimited` asks once.
"""

from __future__ import annotations

from typing import Any

import yaml
from measure import FanOut, Results, action, serve
from orquesta import conducting, events, statuses
from orquesta.specs import native

WORKFLOW = """
version: 1.0
input: [parameters, variables, items]
tasks:
  history:
    action: core.noop
    next:
      - when: "{{ succeeded() }}"
        publish:
          - tasks: "{{ result() }}"
        do: each
  each:
    with:
      items: "{{ ctx('items') }}"
    action: core.noop
    input:
      endpoint: "{{ item().health_endpoint }}"
"""


def prepare(variant: str, context: dict[str, Any], items: list[dict[str, Any]]) -> FanOut:
    definition = yaml.safe_load(WORKFLOW)
    if variant == "concurrency_10":
        definition["tasks"]["each"]["with"]["concurrency"] = 10
    spec = native.WorkflowSpec(definition)
    problems = spec.inspect()
    if problems:
        raise ValueError(problems)
    inputs = {"parameters": context["parameters"], "variables": context["variables"], "items": items}
    conductor = conducting.WorkflowConductor(spec, inputs=inputs)
    conductor.request_workflow_status(statuses.RUNNING)
    (history,) = conductor.get_next_tasks()
    for event in (
        events.ActionExecutionEvent(statuses.RUNNING),
        events.ActionExecutionEvent(statuses.SUCCEEDED, result=context["tasks"]),
    ):
        conductor.update_task_state(history["id"], history["route"], event)
    return lambda: fan_out(conductor, len(items))


def fan_out(conductor: conducting.WorkflowConductor, count: int) -> Results:
    results: list[Any] = [None] * count
    done = 0
    while done < count:
        (task,) = conductor.get_next_tasks()
        for planned in task["actions"]:
            started(conductor, task, planned["item_id"])
        for planned in task["actions"]:
            results[planned["item_id"]] = action(planned["input"]["endpoint"])
            ended(conductor, task, planned["item_id"], results)
            done += 1
    if conductor.get_workflow_status() != statuses.SUCCEEDED:
        raise ValueError(conductor.errors)
    return results


def started(conductor: conducting.WorkflowConductor, task: dict[str, Any], item: int) -> None:
    event = events.TaskItemActionExecutionEvent(item, statuses.RUNNING)
    conductor.update_task_state(task["id"], task["route"], event)


def ended(conductor: conducting.WorkflowConductor, task: dict[str, Any], item: int, results: Results) -> None:
    event = events.TaskItemActionExecutionEvent(
        item, statuses.SUCCEEDED, result=results[item], accumulated_result=results
    )
    conductor.update_task_state(task["id"], task["route"], event)


if __name__ == "__main__":
    serve(prepare, ("orquesta", "ujson", "jinja2"))

"""What may follow what in a workflow, as rows of a frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attune_sim.workflow import Task, Workflow


def graph_rows(workflow: Workflow) -> Iterator[dict[str, Any]]:
    """A row a transition and target, in the order of the file; see `attune_sim.frame.graph_frame`."""
    for task in workflow.walk():
        facts = {"task": task.name, "with_items": task.with_items is not None, "join": task.join is not None}
        rows = [{**facts, **row} for row in _rows(task)]
        yield from rows or [{**facts, "to": None, "kind": "", "when": ""}]


def _rows(task: Task) -> Iterator[dict[str, Any]]:
    for part in task.tasks:
        yield {"to": part.name, "kind": "part", "when": ""}
    for transition in task.next:
        for target in transition.do or ():
            yield {"to": target, "kind": transition.kind, "when": transition.condition or ""}

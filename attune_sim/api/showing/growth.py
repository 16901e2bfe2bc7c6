"""How the context of a workflow grows along it: what each task reads of it, what it leaves in it, and how large it then is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from attune_sim.actions.script import Script, is_described, measures
from attune_sim.canonical import as_json
from attune_sim.paths import spelled
from attune_sim.scope import ContextPath
from attune_sim.slimming.readings import RESULT, readings
from attune_sim.workflow import Task, Workflow


@dataclass(frozen=True, slots=True)
class Stage:
    """A task, and the context after it.

    `reads` are paths (None: everything), `publishes` variables. `added` is what its result adds in bytes of JSON, `after` all that there
    is then, both None where nothing tells how large the result is; with `at_least` parts of it are not known.
    """

    task: str
    reads: tuple[str, ...] | None
    publishes: tuple[str, ...]
    added: int | None
    after: int | None
    at_least: bool


def stages(
    workflow: Workflow, before: int | None = None, sizes: Mapping[str, int] | None = None
) -> list[Stage]:
    """A stage a task, in the order of the file.

    `before` are bytes before the first task (None: those of the workflow's own variables and defaults), `sizes` those of results by task, as
    far as somebody knows them. Tasks are taken to run once each, in that order: what a condition leaves out is less.
    """
    read = _reads(workflow)
    known = sizes or {}
    total, whole = _begins(workflow) if before is None else before, True
    found = []
    for task in workflow.walk():
        size = known.get(task.name)
        whole = whole and size is not None
        total += size or 0
        after = total if known else None
        found.append(Stage(task.name, read[task.name], _publishes(task), size, after, not whole))
    return found


def scripted_sizes(workflow: Workflow, script: Script, items: int) -> dict[str, int]:
    """Task -> bytes of JSON of the result that a script gives it; of a fan-out, `items` times that of one item.

    Estimated: each is that of the first answer of a task. What is described and not given is counted, and never made.
    """
    found = {}
    for task in workflow.walk():
        answers = script.tasks.get(task.name, ())
        size = _bytes(answers[0].result if answers else {})
        found[task.name] = size * items if task.with_items is not None else size
    return found


def _bytes(result: Any) -> int:
    described: list[int] = []

    def bare(value: Any) -> Any:
        if is_described(value):
            described.append(measures(value)[1])
            return None
        if isinstance(value, Mapping):
            return {key: bare(part) for key, part in value.items()}
        return [bare(part) for part in value] if isinstance(value, list | tuple) else value

    return len(as_json(bare(result))) + sum(size - len("null") for size in described)


def _begins(workflow: Workflow) -> int:
    return len(as_json(workflow.vars)) if workflow.vars else 0


def _reads(workflow: Workflow) -> Mapping[str, tuple[str, ...] | None]:
    paths: dict[str, set[ContextPath] | None] = {task.name: set() for task in workflow.walk()}
    for reading in readings(workflow):
        if reading.task is None:  # the output map, which is read when all is over
            continue
        known = paths[reading.task]
        if reading.paths is None or known is None:
            paths[reading.task] = None
        else:
            own = reading.last == (reading.task,)  # its own result, which it has at hand
            known.update(path for path in reading.paths if not (own and path[:1] == (RESULT,)))
    return {name: None if known is None else tuple(sorted(_spelled(known))) for name, known in paths.items()}


def _spelled(paths: Iterable[ContextPath]) -> Iterator[str]:
    return (spelled(path) for path in paths if path and path[0] != "index")


def _publishes(task: Task) -> tuple[str, ...]:
    names = (
        name
        for step in task.next
        for published in step.publish
        for name in ([published] if isinstance(published, str) else published)
    )
    return tuple(dict.fromkeys(names))

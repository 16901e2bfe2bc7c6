"""Validated fields -> the frozen Workflow, legacy forms turned into transitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from attune_sim.loader.document import Document
from attune_sim.loader.fields import LEGACY_CONDITIONS, Fields, TaskFields, WorkflowFields
from attune_sim.loader.findings import Findings, place_of
from attune_sim.loader.tree import Branch, Node
from attune_sim.paths import Path, below
from attune_sim.workflow import SUCCEEDED, Retry, Task, Transition, Workflow

T = TypeVar("T", Workflow, Task, Transition, Retry)


def build_workflow(fields: WorkflowFields, document: Document, findings: Findings) -> Workflow:
    """The definition that the validated `fields` describe."""
    return _made(
        Workflow,
        fields,
        tasks=_tasks(fields.tasks, document, ("tasks",)),
        tags=tuple(fields.tags),
        listed_order=document.seed,
        source=findings.source.file or "",
        digest=findings.source.digest,
        warnings=findings.warnings,
    )


def _made(definition: type[T], fields: Fields, **others: Any) -> T:
    """A definition with the values of the fields that it has too, and with `others`."""
    known = definition.__dataclass_fields__
    return definition(**{name: value for name, value in vars(fields).items() if name in known} | others)


def _tasks(tasks: list[TaskFields], document: Document, path: Path) -> tuple[Task, ...]:
    return tuple(_task(task, document, (*path, number)) for number, task in enumerate(tasks))


def _task(fields: TaskFields, document: Document, path: Path) -> Task:
    return _made(
        Task,
        fields,
        next=tuple(_transitions(fields)),
        retry=fields.retry and _made(Retry, fields.retry),
        tasks=_tasks(fields.tasks, document, (*path, "tasks")),
        lines=dict(_lines(document.value_node(path))),
    )


def _transitions(fields: TaskFields) -> list[Transition]:
    """The transitions of a task: its `next`, or else what its legacy fields stand for."""
    if fields.next:
        return [
            _made(
                Transition, step, publish=tuple(step.publish), do=None if step.do is None else tuple(step.do)
            )
            for step in fields.next
        ]
    targets = ((getattr(fields, field), condition) for field, condition in LEGACY_CONDITIONS.items())
    legacy = [Transition(when=condition, do=(target,)) for target, condition in targets if target is not None]
    legacy += [_made(Transition, branch, do=(branch.next,), decision=True) for branch in fields.decision]
    return _published(legacy, tuple(fields.publish)) if fields.publish else legacy


def _published(
    transitions: list[Transition], publish: tuple[Mapping[str, Any] | str, ...]
) -> list[Transition]:
    """Task-level `publish` goes to the first transition on success, else to the first, else to one of its own."""
    if not transitions:
        transitions = [Transition(when=LEGACY_CONDITIONS["on_success"])]
    chosen = next((n for n, each in enumerate(transitions) if SUCCEEDED in (each.when or "")), 0)
    transitions[chosen] = replace(transitions[chosen], publish=publish)
    return transitions


def _lines(node: Node) -> Iterator[tuple[str, tuple[int, int]]]:
    if not isinstance(node, Branch):
        return
    for key, value in node.pairs():
        if not isinstance(key, Branch):
            name = key.value.replace("-", "_")
            yield name, place_of(value)
            if name not in ("tasks", "__chart_meta__"):
                yield from _inner_lines(value, name)


def _inner_lines(node: Node, path: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Places of what a message may speak of: strings that hold a template, and entries of `next`."""
    if not isinstance(node, Branch):
        if "{{" in node.value:
            yield path, place_of(node)
    elif node.is_map:
        for key, value in node.pairs():
            if not isinstance(key, Branch):
                yield from _inner_lines(value, below(path, key.value))
    else:
        for number, value in enumerate(node.nodes):
            yield from _inner_lines(value, below(path, number))

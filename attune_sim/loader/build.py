"""Validated fields -> the frozen Workflow, legacy forms turned into transitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from attune_sim.errors import Problem
from attune_sim.loader.document import Document
from attune_sim.loader.fields import (
    LEGACY_CONDITIONS,
    RetryFields,
    TaskFields,
    TransitionFields,
    WorkflowFields,
)
from attune_sim.loader.findings import place_of
from attune_sim.loader.source import Source
from attune_sim.loader.tree import Branch, Node
from attune_sim.paths import Path, below
from attune_sim.workflow import SUCCEEDED, Retry, Task, Transition, Workflow


def build_workflow(
    fields: WorkflowFields, document: Document, source: Source, warnings: tuple[Problem, ...]
) -> Workflow:
    """The definition that the validated `fields` describe."""
    return Workflow(
        tasks=_tasks(fields.tasks, document, ("tasks",)),
        ref=fields.ref,
        label=fields.label,
        version=fields.version,
        description=fields.description,
        parameters=fields.parameters,
        output=fields.output,
        vars=fields.vars,
        output_map=fields.output_map,
        tags=tuple(fields.tags),
        cancellation_policy=fields.cancellation_policy,
        listed_order=document.seed,
        source=source.file or "",
        digest=source.digest,
        warnings=warnings,
    )


def _tasks(tasks: list[TaskFields], document: Document, path: Path) -> tuple[Task, ...]:
    return tuple(_task(task, document, (*path, number)) for number, task in enumerate(tasks))


def _task(fields: TaskFields, document: Document, path: Path) -> Task:
    return Task(
        name=fields.name,
        type=fields.type,
        action=fields.action,
        input=fields.input,
        next=transitions_of(fields),
        when=fields.when,
        with_items=fields.with_items,
        batch_size=fields.batch_size,
        concurrency=fields.concurrency,
        retry=None if fields.retry is None else _retry(fields.retry),
        timeout=fields.timeout,
        join=fields.join,
        tasks=_tasks(fields.tasks, document, (*path, "tasks")),
        lines=dict(_lines(document.value_node(path))),
    )


def _retry(fields: RetryFields) -> Retry:
    return Retry(**fields.model_dump())


def transitions_of(fields: TaskFields) -> tuple[Transition, ...]:
    """The transitions of a task: its `next`, or else what its legacy fields stand for."""
    if fields.next:
        return tuple(_transition(transition) for transition in fields.next)
    found = [
        Transition(when=condition, do=(target,))
        for field, condition in LEGACY_CONDITIONS.items()
        if (target := getattr(fields, field)) is not None
    ]
    found += [
        Transition(when=branch.when, do=(branch.next,), default=branch.default, decision=True)
        for branch in fields.decision
    ]
    return tuple(_published(found, tuple(fields.publish)) if fields.publish else found)


def _transition(fields: TransitionFields) -> Transition:
    do = None if fields.do is None else tuple(fields.do)
    return Transition(when=fields.when, publish=tuple(fields.publish), do=do)


def _published(
    transitions: list[Transition], publish: tuple[Mapping[str, Any] | str, ...]
) -> list[Transition]:
    """Task-level `publish` goes to the first transition on success, else to the first, else to one of its own."""
    if not transitions:
        transitions = [Transition(when="{{ succeeded() }}")]
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
